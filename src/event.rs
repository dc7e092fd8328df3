//! The events of a run. The executor reports its progress only through them.
//!
//! Events name stages and steps by their ids in the plan of [`Event::PlanStarted`]. They hold data, and listeners
//! format it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::plan::{Disagreement, Plan, StageId, StepId};
use crate::topology::NodeName;

mod duration_text;
mod json;
mod news;
mod slot_progress;
mod transfer;

pub(crate) use duration_text::in_seconds;
pub use duration_text::in_words;
pub use json::{JsonLine, JsonLines, StepText};
pub use news::{Note, Warning};
pub use slot_progress::SlotProgress;
pub use transfer::{Transfer, TransferUnit};

/// An event of a run.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The planner made a plan.
    Planned {
        /// The plan.
        plan: Arc<Plan>,
    },
    /// The executor starts a plan. The ids in later events belong to this plan.
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
        /// The reasons why it still waits.
        missing: Vec<Missing>,
    },
    /// Slots move, with their keys.
    Moving {
        /// The step.
        step: StepId,
        /// The numbers so far.
        progress: SlotProgress,
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
    /// Commands or keys are being moved.
    Transfer(Transfer),
    /// A stage has succeeded.
    StageFinished {
        /// The stage.
        stage: StageId,
        /// How long it took. Time in which it overlapped an earlier stage does not count.
        took: Duration,
    },
    /// An expected event.
    Note(Note),
    /// An unexpected event.
    Warning(Warning),
}

/// A reason why a step still waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Missing {
    /// A node's answers differ from the expected state.
    Disagreement(Disagreement),
    /// A node refuses a call that it may accept later.
    Refusal {
        /// The node.
        node: NodeName,
        /// Its error.
        error: String,
    },
}

impl Missing {
    /// The node that the step waits for.
    #[must_use]
    pub fn node(&self) -> &NodeName {
        match self {
            Self::Disagreement(Disagreement { node, .. }) | Self::Refusal { node, .. } => node,
        }
    }

    /// The reason why the step waits, without the node's name.
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

/// A receiver of events. A run may be spawned on any thread, so a listener is `Send` and `Sync`.
pub trait Listener: Send + Sync {
    /// Takes one event.
    fn hear(&self, event: Event);

    /// Takes the duration of a phase of a run that is not a stage of a plan.
    fn phase(&self, _name: &str, _took: Duration) {}
}
