//! The removed parts of a deployment.

use schemars::JsonSchema;
use serde::Serialize;

/// The removed parts of a deployment, and its kept volumes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Removed {
    /// Containers by name.
    pub containers: Vec<String>,
    /// Networks by name.
    pub networks: Vec<String>,
    /// Volumes by name.
    pub volumes: Vec<String>,
    /// Kept data volumes, by name.
    pub kept_volumes: Vec<String>,
}
