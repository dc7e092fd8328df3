//! Changing a single node on purpose.

use super::Error;
use super::node_change::NodeChange;
use super::node_handle::NodeHandle;
use crate::node_change::{NodeVerb, NodesChanged};

impl NodeHandle<'_> {
    /// Starts the node, and waits until its server answers. A paused node is unpaused.
    ///
    /// # Errors
    /// As [`NodeChange::run`].
    pub async fn start(&self) -> Result<NodesChanged, Error> {
        self.change(NodeVerb::Start).await
    }

    /// Stops the node. With `data: volume`, its server saves its keys first.
    ///
    /// # Errors
    /// As [`NodeChange::run`].
    pub async fn stop(&self) -> Result<NodesChanged, Error> {
        self.change(NodeVerb::Stop).await
    }

    /// Restarts the node, and waits until its server answers.
    ///
    /// # Errors
    /// As [`NodeChange::run`].
    pub async fn restart(&self) -> Result<NodesChanged, Error> {
        self.change(NodeVerb::Restart).await
    }

    /// Kills the node's server, as a crash does. The engine does not start it again.
    ///
    /// # Errors
    /// As [`NodeChange::run`].
    pub async fn kill(&self) -> Result<NodesChanged, Error> {
        self.change(NodeVerb::Kill).await
    }

    /// Freezes the node: its connections stay open, and its server does not answer.
    ///
    /// # Errors
    /// As [`NodeChange::run`].
    pub async fn pause(&self) -> Result<NodesChanged, Error> {
        self.change(NodeVerb::Pause).await
    }

    /// Lets a paused node continue, and waits until its server answers.
    ///
    /// # Errors
    /// As [`NodeChange::run`].
    pub async fn unpause(&self) -> Result<NodesChanged, Error> {
        self.change(NodeVerb::Unpause).await
    }

    async fn change(&self, verb: NodeVerb) -> Result<NodesChanged, Error> {
        let deployment = self.deployment();
        Box::pin(NodeChange::new(deployment, verb).nodes([self.name().as_str()])?.run()).await
    }
}
