//! The result of `reset` as data.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use crate::observation::Contents;
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
    /// The duration, in seconds.
    pub seconds: f64,
}

impl ResetResult {
    /// The result of steps that removed data.
    pub(crate) fn new(topology: &Topology, removed: Contents, changes: usize, took: Duration) -> Self {
        let Contents { keys, libraries, scripts } = removed;
        Self {
            deployment: topology.name.clone(),
            nodes: topology.nodes().len(),
            keys,
            libraries,
            scripts,
            changes,
            seconds: took.as_secs_f64(),
        }
    }
}
