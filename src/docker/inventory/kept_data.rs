//! The data that the volumes of a deployment keep.

use bollard::models::Volume;

use super::super::labels;
use crate::topology::DeploymentName;
use crate::topology::kept_data::{KeptData, record_volume};

/// Whether a volume holds the data of a node. The other volumes are shared by all nodes.
pub(super) fn keeps_data(volume: &Volume) -> bool {
    volume.labels.get(labels::KEEPS_DATA).is_some_and(|label| label == "yes")
}

/// The labels of a deployment's kept data: the record, otherwise the labels of all volumes. The record alone keeps no
/// data. A volume's label tells the number of shards when the volume was made; shards may have come later.
pub(super) fn kept_data(name: &DeploymentName, volumes: &[&Volume]) -> Vec<KeptData> {
    let record = record_volume(name);
    let volumes = || volumes.iter().filter(|volume| keeps_data(volume));
    if volumes().all(|volume| volume.name == record) {
        return Vec::new();
    }
    let read =
        |volume: &&&Volume| KeptData::from_label(volume.labels.get(labels::DATA_OF).map(String::as_str));
    if let Some(record) = volumes().find(|volume| volume.name == record) {
        return vec![read(&record)];
    }
    let kept: Vec<KeptData> = volumes().map(|volume| read(&volume)).collect();
    let shards = kept.iter().filter_map(|kept| kept.shards).max();
    kept.into_iter().map(|kept| KeptData { shards: kept.shards.and(shards), ..kept }).collect()
}

/// The data volumes of a deployment that no label describes: redisctl 0.1 made and kept them.
pub(super) fn unlabelled_data(name: &DeploymentName, volumes: &[&Volume]) -> Vec<String> {
    let record = record_volume(name);
    let has_label = |volume: &Volume| volume.labels.contains_key(labels::DATA_OF);
    if volumes.iter().any(|volume| volume.name == record && has_label(volume)) {
        return Vec::new();
    }
    let unlabelled = volumes.iter().filter(|volume| keeps_data(volume) && !has_label(volume));
    unlabelled.map(|volume| volume.name.clone()).collect()
}
