//! What becomes of what was made when `up` fails: it stays and is listed, or it is removed.

use std::time::Duration;

use tokio::time::timeout;

use super::super::gather::Scene;
use super::super::{CommandError, Connected};
use crate::cli::OnFailure;
use crate::docker::inventory::Inventory;
use crate::docker::remove::{self, Removed};
use crate::docker::{EngineError, EngineInventory};
use crate::executor::chain;
use crate::observation::ContainerState;
use crate::topology::DeploymentName;

/// How long the engine may take to say what there is: it may be the very thing that failed.
const PATIENCE: Duration = Duration::from_secs(20);

/// What there is of a deployment after an `up` that failed.
#[derive(Debug)]
pub struct Aftermath {
    deployment: DeploymentName,
    remains: Remains,
}

#[derive(Debug)]
enum Remains {
    /// This much stays, and why it does although it was to be removed.
    There { inventory: Inventory, because: Option<String> },
    /// It was removed.
    Removed(Removed),
    /// The engine does not say.
    Unknown,
}

/// Sees to what a failure leaves, and adds that to it.
pub(super) async fn of(error: CommandError, on_failure: OnFailure, scene: &Scene) -> CommandError {
    let Scene { connected: Some(connected), prepared: Some(prepared), .. } = scene else { return error };
    if !error.may_leave_something() && !scene.is_new {
        return error;
    }
    let deployment = prepared.topology.name.clone();
    let remains = match on_failure {
        OnFailure::Keep => look(connected, &deployment, None).await,
        OnFailure::Remove => take_away(connected, &deployment, scene.is_new).await,
    };
    if remains.is_nothing() {
        return error;
    }
    CommandError::HalfWay { source: Box::new(error), aftermath: Box::new(Aftermath { deployment, remains }) }
}

/// Removes what was made of a deployment that failed its verification; says what became of it.
pub(super) async fn of_failed_checks(
    connected: &Connected,
    deployment: DeploymentName,
    is_new: bool,
) -> Aftermath {
    let remains = take_away(connected, &deployment, is_new).await;
    Aftermath { deployment, remains }
}

/// Removes a deployment that this `up` began: what was there before is not its to remove.
async fn take_away(connected: &Connected, name: &DeploymentName, is_new: bool) -> Remains {
    if !is_new {
        return look(connected, name, Some("it was there before".to_owned())).await;
    }
    let removed = async {
        let inventory = connected.engine.inventory().await?.deployment(name);
        // Volumes for data, too: nothing but this `up` has written to them.
        remove::deployment(connected.engine.client(), name, &inventory, true).await
    };
    match removed.await {
        Ok(removed) => Remains::Removed(removed),
        Err(error) => look(connected, name, Some(chain(&error))).await,
    }
}

async fn look(connected: &Connected, name: &DeploymentName, because: Option<String>) -> Remains {
    let on_engine: Result<Result<EngineInventory, EngineError>, _> =
        timeout(PATIENCE, connected.engine.inventory()).await;
    match on_engine {
        Ok(Ok(on_engine)) => Remains::There { inventory: on_engine.deployment(name), because },
        Ok(Err(_)) | Err(_) => Remains::Unknown,
    }
}

impl Remains {
    /// Whether there is nothing to speak of.
    fn is_nothing(&self) -> bool {
        matches!(self, Self::There { inventory, .. } if inventory.is_empty())
    }
}

impl Aftermath {
    /// The two ways on, where there are two.
    pub(in crate::commands) fn ways_on(&self) -> Option<String> {
        let name = &self.deployment;
        match &self.remains {
            Remains::There { .. } => Some(format!(
                "run the same command again to complete it, or `redisctl down {name}` to remove it"
            )),
            Remains::Removed(_) => None,
            Remains::Unknown => Some(format!(
                "once the engine answers: run the same command again to complete it, or `redisctl down {name}` to remove it"
            )),
        }
    }
}

impl std::fmt::Display for Aftermath {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = &self.deployment;
        match &self.remains {
            Remains::There { inventory, because: None } => {
                write!(formatter, "`{name}` is left as it is: {}", list(inventory))
            }
            Remains::There { inventory, because: Some(reason) } => {
                write!(
                    formatter,
                    "`{name}` is not removed ({reason}) and is left as it is: {}",
                    list(inventory)
                )
            }
            Remains::Removed(Removed { containers, networks, volumes, .. }) => {
                let counts = [
                    count(containers.len(), "container"),
                    count(networks.len(), "network"),
                    count(volumes.len(), "volume"),
                ];
                write!(formatter, "`{name}` is removed: {}", counts.join(", "))
            }
            Remains::Unknown => {
                write!(formatter, "the engine does not answer: it is unknown what is left of `{name}`")
            }
        }
    }
}

fn list(inventory: &Inventory) -> String {
    let network = inventory.network.as_ref().map(|_| "its network".to_owned());
    let volumes = (!inventory.volumes.is_empty()).then(|| count(inventory.volumes.len(), "volume"));
    [network, volumes, containers(inventory)].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// How many containers there are, and how many of them are in each state.
fn containers(inventory: &Inventory) -> Option<String> {
    let states = [
        (ContainerState::Running, "running"),
        (ContainerState::Restarting, "restarting"),
        (ContainerState::Paused, "paused"),
        (ContainerState::Exited, "stopped"),
        (ContainerState::Created, "not started"),
    ];
    let all = inventory.containers.len();
    let of_state = |(state, word): &(ContainerState, &str)| {
        let number = inventory.containers.values().filter(|container| container.state == *state).count();
        (number > 0).then(|| if number == all { (*word).to_owned() } else { format!("{number} {word}") })
    };
    let states: Vec<String> = states.iter().filter_map(of_state).collect();
    (all > 0).then(|| format!("{} ({})", count(all, "container"), states.join(", ")))
}

fn count(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}
