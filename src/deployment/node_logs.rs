//! The logs of a deployment's nodes.

use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;

use super::Error;
use super::engine::{ConnectedEngine, choose};
use super::node_choice::find_node;
use crate::docker::logs;
use crate::topology::NodeName;

impl ConnectedEngine {
    /// The nodes of a deployment that `words` name; all nodes if it is empty. It asks the engine only, so it works
    /// without the deployment's description.
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

    /// The lines of a node's log: the last `tail` lines if given, and later lines with `follow`.
    pub(crate) fn log_lines(
        &self,
        node: &NodeName,
        follow: bool,
        tail: Option<usize>,
    ) -> BoxStream<'static, Result<String, Error>> {
        logs::lines(self.api.client(), node, follow, tail).map(|line| Ok(line?)).boxed()
    }
}
