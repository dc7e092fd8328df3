//! The nodes of a deployment.

use super::Error;
use super::handle::Deployment;
use super::node_choice::find_node;
use crate::status::{NodeStatus, Role};
use crate::topology::{Endpoint, Node, NodeName};

/// A node of a deployment.
#[derive(Clone, Copy)]
pub struct NodeHandle<'d> {
    deployment: &'d Deployment,
    node: &'d Node,
}

impl<'d> NodeHandle<'d> {
    pub(super) fn deployment(&self) -> &'d Deployment {
        self.deployment
    }

    /// The node in the topology.
    pub(crate) fn topology(&self) -> &'d Node {
        self.node
    }

    /// The name of the node, `shop-4`.
    #[must_use]
    pub fn name(&self) -> &'d NodeName {
        &self.node.name
    }

    /// The host and port that clients dial.
    #[must_use]
    pub fn endpoint(&self) -> &'d Endpoint {
        &self.node.endpoint
    }

    /// The name of its container.
    #[must_use]
    pub fn container(&self) -> &'d str {
        self.node.name.as_str()
    }

    /// The present state of the node.
    ///
    /// # Errors
    /// The engine does not answer.
    pub async fn status(&self) -> Result<NodeStatus, Error> {
        let mut nodes = self.deployment.status().await?.nodes.into_iter();
        let own = nodes.find(|status| status.name == self.node.name);
        own.ok_or_else(|| Error::Invalid {
            message: format!("`{}` has no node `{}`", self.deployment.name(), self.node.name),
            hint: format!("`redisctl status {}` lists its nodes", self.deployment.name()),
        })
    }

    /// The present role of the node. A primary that does not answer is a primary until another node has its place.
    ///
    /// # Errors
    /// The engine does not answer.
    pub async fn role(&self) -> Result<Role, Error> {
        Ok(self.status().await?.role)
    }
}

impl Deployment {
    /// Every node, the sentinels last.
    #[must_use]
    pub fn nodes(&self) -> Vec<NodeHandle<'_>> {
        let handle = |node| NodeHandle { deployment: self, node };
        self.topology().nodes().into_iter().map(handle).collect()
    }

    /// A node by its name (`shop-4`) or its number (`4`).
    ///
    /// # Errors
    /// The deployment has no such node.
    pub fn node(&self, word: &str) -> Result<NodeHandle<'_>, Error> {
        let nodes = self.topology().nodes();
        let node = find_node(word, self.name(), &nodes, |node| node.name.as_str())?;
        Ok(NodeHandle { deployment: self, node })
    }

    /// The node for clients that accept a single address: the acting primary; in a cluster, the first node that
    /// answers.
    pub async fn primary(&self) -> NodeHandle<'_> {
        NodeHandle { deployment: self, node: self.dialled_first().await }
    }
}
