//! Commands that form a cluster: which nodes a node knows, and which slots it owns.

use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::cmd;

use super::command::{query, run};
use super::error::is_unknown_node;
use super::{ServerError, parse};
use crate::observation::ClusterView;
use crate::plan::Peer;
use crate::poll::Wait;
use crate::topology::SlotSet;

/// How long a node must know a peer before the peer stays known. While a cluster is mended, each node tells every
/// other node each second which peers to forget.
const STAYS_KNOWN: Duration = Duration::from_secs(3);

/// How long news takes between two nodes that know each other, at most.
const HEARING: Duration = Duration::from_secs(2);

/// The pace of the looks for news, which takes a few milliseconds.
const HEARING_POLL: Duration = Duration::from_millis(2);

/// The pace of the looks whether a peer stays known.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// CLUSTER ADDSLOTS. ADDSLOTSRANGE would be shorter, but servers before 7.0 do not have it. An unfinished upgrade can
/// leave this server in a deployment.
pub(super) async fn assign_slots(
    connection: &mut MultiplexedConnection,
    slots: &SlotSet,
) -> Result<(), ServerError> {
    let mut cluster = cmd("CLUSTER");
    cluster.arg("ADDSLOTS");
    for slot in slots.slots() {
        cluster.arg(slot);
    }
    run(connection, "CLUSTER ADDSLOTS", &cluster).await
}

/// CLUSTER FORGET. A peer that the node does not know is forgotten already.
pub(super) async fn forget(connection: &mut MultiplexedConnection, id: &str) -> Result<(), ServerError> {
    match cmd("CLUSTER").arg("FORGET").arg(id).exec_async(connection).await {
        Err(error) if is_unknown_node(&error) => Ok(()),
        result => result.map_err(|source| ServerError::Command { command: "CLUSTER FORGET", source }),
    }
}

/// Waits until a node has heard of the current epoch of another node.
pub(super) async fn let_hear(
    connection: &mut MultiplexedConnection,
    other: &mut MultiplexedConnection,
) -> Result<(), ServerError> {
    let known = current_epoch(other).await?;
    let wait = Wait::new("the news of an epoch", HEARING, HEARING_POLL);
    while current_epoch(connection).await? < known {
        if wait.pause().await.is_err() {
            break;
        }
    }
    Ok(())
}

async fn current_epoch(connection: &mut MultiplexedConnection) -> Result<u64, ServerError> {
    let text: String = query(connection, "CLUSTER INFO", cmd("CLUSTER").arg("INFO")).await?;
    let mut view = ClusterView::default();
    parse::cluster_info(&text, &mut view);
    Ok(view.current_epoch)
}

/// Introduces a node to peers that it does not know. It fails with the missing peers, and is called again until none
/// is missing. A running handshake continues. An abandoned handshake begins again.
pub(super) async fn meet(connection: &mut MultiplexedConnection, peers: &[Peer]) -> Result<(), ServerError> {
    let command = "CLUSTER NODES";
    let text: String = query(connection, command, cmd("CLUSTER").arg("NODES")).await?;
    let mut known = ClusterView::default();
    parse::cluster_nodes(&text, &mut known).map_err(|what| ServerError::Reply { command, what })?;
    let mut missing = Vec::new();
    for peer in peers {
        let lines = || known.nodes.values().filter(|line| line.address == Some(peer.address));
        if lines().any(|line| !line.handshake) {
            continue;
        }
        missing.push(peer.node.as_str());
        if lines().next().is_none() {
            let mut meet = cmd("CLUSTER");
            meet.arg("MEET").arg(peer.address.ip.to_string()).arg(peer.address.port);
            run(connection, "CLUSTER MEET", &meet).await?;
        }
    }
    if missing.is_empty() { Ok(()) } else { Err(ServerError::NotMetYet(missing.join(", "))) }
}

/// Introduces a node to peers that other nodes still tell it to forget, until it keeps knowing them.
pub(super) async fn meet_again(
    connection: &mut MultiplexedConnection,
    peers: &[Peer],
) -> Result<(), ServerError> {
    let wait = Wait::new("peers to stay known", STAYS_KNOWN, POLL_INTERVAL);
    loop {
        meet(connection, peers).await?;
        if wait.pause().await.is_err() {
            return Ok(());
        }
    }
}
