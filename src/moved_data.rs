//! The results of `seed`, `snapshot` and `restore` as data.

use schemars::JsonSchema;
use serde::Serialize;

use crate::topology::DeploymentName;

/// The result of seeding a deployment.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Seeded {
    /// The deployment.
    pub deployment: DeploymentName,
    /// The number of executed commands.
    pub commands: u64,
    /// The duration, in seconds.
    pub seconds: f64,
}
