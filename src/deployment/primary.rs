//! The node for clients that accept a single address, from the servers' present answers.

use std::time::Duration;

use super::answers::answers;
use crate::arrangement::Arrangement;
use crate::poll::Wait;
use crate::redis::Servers;
use crate::topology::{Kind, Node, Topology};

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
        let nodes = topology.nodes();
        let answers = answers(nodes.into_iter().map(|node| &node.name), servers, PATIENCE).await;
        let arrangement = Arrangement::from_answers(topology, &answers);
        if !arrangement.is_between_primaries() || wait.pause().await.is_err() {
            let dialled = arrangement.dialled_first();
            return dialled.and_then(|member| topology.node(&member.name)).unwrap_or(first);
        }
    }
}
