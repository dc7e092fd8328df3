//! What every node says of itself and its neighbours, asked once before the checks.

use std::collections::BTreeMap;

use crate::observed::{ClusterView, ServerView};
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
    /// There is none, and why.
    Silent(String),
    /// What it says.
    Said(Box<NodeStatement>),
}

/// What a node says.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct NodeStatement {
    /// What its replies mean.
    pub view: ServerView,
    /// The replies themselves, by command.
    pub replies: BTreeMap<&'static str, ProbeReply>,
}

impl Survey {
    /// What a node says; `None` where it is silent.
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

    /// Why a node does not answer; `None` where it does.
    #[must_use]
    pub fn silence(&self, node: &NodeName) -> Option<String> {
        match self.answers.get(node) {
            None => Some("was not asked".to_owned()),
            Some(NodeAnswer::Silent(reason)) => Some(format!("does not answer: {reason}")),
            Some(NodeAnswer::Said(_)) => None,
        }
    }
}
