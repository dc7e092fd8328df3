//! What happens while a plan runs: the only way in which the executor speaks to the screen.
//!
//! Events name stages and steps by their ids in the plan that [`Event::PlanStarted`] carries. They hold
//! data; listeners make texts of it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::plan::{Disagreement, Plan, StageId, StepId};
use crate::topology::NodeName;

mod json;
mod news;

pub use json::JsonLines;
pub use news::{Note, Warning};

/// One thing that happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A plan has been made.
    Planned {
        /// The plan.
        plan: Arc<Plan>,
    },
    /// A plan begins to run. The ids in later events are of this plan.
    PlanStarted {
        /// The plan.
        plan: Arc<Plan>,
    },
    /// A stage begins.
    StageStarted {
        /// The stage.
        stage: StageId,
    },
    /// A step begins.
    StepStarted {
        /// The step.
        step: StepId,
    },
    /// A step has succeeded.
    StepFinished {
        /// The step.
        step: StepId,
        /// How long it took.
        took: Duration,
    },
    /// A step has failed.
    StepFailed {
        /// The step.
        step: StepId,
        /// The error, then its causes, the nearest first.
        error: Vec<String>,
    },
    /// A step takes long.
    Waiting {
        /// The step.
        step: StepId,
        /// What is still missing.
        missing: Vec<Missing>,
    },
    /// An image is being pulled.
    Pulling {
        /// Its reference.
        reference: String,
        /// Bytes on this engine.
        done: u64,
        /// Bytes in all, as far as known.
        total: u64,
    },
    /// A stage has succeeded.
    StageFinished {
        /// The stage.
        stage: StageId,
        /// How long it took.
        took: Duration,
    },
    /// News that are no failure.
    Note(Note),
    /// News that may surprise.
    Warning(Warning),
}

/// What a step that takes long still waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Missing {
    /// A node does not say what is expected.
    Disagreement(Disagreement),
    /// A node refuses a call that may succeed later.
    Refusal {
        /// The node.
        node: NodeName,
        /// Its error.
        error: String,
    },
}

impl Missing {
    /// The node that keeps the step waiting.
    #[must_use]
    pub fn node(&self) -> &NodeName {
        match self {
            Self::Disagreement(Disagreement { node, .. }) | Self::Refusal { node, .. } => node,
        }
    }

    /// What keeps the step waiting, without the node's name.
    #[must_use]
    pub fn reason(&self) -> String {
        match self {
            Self::Disagreement(Disagreement { deviation, .. }) => deviation.to_string(),
            Self::Refusal { error, .. } => error.clone(),
        }
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Disagreement(disagreement) => disagreement.fmt(formatter),
            Self::Refusal { node, error } => write!(formatter, "{node}: {error}"),
        }
    }
}

/// Where events go. A run may be spawned on any thread, so its listener has to bear that.
pub trait Listener: Send + Sync {
    /// Takes one event.
    fn hear(&self, event: Event);

    /// Takes the time of a phase of a run that is no stage of a plan.
    fn phase(&self, _name: &str, _took: Duration) {}
}
