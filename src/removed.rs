//! What was removed of a deployment.

use serde::Serialize;

/// What was removed of a deployment, and which of its volumes were kept.
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
