//! Why a wait needs another plan.

use std::fmt;

use super::Unavailable;
use crate::plan::AtStake;
use crate::topology::NodeName;

/// Why a wait needs another plan. Servers learn from each other and choose primaries, and plans cannot predict this.
#[derive(Debug, Clone, PartialEq)]
pub enum PlanAgain {
    /// The wait expects another primary.
    OtherPrimary(NodeName),
    /// A step has become necessary.
    NewStep {
        /// The node, or the deployment.
        subject: String,
        /// The action of the step.
        action: String,
        /// The cause.
        cause: String,
    },
    /// A stranger with keys has joined.
    AtStake(AtStake),
    /// A container that the plan left alone has ended.
    Unavailable {
        /// The node.
        node: NodeName,
        /// Why its server does not answer.
        why: Unavailable,
    },
}

impl fmt::Display for PlanAgain {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherPrimary(node) => write!(formatter, "{node} is primary by now"),
            Self::NewStep { subject, action, cause } => write!(formatter, "{subject}: {action} ({cause})"),
            Self::AtStake(stake) => stake.fmt(formatter),
            Self::Unavailable { node, why } => write!(formatter, "{node}: {why}"),
        }
    }
}
