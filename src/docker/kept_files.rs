//! What the files in volumes say about the data in them. Volumes of redisctl 0.1 have no label that says it.

use std::collections::BTreeMap;

use bollard::Docker;
use bollard::models::{ContainerCreateBody, HostConfig, Mount, MountType, MountVolumeOptions};
use bollard::query_parameters::CreateContainerOptions;

use super::server_binary::first_bytes;
use super::{EngineError, container, labels};
use crate::topology::DeploymentName;
use crate::topology::kept_data::KeptFiles;
use crate::topology::server::DataFormat;

/// Where the volumes are mounted, each in a folder of its own.
const FOLDER: &str = "/kept";

/// Looks into volumes, through a container that never starts. It has the label of `deployment`: if this run is killed,
/// `down` removes it.
///
/// # Errors
/// The engine refuses the container.
pub(super) async fn look(
    docker: &Docker,
    image: &str,
    volumes: &[String],
    deployment: &DeploymentName,
) -> Result<Vec<KeptFiles>, EngineError> {
    let mounts = volumes.iter().enumerate().map(|(number, volume)| Mount {
        typ: Some(MountType::VOLUME),
        source: Some(volume.clone()),
        target: Some(format!("{FOLDER}/{number}")),
        read_only: Some(true),
        volume_options: Some(MountVolumeOptions { no_copy: Some(true), ..Default::default() }),
        ..Default::default()
    });
    let body = ContainerCreateBody {
        image: Some(image.to_owned()),
        entrypoint: Some(vec!["never-started".to_owned()]),
        labels: Some(labels::of_deployment(deployment, &BTreeMap::new(), false)),
        host_config: Some(HostConfig {
            network_mode: Some("none".to_owned()),
            mounts: Some(mounts.collect()),
            ..Default::default()
        }),
        ..Default::default()
    };
    let created = docker.create_container(None::<CreateContainerOptions>, body).await;
    let id = created.map_err(EngineError::call(format!("look into the volumes of `{deployment}`")))?.id;
    let mut found = Vec::new();
    for number in 0..volumes.len() {
        found.push(files_in(docker, &id, &format!("{FOLDER}/{number}")).await);
    }
    container::remove(docker, &id, &id).await?;
    Ok(found)
}

/// What the files in a server's folder say. The names are the servers' defaults.
async fn files_in(docker: &Docker, container: &str, folder: &str) -> KeptFiles {
    let read = async |file: &str| first_bytes(docker, container, &format!("{folder}/{file}")).await;
    let manifest = read("appendonlydir/appendonly.aof.manifest").await;
    let base = manifest.as_deref().and_then(base_file);
    // In the order in which a server with `appendonly yes` looks for them.
    let candidates = [base.map(|base| format!("appendonlydir/{base}")), Some("appendonly.aof".to_owned())];
    let mut format = None;
    for file in candidates.into_iter().flatten().chain(["dump.rdb".to_owned()]) {
        if let Some(beginning) = read(&file).await {
            format = DataFormat::of_file(&beginning);
            break;
        }
    }
    KeptFiles { format, is_of_cluster: read("nodes.conf").await.is_some() }
}

/// The file that a manifest names first: `file appendonly.aof.1.base.rdb seq 1 type b`.
fn base_file(manifest: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(manifest);
    let mut words = text.split_whitespace();
    let name = words.by_ref().find(|word| *word == "file").and_then(|_| words.next())?;
    (!name.contains('/')).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_names_its_base_file() {
        let manifest = b"file appendonly.aof.3.base.rdb seq 3 type b\nfile appendonly.aof.4.incr.aof seq";
        assert_eq!(base_file(manifest).as_deref(), Some("appendonly.aof.3.base.rdb"));
        assert_eq!(base_file(b"file ../x seq"), None);
        assert_eq!(base_file(b""), None);
    }
}
