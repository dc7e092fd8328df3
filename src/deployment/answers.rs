//! The present answers of servers, each within a time limit.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;

use crate::executor::{ServerCalls as _, chain};
use crate::observation::ObservedServer;
use crate::redis::Servers;
use crate::topology::NodeName;

/// Asks servers at the same time. A server that does not answer in time, connecting included, is silent.
pub(super) async fn answers(
    nodes: impl IntoIterator<Item = &NodeName>,
    servers: &Servers<'_>,
    patience: Duration,
) -> BTreeMap<NodeName, ObservedServer> {
    let ask = |node: &NodeName| {
        let node = node.clone();
        async move {
            let answer = match tokio::time::timeout(patience, servers.view(&node)).await {
                Ok(Ok(view)) => ObservedServer::Answering(Box::new(view)),
                Ok(Err(error)) => ObservedServer::Silent(chain(error.as_ref())),
                Err(_) => ObservedServer::Silent(format!("no answer within {patience:?}")),
            };
            (node, answer)
        }
    };
    join_all(nodes.into_iter().map(ask)).await.into_iter().collect()
}
