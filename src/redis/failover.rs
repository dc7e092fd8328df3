//! Planned changes of primary, in which nothing is lost: the replica has everything before it takes over.

use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::cmd;
use tokio::time::Instant;

use super::apply::run;
use super::{ServerError, parse, view};
use crate::observed::{Replication, ServerView};
use crate::plan::{HandOverWay, Peer};
use crate::topology::settings::STOPS_WRITES;

/// How long one attempt goes on: the servers themselves give up after this.
const ATTEMPT: Duration = Duration::from_secs(5);

/// How often it is looked whether the roles have changed.
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// More replicas than any primary has.
const NO_WRITES: u32 = 10_000;

/// Makes a cluster's replica primary with CLUSTER FAILOVER, which its primary takes part in.
pub(super) async fn take_place(connection: &mut MultiplexedConnection) -> Result<(), ServerError> {
    if is_primary(connection).await? {
        return Ok(());
    }
    run(connection, "CLUSTER FAILOVER", cmd("CLUSTER").arg("FAILOVER")).await?;
    let started = Instant::now();
    while started.elapsed() < ATTEMPT {
        if is_primary(connection).await? {
            return Ok(());
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
    Err(ServerError::NotHandedOverYet("its primary has not handed over yet"))
}

/// Lets the replica `to` take a primary's place with FAILOVER; the primary follows it from then on.
pub(super) async fn hand_over(connection: &mut MultiplexedConnection, to: &Peer) -> Result<(), ServerError> {
    if !is_primary(connection).await? {
        return Ok(());
    }
    let mut failover = cmd("FAILOVER");
    failover.arg("TO").arg(to.address.ip.to_string()).arg(to.address.port);
    failover.arg("TIMEOUT").arg(ATTEMPT.as_secs() * 1000);
    run(connection, "FAILOVER", &failover).await?;
    until_replica(connection).await
}

/// What FAILOVER does, where there is no such command or it would not do: no more writes; wait until the
/// replica has everything; swap the roles. Should this be cut off, the setting that stops the writes is
/// found by the next plan.
pub(super) async fn hand_over_by_hand(
    primary: &mut MultiplexedConnection,
    replica: &mut MultiplexedConnection,
    to: &Peer,
    way: HandOverWay,
) -> Result<(), ServerError> {
    if !is_primary(primary).await? {
        return Ok(());
    }
    let before: (String, String) = cmd("CONFIG")
        .arg("GET")
        .arg(STOPS_WRITES)
        .query_async(primary)
        .await
        .map_err(|source| ServerError::Command { command: "CONFIG GET", source })?;
    set_needed_replicas(primary, &NO_WRITES.to_string()).await?;
    let result = swap(primary, replica, to, way).await;
    set_needed_replicas(primary, &before.1).await?;
    result
}

async fn swap(
    primary: &mut MultiplexedConnection,
    replica: &mut MultiplexedConnection,
    to: &Peer,
    way: HandOverWay,
) -> Result<(), ServerError> {
    let started = Instant::now();
    while !has_everything(primary, replica).await? {
        if started.elapsed() >= ATTEMPT {
            return Err(ServerError::NotHandedOverYet("the replica does not have everything yet"));
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
    if way == HandOverWay::TakeOver {
        run(replica, "CLUSTER FAILOVER TAKEOVER", cmd("CLUSTER").arg("FAILOVER").arg("TAKEOVER")).await?;
        return until_replica(primary).await;
    }
    run(replica, "REPLICAOF NO ONE", cmd("REPLICAOF").arg("NO").arg("ONE")).await?;
    let address = to.address;
    run(primary, "REPLICAOF", cmd("REPLICAOF").arg(address.ip.to_string()).arg(address.port)).await
}

/// Waits until a primary has heard that another node has taken its place.
async fn until_replica(primary: &mut MultiplexedConnection) -> Result<(), ServerError> {
    let started = Instant::now();
    while started.elapsed() < ATTEMPT {
        if !is_primary(primary).await? {
            return Ok(());
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
    Err(ServerError::NotHandedOverYet("the replica has not taken over yet"))
}

async fn set_needed_replicas(connection: &mut MultiplexedConnection, count: &str) -> Result<(), ServerError> {
    run(connection, "CONFIG SET", cmd("CONFIG").arg("SET").arg(STOPS_WRITES).arg(count)).await
}

async fn has_everything(
    primary: &mut MultiplexedConnection,
    replica: &mut MultiplexedConnection,
) -> Result<bool, ServerError> {
    let Replication::Primary { offset: written, .. } = roles(primary).await? else { return Ok(true) };
    let replica = roles(replica).await?;
    Ok(matches!(replica, Replication::Replica { link_up: true, offset, .. } if offset >= written))
}

async fn is_primary(connection: &mut MultiplexedConnection) -> Result<bool, ServerError> {
    Ok(matches!(roles(connection).await?, Replication::Primary { .. }))
}

async fn roles(connection: &mut MultiplexedConnection) -> Result<Replication, ServerError> {
    let command = "INFO replication";
    let reply = cmd("INFO").arg("replication").query_async(connection).await;
    let mut view = ServerView::default();
    parse::info(
        &view::text(command, reply.map_err(|source| ServerError::Command { command, source })?)?,
        &mut view,
    );
    Ok(view.replication)
}
