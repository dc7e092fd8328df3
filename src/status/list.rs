//! One line of `ls`: what the engine alone says of a deployment.

use serde::Serialize;

/// A deployment as `ls` lists it. It serializes to an element of `ls --output json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeploymentLine {
    /// Its name.
    pub name: String,
    /// Its kind; `None` if its labels cannot be read.
    pub kind: Option<String>,
    /// How many of its containers run, in a word.
    pub state: LineState,
    /// How many containers it has.
    pub nodes: usize,
    /// How many of them run.
    pub running: usize,
    /// The image that its nodes run.
    pub image: String,
    /// The ports that it publishes, ascending.
    pub ports: Vec<u16>,
}

/// How many of a deployment's containers run. Whether their servers are ready is `status`'s to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LineState {
    /// All of them.
    Running,
    /// Some of them.
    Partial,
    /// None of them.
    Stopped,
}

impl LineState {
    /// The state that follows from the numbers.
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
        }
    }
}
