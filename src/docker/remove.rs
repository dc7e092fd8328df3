//! Takes a deployment away: its containers, its network, its volumes, and nothing else.

use std::time::Duration;

use bollard::Docker;
use bollard::models::ContainerStateStatusEnum;
use bollard::query_parameters::{RemoveVolumeOptions, WaitContainerOptionsBuilder};
use futures_util::StreamExt as _;
use futures_util::future::join_all;
use serde::Serialize;
use tokio::time::{Instant, timeout};

use super::error::is_not_found;
use super::inventory::Inventory;
use super::{EngineError, apply, dialect};
use crate::topology::DeploymentName;

/// How long the engine may take to remove a container: it kills the server first, then detaches and
/// unmounts, which takes tenths of a second each, more where many go at the same time.
pub(super) const REMOVAL_LIMIT: Duration = Duration::from_secs(30);

/// How soon another list may show what became of a container.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// How long to wait for the engine's word before it is asked once more.
const ASK_AGAIN: Duration = Duration::from_secs(2);

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
    inventory: &Inventory,
    with_data: bool,
) -> Result<Removed, EngineError> {
    let mut removed = Removed::default();
    // By their ids: a name may be somebody else's by now.
    let containers = inventory
        .container_ids
        .iter()
        .map(|(name, id)| async move { apply::remove(docker, id, name).await.map(|()| name.clone()) });
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
    let networks = inventory.network_ids.iter().map(|id| network(docker, id, name));
    let volumes = inventory.volumes.iter().filter(|(_, keeps_data)| with_data || !**keeps_data);
    let volumes = volumes.map(|(name, _)| volume(docker, name));
    let (networks, volumes) = futures_util::future::join(join_all(networks), join_all(volumes)).await;
    removed.networks = sort(networks);
    removed.volumes = sort(volumes);
    let kept = inventory.volumes.keys().filter(|volume| !removed.volumes.contains(volume));
    removed.kept_volumes = kept.cloned().collect();
    match failure {
        Some(error) => Err(error),
        None => Ok(removed),
    }
}

/// Waits for those of some listed containers that are being removed, of which a list does not say so before
/// the end. Says whether there were any, so that the list is none of what is there now.
pub(super) async fn settle(
    docker: &Docker,
    containers: impl Iterator<Item = &str>,
) -> Result<bool, EngineError> {
    let mut unsettled = false;
    let containers: Vec<&str> = containers.collect();
    let removals = join_all(containers.iter().map(|container| removal(docker, container))).await;
    for (container, removal) in containers.into_iter().zip(removals) {
        match removal? {
            Removal::None => continue,
            Removal::UnderWay => gone(docker, container).await?,
            Removal::Unknown => tokio::time::sleep(POLL_INTERVAL).await,
        }
        unsettled = true;
    }
    Ok(unsettled)
}

/// Whether a container that is listed is being removed.
enum Removal {
    None,
    UnderWay,
    /// There is no such container: it is gone since, or still being made, and listed a moment too early
    /// (seen with engine 20.10).
    Unknown,
}

async fn removal(docker: &Docker, container: &str) -> Result<Removal, EngineError> {
    match dialect::inspect_container(docker, container).await {
        Ok(inspect) => Ok(match inspect.state.and_then(|state| state.status) {
            Some(ContainerStateStatusEnum::REMOVING | ContainerStateStatusEnum::DEAD) => Removal::UnderWay,
            _ => Removal::None,
        }),
        Err(error) if is_not_found(&error) => Ok(Removal::Unknown),
        Err(error) => Err(EngineError::call(format!("inspect the container `{container}`"))(error)),
    }
}

/// Waits until a container that is being removed is gone.
pub(super) async fn gone(docker: &Docker, container: &str) -> Result<(), EngineError> {
    let started = Instant::now();
    while started.elapsed() < REMOVAL_LIMIT {
        let options = WaitContainerOptionsBuilder::default().condition("removed").build();
        let mut ended = docker.wait_container(container, Some(options));
        // Its exit code comes, or that there is no such container any more: both mean that it is gone. Whoever
        // asks at the moment that it goes may hear neither, and asks again.
        if timeout(ASK_AGAIN, ended.next()).await.is_ok() {
            return Ok(());
        }
    }
    Err(EngineError::NotGone { container: container.to_owned(), waited: REMOVAL_LIMIT })
}

/// Removes the network of a deployment, by its id or its name.
pub(super) async fn network(
    docker: &Docker,
    network: &str,
    deployment: &DeploymentName,
) -> Result<String, EngineError> {
    match docker.remove_network(network).await {
        Err(error) if !is_not_found(&error) => {
            Err(EngineError::call(format!("remove the network `{deployment}`"))(error))
        }
        _ => Ok(deployment.to_string()),
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
