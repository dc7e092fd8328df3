//! Removes a deployment: its containers, its network and its volumes.

use bollard::Docker;
use futures_util::future::{join, join_all};

use super::inventory::Inventory;
use super::{EngineError, container, network, volume};
pub use crate::removed::Removed;
use crate::topology::DeploymentName;
use crate::topology::kept_data::record_volume;

/// Removes a deployment by its inventory; data volumes only with `with_data`.
///
/// # Errors
/// [`EngineError::NetworkInUse`] if a container outside the deployment is in the network. In this case, nothing is
/// removed. Otherwise the error of the first failed call, after all other calls were made.
pub async fn deployment(
    docker: &Docker,
    name: &DeploymentName,
    inventory: &Inventory,
    with_data: bool,
) -> Result<Removed, EngineError> {
    let guests = inventory.network.iter().flat_map(|network| network.guests.iter().cloned());
    let guests: Vec<String> = guests.collect();
    if !guests.is_empty() {
        return Err(EngineError::NetworkInUse { network: name.clone(), containers: guests });
    }
    // They are removed by id: other containers and networks may have their names by now.
    let containers = inventory
        .container_ids
        .iter()
        .map(|(name, id)| async move { container::remove(docker, id, name).await.map(|()| name.clone()) });
    let networks = inventory
        .network_ids
        .iter()
        .map(|id| async move { network::remove(docker, id, name).await.map(|()| name.to_string()) });
    // The record stays as long as the data that it describes.
    let (record, with_record) = (record_volume(name), inventory.kept_data.is_empty());
    let goes = |(volume, keeps_data): &(&String, &bool)| {
        with_data || !**keeps_data || (with_record && **volume == record)
    };
    let chosen = inventory.volumes.iter().filter(goes);
    let volumes =
        chosen.map(|(name, _)| async move { volume::remove(docker, name).await.map(|()| name.clone()) });

    let mut failures = Vec::new();
    let mut names = |results: Vec<Result<String, EngineError>>| -> Vec<String> {
        results.into_iter().filter_map(|result| result.map_err(|error| failures.push(error)).ok()).collect()
    };
    // The engine removes networks and volumes only after their containers.
    let containers = names(join_all(containers).await);
    let (networks, volumes) = join(join_all(networks), join_all(volumes)).await;
    let (networks, volumes) = (names(networks), names(volumes));
    let is_kept = |volume: &&String| !volumes.contains(volume) && **volume != record;
    let kept_volumes = inventory.volumes.keys().filter(is_kept).cloned().collect();
    match failures.into_iter().next() {
        Some(error) => Err(error),
        None => Ok(Removed { containers, networks, volumes, kept_volumes }),
    }
}
