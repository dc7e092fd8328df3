//! The node for clients that accept a single address, from the servers' present answers.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;

use crate::arrangement::Arrangement;
use crate::executor::{ServerCalls as _, chain};
use crate::observation::ObservedServer;
use crate::poll::Wait;
use crate::redis::Servers;
use crate::topology::{Kind, Node, NodeName, Topology};

/// The time limit for a server's answer, connecting included. The other servers' answers are enough.
const PATIENCE: Duration = Duration::from_secs(2);

/// The time limit of repeated questions while the primary changes.
const CHANGE_OF_PRIMARIES: Duration = Duration::from_secs(2);

/// The interval of these questions.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// [`Arrangement::dialled_first`] of the servers' answers, otherwise the topology's primary: the client then gets its
/// error.
pub(super) async fn dialled_first<'t>(topology: &'t Topology, servers: &Servers<'_>) -> &'t Node {
    let first = &topology.shards[0].primary;
    if topology.kind == Kind::Standalone {
        return first;
    }
    let wait = Wait::new("the change of primaries", CHANGE_OF_PRIMARIES, POLL_INTERVAL);
    loop {
        let answers = answers(topology, servers).await;
        let arrangement = Arrangement::from_answers(topology, &answers);
        if !arrangement.is_between_primaries() || wait.pause().await.is_err() {
            let dialled = arrangement.dialled_first();
            return dialled.and_then(|member| topology.node(&member.name)).unwrap_or(first);
        }
    }
}

/// The answers of all nodes, sentinels included.
async fn answers(topology: &Topology, servers: &Servers<'_>) -> BTreeMap<NodeName, ObservedServer> {
    let ask = |node: &NodeName| {
        let node = node.clone();
        async move {
            let answer = match tokio::time::timeout(PATIENCE, servers.view(&node)).await {
                Ok(Ok(view)) => ObservedServer::Answering(Box::new(view)),
                Ok(Err(error)) => ObservedServer::Silent(chain(error.as_ref())),
                Err(_) => ObservedServer::Silent(format!("no answer within {PATIENCE:?}")),
            };
            (node, answer)
        }
    };
    let nodes = topology.nodes();
    join_all(nodes.into_iter().map(|node| ask(&node.name))).await.into_iter().collect()
}
