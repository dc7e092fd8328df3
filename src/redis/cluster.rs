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

/// Makes the node the owner of slots that other nodes own, with the highest config epoch, so that all nodes accept it.
///
/// The last slot goes through SETSLOT IMPORTING and NODE. After these, servers since 7.0 tell all nodes their slots at
/// once. Otherwise gossip would take seconds. SETSLOT of each slot would be slow on Valkey 8 and later, where each
/// call waits for replicas.
pub(super) async fn take_slots(
    connection: &mut MultiplexedConnection,
    slots: &SlotSet,
) -> Result<(), ServerError> {
    let nodes = own_view(connection).await?;
    let others = || nodes.nodes.iter().filter(|(id, _)| **id != nodes.own_id);
    let missing = slots.without(&nodes.own().map(|own| own.slots.clone()).unwrap_or_default());
    let held: SlotSet =
        others().flat_map(|(_, line)| line.slots.slots()).filter(|slot| missing.contains(*slot)).collect();
    let announced = held.slots().last().and_then(|slot| {
        let owner = others().find(|(_, line)| line.slots.contains(slot))?;
        Some((slot, owner.0.clone()))
    });
    let last: SlotSet = announced.iter().map(|(slot, _)| *slot).collect();
    let words = |command: &'static str, slots: &SlotSet| {
        let mut cluster = cmd("CLUSTER");
        cluster.arg(command).arg(slots.slots().collect::<Vec<u16>>());
        cluster
    };
    let (given_up, added) = (held.without(&last), missing.without(&last));
    if !given_up.is_empty() {
        run(connection, "CLUSTER DELSLOTS", &words("DELSLOTS", &given_up)).await?;
    }
    if !added.is_empty() {
        run(connection, "CLUSTER ADDSLOTS", &words("ADDSLOTS", &added)).await?;
    }
    if let Some((slot, owner)) = announced {
        let set = |words: &[&str]| {
            let mut cluster = cmd("CLUSTER");
            cluster.arg("SETSLOT").arg(slot).arg(words);
            cluster
        };
        run(connection, "CLUSTER SETSLOT", &set(&["IMPORTING", &owner])).await?;
        run(connection, "CLUSTER SETSLOT", &set(&["NODE", &nodes.own_id])).await?;
    }
    run(connection, "CLUSTER BUMPEPOCH", cmd("CLUSTER").arg("BUMPEPOCH")).await
}

/// The node's view of the cluster, by CLUSTER NODES alone.
pub(super) async fn own_view(connection: &mut MultiplexedConnection) -> Result<ClusterView, ServerError> {
    let command = "CLUSTER NODES";
    let text: String = query(connection, command, cmd("CLUSTER").arg("NODES")).await?;
    let mut view = ClusterView::default();
    parse::cluster_nodes(&text, &mut view).map_err(|what| ServerError::Reply { command, what })?;
    Ok(view)
}

/// CLUSTER RESET HARD, after which the server holds no keys.
///
/// A former replica drops its keys, and still accepts the replicas of its former primary without a full sync: they
/// would keep their keys (seen on Redis 7.0). FLUSHALL is in the replication stream that they then get.
pub(super) async fn reset(connection: &mut MultiplexedConnection) -> Result<(), ServerError> {
    run(connection, "CLUSTER RESET", cmd("CLUSTER").arg("RESET").arg("HARD")).await?;
    run(connection, "FLUSHALL", &cmd("FLUSHALL")).await
}

/// The node's view of the cluster, by CLUSTER INFO alone.
pub(super) async fn own_state(connection: &mut MultiplexedConnection) -> Result<ClusterView, ServerError> {
    let text: String = query(connection, "CLUSTER INFO", cmd("CLUSTER").arg("INFO")).await?;
    let mut view = ClusterView::default();
    parse::cluster_info(&text, &mut view);
    Ok(view)
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
    Ok(own_state(connection).await?.current_epoch)
}

/// Introduces a node to peers that it does not know. It fails and names the missing peers, and is called again until
/// no peer is missing. A running handshake continues. An abandoned handshake starts again.
pub(super) async fn meet(
    connection: &mut MultiplexedConnection,
    peers: &[Peer],
    told: &ToldAddresses,
) -> Result<(), ServerError> {
    let mut known = own_view(connection).await?;
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
