//! What the nodes of a deployment wrote to their logs.

use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;

use super::Error;
use super::engine::{ConnectedEngine, choose};
use super::node_choice::find_node;
use crate::docker::logs;
use crate::topology::NodeName;

impl ConnectedEngine {
    /// The nodes of a deployment whose logs are wanted; all of them where `words` is empty. It reads the
    /// engine alone: a deployment without its description has logs too.
    pub(crate) async fn nodes_with_logs(
        &self,
        deployment: Option<&str>,
        words: &[String],
    ) -> Result<Vec<NodeName>, Error> {
        let on_engine = self.api.inventory().await?;
        let deployment = choose(deployment, &on_engine)?;
        let all: Vec<NodeName> = on_engine.deployment(&deployment).containers.into_keys().collect();
        if words.is_empty() {
            return Ok(all);
        }
        let nodes: Vec<&NodeName> = all.iter().collect();
        let find = |word: &String| find_node(word, &deployment, &nodes, NodeName::as_str).cloned();
        words.iter().map(find).collect()
    }

    /// The lines of a node's log: the last `tail` of them where that is given, and the lines to come with
    /// `follow`.
    pub(crate) fn log_lines(
        &self,
        node: &NodeName,
        follow: bool,
        tail: Option<usize>,
    ) -> BoxStream<'static, Result<String, Error>> {
        logs::lines(self.api.client(), node, follow, tail).map(|line| Ok(line?)).boxed()
    }
}
