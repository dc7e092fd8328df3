//! Why a node's server does not answer, from the state of its container.

use std::fmt;

/// Why a server will not answer until its container is repaired.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unavailable {
    /// The container does not exist.
    Removed,
    /// The server ended with this exit code.
    Exited {
        /// The exit code.
        code: i64,
    },
    /// The server ends after each restart of the container.
    Restarting {
        /// Its last exit code.
        code: i64,
        /// How many times the engine has restarted it.
        restarts: i64,
    },
    /// The kernel killed the server because its container ran out of memory.
    OutOfMemory,
    /// The container is paused.
    Paused,
    /// The container runs, but is attached to no network.
    NoNetwork,
}

impl fmt::Display for Unavailable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Removed => formatter.write_str("its container was removed"),
            Self::Exited { code } => write!(formatter, "its container ended with exit code {code}"),
            Self::Restarting { code, restarts } => write!(
                formatter,
                "its container ended with exit code {code}, and restarts in a loop (restarts so far: {restarts})"
            ),
            Self::OutOfMemory => formatter
                .write_str("its container was killed because it ran out of memory: raise `resources.memory`"),
            Self::Paused => formatter.write_str("its container is paused"),
            Self::NoNetwork => formatter.write_str("its container is in no network"),
        }
    }
}
