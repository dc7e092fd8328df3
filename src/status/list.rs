//! One line of `ls`, from the engine alone.

use schemars::JsonSchema;
use serde::Serialize;

/// A deployment as `ls` lists it. It serializes to an element of `ls --output json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DeploymentLine {
    /// Its name.
    pub name: String,
    /// Its kind; `None` if its labels cannot be read.
    pub kind: Option<String>,
    /// Whether all, some or none of its containers run.
    pub state: LineState,
    /// The number of its containers.
    pub nodes: usize,
    /// The number of its running containers.
    pub running: usize,
    /// The image that its nodes run.
    pub image: String,
    /// The ports that it publishes, ascending.
    pub ports: Vec<u16>,
    /// The seconds until its time is over (`up --ttl`); `None` if nothing limits its time. 0: the next run removes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds_left: Option<u64>,
    /// Its engines, if `ls` asked several engines; otherwise absent.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub engines: Vec<LineEngine>,
}

/// An engine of a deployment, as `ls` lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LineEngine {
    /// Its name in the spec; `None` if the deployment stands on this engine alone.
    pub name: Option<String>,
    /// Its address, or its context (`context NAME`).
    pub at: String,
    /// Whether it answers. The counts of running containers leave out the other engines.
    pub answers: bool,
}

/// Whether all, some or none of a deployment's containers run, or some restart in a loop. Only `status` tells whether the servers are ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LineState {
    /// All containers.
    Running,
    /// Some containers.
    Partial,
    /// No container.
    Stopped,
    /// The engine starts some containers again and again.
    Restarting,
}

impl LineState {
    /// The state for these numbers.
    #[must_use]
    pub fn from_counts(nodes: usize, running: usize) -> Self {
        match running {
            0 => Self::Stopped,
            running if running < nodes => Self::Partial,
            _ => Self::Running,
        }
    }

    /// The state as JSON spells it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Partial => "partial",
            Self::Stopped => "stopped",
            Self::Restarting => "restarting",
        }
    }
}
