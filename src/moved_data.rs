//! The results of `seed`, `snapshot` and `restore` as data.

use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

use crate::counted::counted;
use crate::topology::DeploymentName;

/// The result of seeding a deployment.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Seeded {
    /// The deployment.
    pub deployment: DeploymentName,
    /// The number of executed commands.
    pub commands: u64,
    /// The number of keys from data files.
    pub keys: u64,
    /// The duration, in seconds.
    pub seconds: f64,
}

/// The result of a snapshot.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct SnapshotTaken {
    /// The deployment.
    pub deployment: DeploymentName,
    /// The number of keys.
    pub keys: u64,
    /// The size of the file.
    pub bytes: u64,
    /// The duration, in seconds.
    pub seconds: f64,
}

/// The result of a restore.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Restored {
    /// The deployment.
    pub deployment: DeploymentName,
    /// The number of keys.
    pub keys: u64,
    /// The duration, in seconds.
    pub seconds: f64,
}

impl fmt::Display for SnapshotTaken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { deployment, keys, bytes, seconds } = self;
        write!(
            formatter,
            "snapshot of {deployment}: {}, {bytes} bytes in {seconds:.1} s",
            counted(*keys, "key")
        )
    }
}

impl fmt::Display for Restored {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { deployment, keys, seconds } = self;
        write!(formatter, "{deployment} restored: {} in {seconds:.1} s", counted(*keys, "key"))
    }
}

impl fmt::Display for Seeded {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { deployment, commands, keys, seconds } = self;
        let counts = match (*commands, *keys) {
            (commands, 0) => counted(commands, "command"),
            (0, keys) => counted(keys, "key"),
            (commands, keys) => format!("{}, {}", counted(commands, "command"), counted(keys, "key")),
        };
        write!(formatter, "{deployment} seeded: {counts} in {seconds:.1} s")
    }
}
