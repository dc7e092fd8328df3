//! Why a wait needs another plan.

use std::fmt;

use super::Unavailable;
use crate::plan::AtStake;
use crate::topology::NodeName;

/// Why a wait needs another plan. Servers learn from each other and choose their primaries in ways that no plan
/// foresees.
#[derive(Debug, Clone, PartialEq)]
pub enum PlanAgain {
    /// The wait is for another node than the primary.
    OtherPrimary(NodeName),
    /// A step has become necessary.
    NewStep {
        /// The node, or the deployment.
        subject: String,
        /// What the step does.
        action: String,
        /// Why.
        cause: String,
    },
    /// A server with keys has come in that is not of the deployment.
    AtStake(AtStake),
    /// A container that the plan left alone does not run any more.
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
