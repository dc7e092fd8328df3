//! Commands that form a cluster.

use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::cmd;

use super::command::{query, run};
use super::error::is_unknown_node;
use super::told_addresses::ToldAddresses;
use super::{ServerError, parse};
use crate::observation::ClusterView;
use crate::plan::Peer;
use crate::poll::Wait;
use crate::topology::SlotSet;

/// How long a node must know a peer until the peer counts as joined. While a cluster is repaired, nodes tell each
/// other every second which peers to forget.
const STAYS_KNOWN: Duration = Duration::from_secs(3);

/// The time limit for gossip between two nodes that know each other.
const HEARING: Duration = Duration::from_secs(2);

/// The interval of checks for gossip, which takes a few milliseconds.
const HEARING_POLL: Duration = Duration::from_millis(2);

/// The interval of checks whether a peer is still known.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// CLUSTER ADDSLOTS. Servers before 7.0 do not have ADDSLOTSRANGE, and an unfinished upgrade can leave an old server
/// in a deployment.
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

/// CLUSTER FORGET. If the node does not know the peer, nothing is left to do.
pub(super) async fn forget(connection: &mut MultiplexedConnection, id: &str) -> Result<(), ServerError> {
    match cmd("CLUSTER").arg("FORGET").arg(id).exec_async(connection).await {
        Err(error) if is_unknown_node(&error) => Ok(()),
        result => result.map_err(|source| ServerError::Command { command: "CLUSTER FORGET", source }),
    }
}

/// Waits until a node knows the current epoch of another node.
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

/// Introduces a node to peers that it does not know. It fails and names the missing peers, and is called again until
/// no peer is missing. A running handshake continues. An abandoned handshake starts again.
pub(super) async fn meet(
    connection: &mut MultiplexedConnection,
    peers: &[Peer],
    told: &ToldAddresses,
) -> Result<(), ServerError> {
    let command = "CLUSTER NODES";
    let text: String = query(connection, command, cmd("CLUSTER").arg("NODES")).await?;
    let mut known = ClusterView::default();
    parse::cluster_nodes(&text, &mut known).map_err(|what| ServerError::Reply { command, what })?;
    told.restore_in(&mut known);
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

/// Introduces a node to peers that other nodes still tell it to forget, until it keeps them.
pub(super) async fn meet_again(
    connection: &mut MultiplexedConnection,
    peers: &[Peer],
    told: &ToldAddresses,
) -> Result<(), ServerError> {
    let wait = Wait::new("peers to stay known", STAYS_KNOWN, POLL_INTERVAL);
    loop {
        meet(connection, peers, told).await?;
        if wait.pause().await.is_err() {
            return Ok(());
        }
    }
}
