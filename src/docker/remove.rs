//! Takes a deployment away: its containers, its network, its volumes, and nothing else.

use bollard::Docker;
use bollard::query_parameters::RemoveVolumeOptions;
use futures_util::future::join_all;
use serde::Serialize;

use super::error::is_not_found;
use super::snapshot::DeploymentParts;
use super::{EngineError, apply};
use crate::topology::DeploymentName;

/// What was removed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Removed {
    /// Containers by name.
    pub containers: Vec<String>,
    /// Networks by name.
    pub networks: Vec<String>,
    /// Volumes by name.
    pub volumes: Vec<String>,
    /// Volumes with data that were left, by name.
    pub kept_volumes: Vec<String>,
}

/// Removes what a snapshot shows of a deployment; volumes that keep data only with `with_data`.
///
/// # Errors
/// The first call that failed; everything else has been tried by then.
pub async fn deployment(
    docker: &Docker,
    name: &DeploymentName,
    parts: &DeploymentParts,
    with_data: bool,
) -> Result<Removed, EngineError> {
    let mut removed = Removed::default();
    let containers = parts
        .containers
        .keys()
        .map(|node| async move { apply::remove(docker, node.as_str()).await.map(|()| node.to_string()) });
    // All are tried before the first failure is reported: a half-removed deployment is no gain.
    let mut failure = None;
    let mut sort = |results: Vec<Result<String, EngineError>>| -> Vec<String> {
        let (done, failed): (Vec<_>, Vec<_>) = results.into_iter().partition(Result::is_ok);
        if failure.is_none() {
            failure = failed.into_iter().find_map(Result::err);
        }
        done.into_iter().filter_map(Result::ok).collect()
    };
    removed.containers = sort(join_all(containers).await);
    let networks = parts.network.iter().map(|_| remove_network(docker, name));
    let volumes = parts.volumes.iter().filter(|(_, keeps_data)| with_data || !**keeps_data);
    let volumes = volumes.map(|(name, _)| volume(docker, name));
    let (networks, volumes) = futures_util::future::join(join_all(networks), join_all(volumes)).await;
    removed.networks = sort(networks);
    removed.volumes = sort(volumes);
    let kept = parts.volumes.keys().filter(|volume| !removed.volumes.contains(volume));
    removed.kept_volumes = kept.cloned().collect();
    match failure {
        Some(error) => Err(error),
        None => Ok(removed),
    }
}

pub(super) async fn remove_network(docker: &Docker, name: &DeploymentName) -> Result<String, EngineError> {
    match docker.remove_network(name.as_str()).await {
        Err(error) if !is_not_found(&error) => {
            Err(EngineError::call(format!("remove the network `{name}`"))(error))
        }
        _ => Ok(name.to_string()),
    }
}

pub(super) async fn volume(docker: &Docker, name: &str) -> Result<String, EngineError> {
    match docker.remove_volume(name, None::<RemoveVolumeOptions>).await {
        Err(error) if !is_not_found(&error) => {
            Err(EngineError::call(format!("remove the volume `{name}`"))(error))
        }
        _ => Ok(name.to_owned()),
    }
}
