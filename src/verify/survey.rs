//! The survey: every node's statement of itself and the other nodes, asked once before the checks.

use std::collections::BTreeMap;

use crate::observation::{ClusterView, ServerView};
use crate::topology::NodeName;

use super::ProbeReply;

/// The nodes' answers.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Survey {
    /// By node.
    pub answers: BTreeMap<NodeName, NodeAnswer>,
    /// The user that asked.
    pub user: String,
}

/// A node's answer.
#[derive(Debug, Clone, PartialEq)]
pub enum NodeAnswer {
    /// The node does not answer, for this reason.
    Silent(String),
    /// The node's statement.
    Said(Box<NodeStatement>),
}

/// A node's statement.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct NodeStatement {
    /// Its replies, parsed.
    pub view: ServerView,
    /// The replies themselves, by command.
    pub replies: BTreeMap<&'static str, ProbeReply>,
}

impl Survey {
    /// A node's statement; `None` if it does not answer.
    #[must_use]
    pub fn statement(&self, node: &NodeName) -> Option<&NodeStatement> {
        match self.answers.get(node)? {
            NodeAnswer::Silent(_) => None,
            NodeAnswer::Said(statement) => Some(statement),
        }
    }

    /// A node's view of its cluster.
    #[must_use]
    pub fn cluster(&self, node: &NodeName) -> Option<&ClusterView> {
        self.statement(node)?.view.cluster.as_ref()
    }

    /// Why a node does not answer; `None` if it answers.
    #[must_use]
    pub fn silence(&self, node: &NodeName) -> Option<String> {
        match self.answers.get(node) {
            None => Some("was not asked".to_owned()),
            Some(NodeAnswer::Silent(reason)) => Some(format!("does not answer: {reason}")),
            Some(NodeAnswer::Said(_)) => None,
        }
    }
}
