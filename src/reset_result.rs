//! The result of `reset` as data.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use crate::observation::{Clients, Contents};
use crate::topology::{DeploymentName, Topology};

/// The result of `reset`.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ResetResult {
    /// The deployment.
    pub deployment: DeploymentName,
    /// The number of its nodes. Each of them is empty.
    pub nodes: usize,
    /// The number of removed keys, of all primaries and databases.
    pub keys: u64,
    /// The number of removed libraries of functions, of all primaries.
    pub libraries: u64,
    /// The number of removed scripts, of all servers.
    pub scripts: u64,
    /// The number of other steps that changed the deployment: nodes, roles, slots, settings and users went back to the
    /// spec.
    pub changes: usize,
    /// The number of clients whose connections were ended.
    pub clients_ended: u64,
    /// The clients that stay connected.
    pub clients_left: Clients,
    /// The duration, in seconds.
    pub seconds: f64,
}

/// What the steps of a reset removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Removed {
    /// The data.
    pub(crate) contents: Contents,
    /// The number of ended connections.
    pub(crate) clients: u64,
    /// The number of other steps.
    pub(crate) changes: usize,
}

impl ResetResult {
    /// The result of steps that removed data.
    pub(crate) fn new(topology: &Topology, removed: Removed, clients: Clients, took: Duration) -> Self {
        let Removed { contents: Contents { keys, libraries, scripts }, clients: clients_ended, changes } =
            removed;
        Self {
            deployment: topology.name.clone(),
            nodes: topology.nodes().len(),
            keys,
            libraries,
            scripts,
            changes,
            clients_ended,
            clients_left: if clients_ended == 0 { clients } else { Clients::default() },
            seconds: took.as_secs_f64(),
        }
    }
}
