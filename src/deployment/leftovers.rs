//! The parts of a deployment after a failed `up`, as text.

use std::fmt;

use crate::counted::counted;
use crate::docker::inventory::Inventory;
use crate::observation::ContainerState;
use crate::removed::Removed;
use crate::topology::DeploymentName;

/// The parts of a deployment on the engine after a failed `up`.
#[derive(Debug)]
pub struct Leftovers {
    pub(super) deployment: DeploymentName,
    pub(super) state: LeftoverState,
}

/// The result of the cleanup.
#[derive(Debug)]
pub(super) enum LeftoverState {
    /// They stay.
    Kept {
        /// The parts.
        inventory: Box<Inventory>,
        /// Why they stay, although the caller wanted them removed.
        because: Option<String>,
    },
    /// `up` removed them.
    Removed(Removed),
    /// The engine does not answer.
    Unknown,
}

impl Leftovers {
    /// Whether the engine has no part of the deployment.
    pub(super) fn is_empty(&self) -> bool {
        matches!(&self.state, LeftoverState::Kept { inventory, .. } if inventory.is_empty())
    }

    /// How to complete the deployment or remove it, if both are possible.
    pub(super) fn ways_on(&self) -> Option<String> {
        let name = &self.deployment;
        match &self.state {
            LeftoverState::Kept { .. } => Some(format!(
                "run the same command again to complete it, or `redisctl down {name}` to remove it"
            )),
            LeftoverState::Removed(_) => None,
            LeftoverState::Unknown => Some(format!(
                "once the engine answers: run the same command again to complete it, or `redisctl down {name}` to remove it"
            )),
        }
    }
}

impl fmt::Display for Leftovers {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.deployment;
        match &self.state {
            LeftoverState::Kept { inventory, because: None } => {
                write!(formatter, "`{name}` is left as it is: {}", parts(inventory))
            }
            LeftoverState::Kept { inventory, because: Some(reason) } => {
                write!(
                    formatter,
                    "`{name}` is not removed ({reason}) and is left as it is: {}",
                    parts(inventory)
                )
            }
            LeftoverState::Removed(Removed { containers, networks, volumes, .. }) => {
                let counts = [
                    counted(containers.len(), "container"),
                    counted(networks.len(), "network"),
                    counted(volumes.len(), "volume"),
                ];
                write!(formatter, "`{name}` is removed: {}", counts.join(", "))
            }
            LeftoverState::Unknown => {
                write!(formatter, "the engine does not answer: the remaining parts of `{name}` are not known")
            }
        }
    }
}

/// The network, the volumes, and the containers by their states.
fn parts(inventory: &Inventory) -> String {
    let network = inventory.network.as_ref().map(|_| "its network".to_owned());
    let volumes = (!inventory.volumes.is_empty()).then(|| counted(inventory.volumes.len(), "volume"));
    [network, volumes, containers(inventory)].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// The number of containers, and their number in each state.
fn containers(inventory: &Inventory) -> Option<String> {
    let states = [
        (ContainerState::Running, "running"),
        (ContainerState::Restarting, "restarting"),
        (ContainerState::Paused, "paused"),
        (ContainerState::Exited, "stopped"),
        (ContainerState::Created, "not started"),
    ];
    let all = inventory.containers.len();
    let in_state = |(state, word): &(ContainerState, &str)| {
        let found = inventory.containers.iter().map(|(name, container)| {
            if inventory.restarting.contains(name) { ContainerState::Restarting } else { container.state }
        });
        let number = found.filter(|found| found == state).count();
        (number > 0).then(|| if number == all { (*word).to_owned() } else { format!("{number} {word}") })
    };
    let states: Vec<String> = states.iter().filter_map(in_state).collect();
    (all > 0).then(|| format!("{} ({})", counted(all, "container"), states.join(", ")))
}
