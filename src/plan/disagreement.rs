//! What one node says that is not what is expected.

use std::fmt;

use crate::topology::NodeName;

/// What one node says that is not what is expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disagreement {
    /// The node that says so.
    pub node: NodeName,
    /// What it says, after the node's name.
    pub message: String,
}

impl fmt::Display for Disagreement {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.node, self.message)
    }
}
