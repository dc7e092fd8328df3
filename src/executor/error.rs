//! Why a plan was not completed.

use std::error::Error;
use std::fmt::Write as _;
use std::time::Duration;

use crate::plan::Action;
use crate::readiness::Disagreement;
use crate::topology::NodeName;
use crate::waiting::{PlanAgain, Unavailable};

/// Any error, with its causes as sources.
pub type BoxedError = Box<dyn Error + Send + Sync>;

/// The failure of a step.
#[derive(Debug, thiserror::Error)]
pub enum ExecuteError {
    /// A call failed.
    #[error("`{subject}`: could not {action}")]
    Call {
        /// The node, or the deployment.
        subject: String,
        /// The action that failed.
        action: Box<Action>,
        /// The cause.
        source: BoxedError,
        /// The node's last log lines.
        log: Vec<String>,
    },
    /// The time of a wait is over.
    #[error("`{subject}`: gave up after {} s: {action}{}", waited.as_secs(), said(disagreements))]
    Wait {
        /// The node, or the deployment.
        subject: String,
        /// The action that did not succeed in time, or the wait for a condition.
        action: Box<Action>,
        /// The time that the executor waited.
        waited: Duration,
        /// The differences between the nodes' answers and the expected state.
        disagreements: Vec<Disagreement>,
        /// The nodes whose servers do not answer although their containers run.
        silent: Vec<NodeName>,
        /// The last log lines of the first node that disagrees.
        log: Vec<String>,
    },
    /// The awaited state needs another plan.
    #[error("another plan is needed: {reason}")]
    Outdated {
        /// The change since the plan was made.
        reason: PlanAgain,
    },
    /// The container of a server no longer runs.
    #[error("`{subject}`: {why}")]
    Unavailable {
        /// The node.
        subject: String,
        /// Why its server does not answer.
        why: Unavailable,
        /// Its last log lines.
        log: Vec<String>,
    },
}

impl ExecuteError {
    /// The last log lines of the failed node, under a heading; empty without log lines.
    #[must_use]
    pub fn log(&self) -> String {
        match self {
            Self::Call { subject, log, .. } | Self::Unavailable { subject, log, .. } => {
                log_lines(subject, log)
            }
            Self::Outdated { .. } => String::new(),
            Self::Wait { disagreements, log, .. } => {
                disagreements.first().map_or_else(String::new, |first| log_lines(first.node.as_str(), log))
            }
        }
    }

    /// A hint for the user.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Wait { silent, .. } if !silent.is_empty() => {
                let names: Vec<&str> = silent.iter().map(NodeName::as_str).collect();
                Some(format!("`docker restart {}` restarts the servers that do not answer", names.join(" ")))
            }
            _ => None,
        }
    }
}

/// The maximum number of disagreements in an error: thirty nodes can disagree in nine hundred pairs.
const MOST_SHOWN: usize = 12;

fn said(disagreements: &[Disagreement]) -> String {
    let mut text = String::new();
    for disagreement in disagreements.iter().take(MOST_SHOWN) {
        // Writing to a String cannot fail.
        let _ = write!(text, "\n  {disagreement}");
    }
    if let Some(more) = disagreements.len().checked_sub(MOST_SHOWN).filter(|more| *more > 0) {
        let _ = write!(text, "\n  … and {more} more");
    }
    text
}

fn log_lines(subject: &str, log: &[String]) -> String {
    if log.is_empty() {
        return String::new();
    }
    let mut text = format!("last log lines of `{subject}`:");
    for line in log {
        // Writing to a String cannot fail.
        let _ = write!(text, "\n  {line}");
    }
    text
}

/// An error with its causes, in one line.
#[must_use]
pub fn chain(error: &dyn Error) -> String {
    messages(error).join(": ")
}

/// An error, then its causes, the nearest first.
pub(super) fn messages(error: &dyn Error) -> Vec<String> {
    std::iter::once(error.to_string()).chain(causes(error)).collect()
}

/// The causes of an error, the nearest first. A cause that the error's own text already contains is left out.
#[must_use]
pub fn causes(error: &dyn Error) -> Vec<String> {
    let mut said = error.to_string();
    let mut causes = Vec::new();
    let mut source = error.source();
    while let Some(cause) = source {
        let text = cause.to_string();
        if !said.ends_with(&text) {
            causes.push(text.clone());
            said = text;
        }
        source = cause.source();
    }
    causes
}
