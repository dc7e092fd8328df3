//! Server actions as commands through the node's own connection.

use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{Cmd, cmd};
use tokio::time::Instant;

use super::error::is_unknown_node;
use super::users::Passwords;
use super::{ServerError, failover, parse, view};
use crate::observed::ClusterView;
use crate::plan::{Peer, ServerAction};
use crate::topology::Server;

/// How long a key of [`ServerAction::Write`] lives, milliseconds.
const WRITE_LIFETIME: u64 = 1000;

/// For how long a peer must be known until it counts for one that is not forgotten again: while a cluster
/// is mended, every node hears from every other one each second, and with that whom to forget.
const STAYS_KNOWN: Duration = Duration::from_secs(3);

/// How often it is looked whether it still is.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// Does an action.
pub(super) async fn apply(
    connection: &mut MultiplexedConnection,
    server: Server,
    action: &ServerAction,
    passwords: &Passwords<'_>,
) -> Result<(), ServerError> {
    let mut cluster = cmd("CLUSTER");
    let (name, command): (&'static str, &Cmd) = match action {
        ServerAction::Configure(settings) => {
            // One CONFIG SET each: servers before 7.0 take no more.
            for (name, value) in settings.iter() {
                let set = cmd("CONFIG").arg("SET").arg(name).arg(value).exec_async(connection).await;
                set.map_err(|source| ServerError::Setting { directive: name.to_owned(), source })?;
            }
            return Ok(());
        }
        ServerAction::SetConfigEpoch(epoch) => {
            ("CLUSTER SET-CONFIG-EPOCH", cluster.arg("SET-CONFIG-EPOCH").arg(epoch))
        }
        ServerAction::AssignSlots(slots) if server.assigns_slot_ranges() => {
            cluster.arg("ADDSLOTSRANGE");
            for range in slots.ranges() {
                cluster.arg(range.start()).arg(range.end());
            }
            ("CLUSTER ADDSLOTSRANGE", &cluster)
        }
        ServerAction::AssignSlots(slots) => {
            cluster.arg("ADDSLOTS");
            for slot in slots.slots() {
                cluster.arg(slot);
            }
            ("CLUSTER ADDSLOTS", &cluster)
        }
        ServerAction::Meet(peers) => return meet(connection, peers).await,
        ServerAction::MeetAgain(peers) => return meet_again(connection, peers).await,
        ServerAction::Forget { id } => {
            return match cluster.arg("FORGET").arg(id).exec_async(connection).await {
                // It is forgotten already.
                Err(error) if is_unknown_node(&error) => Ok(()),
                result => result.map_err(|source| ServerError::Command { command: "CLUSTER FORGET", source }),
            };
        }
        ServerAction::Reset => ("CLUSTER RESET", cluster.arg("RESET").arg("HARD")),
        ServerAction::FailOver => return failover::take_place(connection).await,
        ServerAction::TakeOver => ("CLUSTER FAILOVER TAKEOVER", cluster.arg("FAILOVER").arg("TAKEOVER")),
        ServerAction::Follow(address) => return failover::follow(connection, *address).await,
        ServerAction::Promote => {
            return run(connection, "REPLICAOF NO ONE", cmd("REPLICAOF").arg("NO").arg("ONE")).await;
        }
        // They take a log-in to pass on, or connections to others.
        ServerAction::Replicate(_)
        | ServerAction::HandOver { .. }
        | ServerAction::Monitor { .. }
        | ServerAction::LogInToWatched { .. }
        | ServerAction::HandOverBySentinels { .. }
        | ServerAction::FailOverBySentinels { .. } => return Ok(()),
        ServerAction::Rediscover { name } => {
            return run(connection, "SENTINEL RESET", cmd("SENTINEL").arg("RESET").arg(name.as_str())).await;
        }
        ServerAction::SetUser { user, rules } => {
            return run(connection, "ACL SETUSER", &passwords.set(user, rules)).await;
        }
        ServerAction::AddPassword { user } => {
            return run(connection, "ACL SETUSER", &passwords.add(user)).await;
        }
        ServerAction::DeleteUser { user } => {
            return run(connection, "ACL DELUSER", cmd("ACL").arg("DELUSER").arg(user)).await;
        }
        ServerAction::LogInToPrimary { with_password } => {
            for command in passwords.log_in(*with_password) {
                run(connection, "CONFIG SET", &command).await?;
            }
            // A link stays logged in as whom it was opened by, whose rules may not let it go on.
            return run(connection, "CLIENT KILL", cmd("CLIENT").arg("KILL").arg("TYPE").arg("master")).await;
        }
        ServerAction::Write { key } => {
            let mut write = cmd("SET");
            write.arg(key).arg("redisctl").arg("PX").arg(WRITE_LIFETIME);
            return run(connection, "SET", &write).await;
        }
    };
    run(connection, name, command).await
}

pub(super) async fn run(
    connection: &mut MultiplexedConnection,
    command: &'static str,
    call: &Cmd,
) -> Result<(), ServerError> {
    call.exec_async(connection).await.map_err(|source| ServerError::Command { command, source })
}

/// CLUSTER REPLICATE of the node with this id.
pub(super) async fn replicate(connection: &mut MultiplexedConnection, id: &str) -> Result<(), ServerError> {
    run(connection, "CLUSTER REPLICATE", cmd("CLUSTER").arg("REPLICATE").arg(id)).await
}

/// Introduces a node to peers that it does not know, and says who is still missing. Called again
/// and again until nobody is; a handshake under way is left alone, one that was given up is begun anew.
async fn meet(connection: &mut MultiplexedConnection, peers: &[Peer]) -> Result<(), ServerError> {
    let command = "CLUSTER NODES";
    let reply = cmd("CLUSTER").arg("NODES").query_async(connection).await;
    let reply = reply.map_err(|source| ServerError::Command { command, source })?;
    let mut known = ClusterView::default();
    parse::cluster_nodes(&view::text(command, reply)?, &mut known)
        .map_err(|what| ServerError::Reply { command, what })?;
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
async fn meet_again(connection: &mut MultiplexedConnection, peers: &[Peer]) -> Result<(), ServerError> {
    let met = Instant::now();
    while met.elapsed() < STAYS_KNOWN {
        meet(connection, peers).await?;
        tokio::time::sleep(POLL_INTERVAL).await;
    }
    Ok(())
}
