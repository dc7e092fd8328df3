//! Lists the engine's inventory after the engine has finished the calls of earlier runs.
//!
//! The engine continues the calls of a killed run. Meanwhile a list still shows containers that are being removed,
//! and lacks objects that are being created.

use std::collections::BTreeMap;
use std::time::Duration;

use bollard::Docker;
use bollard::models::ContainerInspectResponse;
use bollard::query_parameters::{ListNetworksOptions, ListVolumesOptions};
use futures_util::future::{join_all, try_join3};

use super::container::{self, REMOVAL_LIMIT};
use super::inventory::{Ends, EngineInventory};
use super::{EngineError, dialect};
use crate::poll::Wait;
use crate::topology::DeploymentName;

/// The time before the next list, if a list named a container that does not exist.
const RELIST_INTERVAL: Duration = Duration::from_millis(20);

/// The interval of observations of a deployment that may still change.
const LOOK_INTERVAL: Duration = Duration::from_millis(100);

/// How long a deployment must not change to show that the engine has finished the calls of a killed run. Creating a
/// network or a container takes tenths of a second.
const QUIET_AFTER_KILLED_RUN: Duration = Duration::from_secs(1);

/// The time limit for this. A container that restarts in a loop changes for ever.
const LIMIT_AFTER_KILLED_RUN: Duration = Duration::from_secs(10);

/// Lists the engine's inventory once the engine has finished removing containers of deployments.
pub(super) async fn inventory(docker: &Docker) -> Result<EngineInventory, EngineError> {
    let wait = Wait::new("the engine to remove containers", REMOVAL_LIMIT, RELIST_INTERVAL);
    loop {
        let listed = list(docker).await?;
        match inspect_settled(docker, listed.own_containers()).await {
            Ok(Some(inspected)) => return Ok(listed.with_ends(ends(inspected))),
            Ok(None) if wait.pause().await.is_ok() => {}
            // If a container cannot be removed, the call that needs its name reports it.
            Ok(None) | Err(EngineError::NotGone { .. }) => return Ok(listed),
            Err(error) => return Err(error),
        }
    }
}

/// The restarts and kills of inspected containers' servers, by the containers' ids.
fn ends(inspected: Vec<ContainerInspectResponse>) -> BTreeMap<String, Ends> {
    let ends = |container: ContainerInspectResponse| {
        let restarts = container.restart_count.and_then(|count| u32::try_from(count).ok()).unwrap_or(0);
        let out_of_memory = container.state.and_then(|state| state.oom_killed) == Some(true);
        Some((container.id?, Ends { restarts, out_of_memory }))
    };
    inspected.into_iter().filter_map(ends).collect()
}

/// Whether a container is removed. If the engine is removing it, waits for the end of the removal.
pub(super) async fn is_removed(docker: &Docker, container: &str) -> Result<bool, EngineError> {
    Ok(inspect_settled(docker, std::iter::once(container)).await?.is_none())
}

/// Waits until a deployment has not changed for a while, or until the time limit.
pub(super) async fn until_unchanged(docker: &Docker, deployment: &DeploymentName) -> Result<(), EngineError> {
    let wait = Wait::new("the deployment not to change", LIMIT_AFTER_KILLED_RUN, LOOK_INTERVAL);
    let mut last = inventory(docker).await?.deployment(deployment);
    let mut changed = wait.waited();
    while wait.waited().saturating_sub(changed) < QUIET_AFTER_KILLED_RUN && wait.pause().await.is_ok() {
        let next = inventory(docker).await?.deployment(deployment);
        if next != last {
            changed = wait.waited();
        }
        last = next;
    }
    Ok(())
}

async fn list(docker: &Docker) -> Result<EngineInventory, EngineError> {
    let (containers, networks, volumes) = try_join3(
        dialect::list_containers(docker),
        docker.list_networks(None::<ListNetworksOptions>),
        docker.list_volumes(None::<ListVolumesOptions>),
    )
    .await
    .map_err(EngineError::call("list the containers, networks and volumes"))?;
    Ok(EngineInventory::new(containers, networks, volumes.volumes.unwrap_or_default()))
}

/// Inspects listed containers, and waits for the end of their removal. `None`: the list is outdated, because a listed
/// container is removed or does not exist.
async fn inspect_settled(
    docker: &Docker,
    listed: impl Iterator<Item = &str>,
) -> Result<Option<Vec<ContainerInspectResponse>>, EngineError> {
    let ids: Vec<&str> = listed.collect();
    let answers = join_all(ids.iter().map(|id| container::inspect(docker, id))).await;
    let mut settled = Some(Vec::new());
    for (id, inspected) in ids.into_iter().zip(answers) {
        match inspected? {
            Some(inspected) if container::is_being_removed(&inspected) => {
                container::until_removed(docker, id).await?;
                settled = None;
            }
            Some(inspected) => {
                if let Some(settled) = &mut settled {
                    settled.push(inspected);
                }
            }
            // The container was removed meanwhile, or engine 20.10 listed it a moment before it existed.
            None => settled = None,
        }
    }
    Ok(settled)
}
