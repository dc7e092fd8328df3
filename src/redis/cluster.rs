//! What makes a server one of a cluster: whom it knows, and which slots it owns.

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

/// For how long a peer must be known until it counts for one that is not forgotten again: while a cluster
/// is mended, every node hears from every other one each second, and with that whom to forget.
const STAYS_KNOWN: Duration = Duration::from_secs(3);

/// How long news may take between two nodes; longer it takes only where they do not know each other.
const HEARING: Duration = Duration::from_secs(2);

/// How often it is looked whether they have come: it takes a few milliseconds.
const HEARING_POLL: Duration = Duration::from_millis(2);

/// How often it is looked whether it still is.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// CLUSTER ADDSLOTS. Redis 7.0 has ADDSLOTSRANGE too, which says the same in fewer words; where nodes are
/// about to be replaced by newer ones, though, an older server may be asked.
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

/// CLUSTER FORGET; one that is forgotten already stays so.
pub(super) async fn forget(connection: &mut MultiplexedConnection, id: &str) -> Result<(), ServerError> {
    match cmd("CLUSTER").arg("FORGET").arg(id).exec_async(connection).await {
        Err(error) if is_unknown_node(&error) => Ok(()),
        result => result.map_err(|source| ServerError::Command { command: "CLUSTER FORGET", source }),
    }
}

/// Gives a node the time to hear of every epoch that another one knows.
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

/// Introduces a node to peers that it does not know, and says who is still missing. Called again
/// and again until nobody is; a handshake under way is left alone, one that was given up is begun anew.
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

/// Introduces a node to peers that others tell it to forget, until they do so no more.
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
