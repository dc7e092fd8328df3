//! What happens while a plan runs: the only way in which the executor speaks to the screen.

use std::time::Duration;

use serde::Serialize;

use crate::plan::Plan;

/// One thing that happened. With `--output json` each is a line on stderr.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// What is to be done has been decided.
    Planned {
        /// The plan, as `redisctl plan --output json` has it.
        #[serde(serialize_with = "as_json")]
        plan: Box<Plan>,
    },
    /// A plan begins to run.
    PlanStarted {
        /// The deployment.
        deployment: String,
        /// How many steps it has.
        steps: usize,
    },
    /// A stage begins.
    StageStarted {
        /// Its name.
        stage: String,
        /// The subjects of its steps.
        subjects: Vec<String>,
    },
    /// A step begins.
    StepStarted {
        /// The node, or the deployment.
        subject: String,
        /// What is done.
        action: String,
    },
    /// A step has ended well.
    StepFinished {
        /// The node, or the deployment.
        subject: String,
        /// What was done.
        action: String,
    },
    /// A step has failed.
    StepFailed {
        /// The node, or the deployment.
        subject: String,
        /// What was tried.
        action: String,
        /// The error and its causes.
        error: String,
    },
    /// A wait goes on.
    Waiting {
        /// The node, or the deployment.
        subject: String,
        /// What is still missing.
        missing: Vec<String>,
    },
    /// An image is being pulled.
    Pulling {
        /// Its reference.
        reference: String,
        /// Bytes that are here.
        done: u64,
        /// Bytes in all, as far as known.
        total: u64,
    },
    /// A stage has ended well.
    StageFinished {
        /// Its name.
        stage: String,
        /// How long it took.
        #[serde(serialize_with = "seconds")]
        took: Duration,
    },
    /// Something to know that is no failure.
    Note {
        /// One sentence.
        message: String,
    },
    /// Something to know that may surprise.
    Warning {
        /// One sentence.
        message: String,
    },
}

/// Seconds with milliseconds, which is what people read.
fn seconds<S: serde::Serializer>(took: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64((took.as_secs_f64() * 1000.0).round() / 1000.0)
}

fn as_json<S: serde::Serializer>(plan: &Plan, serializer: S) -> Result<S::Ok, S::Error> {
    plan.to_json().serialize(serializer)
}

/// Where events go. A run may be spawned on any thread, so its listener has to bear that.
pub trait Listener: Send + Sync {
    /// Takes one event.
    fn hear(&self, event: Event);
}
