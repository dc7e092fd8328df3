//! Planned changes of the primary without loss: the replica has every write before it becomes primary.

use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::cmd;

use super::command::{query, run};
use super::error::is_failing_over;
use super::{ServerError, parse, sentinel};
use crate::observation::{Replication, ServerView};
use crate::plan::{HandOverWay, Peer};
use crate::poll::Wait;
use crate::topology::settings::STOPS_WRITES;
use crate::topology::{Address, DeploymentName};

/// The longest time of an attempt: CLUSTER FAILOVER gives up after this time.
const ATTEMPT: Duration = Duration::from_secs(5);

/// The interval of checks whether roles have changed.
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// More replicas than any primary has, so that the primary refuses writes.
const NO_WRITES: &str = "10000";

/// The time limit for sentinels to agree on a replica. They exchange news every two seconds.
const CHOICE: Duration = Duration::from_secs(15);

/// Makes a cluster's replica primary with CLUSTER FAILOVER, in which the primary takes part.
pub(super) async fn take_place(connection: &mut MultiplexedConnection) -> Result<(), ServerError> {
    if is_primary(connection).await? {
        return Ok(());
    }
    run(connection, "CLUSTER FAILOVER", cmd("CLUSTER").arg("FAILOVER")).await?;
    until(connection, WantedRole::Primary, "the primary to hand over").await
}

/// Lets the replica `to` become primary with FAILOVER. The former primary replicates it afterwards.
pub(super) async fn hand_over(connection: &mut MultiplexedConnection, to: &Peer) -> Result<(), ServerError> {
    if !is_primary(connection).await? {
        return Ok(());
    }
    let mut failover = cmd("FAILOVER");
    failover.arg("TO").arg(to.address.ip.to_string()).arg(to.address.port);
    failover.arg("TIMEOUT").arg(ATTEMPT.as_secs() * 1000);
    match failover.exec_async(connection).await {
        // An earlier run sent the command and was killed.
        Err(error) if is_failing_over(&error) => {}
        result => result.map_err(|source| ServerError::Command { command: "FAILOVER", source })?,
    }
    until_replica(connection).await
}

/// Does the work of FAILOVER on servers without it, or where it is not enough. It stops writes, waits until the
/// replica has every write, and swaps the roles. If the run is killed meanwhile, the next plan repairs the setting
/// that stops writes.
pub(super) async fn hand_over_by_hand(
    primary: &mut MultiplexedConnection,
    replica: &mut MultiplexedConnection,
    to: &Peer,
    way: HandOverWay,
) -> Result<(), ServerError> {
    without_writes(primary, async |primary| swap(primary, replica, to, way).await).await
}

/// Changes a primary's role while it refuses writes. A server that is already a replica is not changed.
async fn without_writes(
    primary: &mut MultiplexedConnection,
    change: impl AsyncFnOnce(&mut MultiplexedConnection) -> Result<(), ServerError>,
) -> Result<(), ServerError> {
    if !is_primary(primary).await? {
        return Ok(());
    }
    let before = needed_replicas(primary).await?;
    set_needed_replicas(primary, NO_WRITES).await?;
    let result = change(primary).await;
    set_needed_replicas(primary, &before).await?;
    result
}

async fn swap(
    primary: &mut MultiplexedConnection,
    replica: &mut MultiplexedConnection,
    to: &Peer,
    way: HandOverWay,
) -> Result<(), ServerError> {
    until_everything(primary, replica, &for_everything()).await?;
    if way == HandOverWay::TakeOver {
        take_over(replica).await?;
        return until_replica(primary).await;
    }
    promote(replica).await?;
    follow(primary, to.address).await
}

/// A wait for replicas to have every write of their primary.
fn for_everything() -> Wait {
    Wait::new("the replica to have every write", ATTEMPT, POLL_INTERVAL)
}

/// Waits until a replica has every write of its primary.
async fn until_everything(
    primary: &mut MultiplexedConnection,
    replica: &mut MultiplexedConnection,
    wait: &Wait,
) -> Result<(), ServerError> {
    while !has_everything(primary, replica).await? {
        wait.pause().await?;
    }
    Ok(())
}

/// Waits until a primary has become a replica.
async fn until_replica(primary: &mut MultiplexedConnection) -> Result<(), ServerError> {
    until(primary, WantedRole::Replica, "the replica to take over").await
}

/// The role that a server must get.
#[derive(Clone, Copy, PartialEq, Eq)]
enum WantedRole {
    Primary,
    Replica,
}

/// Waits for a server's role, for the time of an attempt. `awaited` names the event in errors.
async fn until(
    connection: &mut MultiplexedConnection,
    role: WantedRole,
    awaited: &'static str,
) -> Result<(), ServerError> {
    let wait = Wait::new(awaited, ATTEMPT, POLL_INTERVAL);
    while is_primary(connection).await? != (role == WantedRole::Primary) {
        wait.pause().await?;
    }
    Ok(())
}

/// Makes the sentinels replace the primary at `from`, which then becomes a replica. Alone, sentinels would not wait
/// until the replica has every write.
pub(super) async fn hand_over_by_sentinels(
    primary: &mut MultiplexedConnection,
    replicas: &mut [MultiplexedConnection],
    sentinels: &mut [MultiplexedConnection],
    name: &DeploymentName,
    from: Address,
) -> Result<(), ServerError> {
    without_writes(primary, async |primary| let_choose(primary, replicas, sentinels, name, from).await).await
}

async fn let_choose(
    primary: &mut MultiplexedConnection,
    replicas: &mut [MultiplexedConnection],
    sentinels: &mut [MultiplexedConnection],
    name: &DeploymentName,
    from: Address,
) -> Result<(), ServerError> {
    let wait = for_everything();
    for replica in replicas {
        until_everything(primary, replica, &wait).await?;
    }
    let chosen = fail_over_by_sentinels(sentinels, name, from).await?;
    follow(primary, chosen).await
}

/// Makes the sentinels replace the primary at `from`. Returns the address of the new primary.
pub(super) async fn fail_over_by_sentinels(
    sentinels: &mut [MultiplexedConnection],
    name: &DeploymentName,
    from: Address,
) -> Result<Address, ServerError> {
    if sentinel::chosen(sentinels, name).await? == Some(from) {
        sentinel::fail_over(sentinels, name).await?;
    }
    let wait = Wait::new("the sentinels to agree on another primary", CHOICE, POLL_INTERVAL);
    loop {
        match sentinel::chosen(sentinels, name).await? {
            Some(chosen) if chosen != from => return Ok(chosen),
            _ => wait.pause().await?,
        }
    }
}

/// CLUSTER FAILOVER TAKEOVER. A replica that has won an election meanwhile is a primary, and refuses the command.
pub(super) async fn take_over(replica: &mut MultiplexedConnection) -> Result<(), ServerError> {
    match run(replica, "CLUSTER FAILOVER TAKEOVER", cmd("CLUSTER").arg("FAILOVER").arg("TAKEOVER")).await {
        Err(_) if is_primary(replica).await? => Ok(()),
        result => result,
    }
}

/// REPLICAOF NO ONE.
pub(super) async fn promote(replica: &mut MultiplexedConnection) -> Result<(), ServerError> {
    run(replica, "REPLICAOF NO ONE", cmd("REPLICAOF").arg("NO").arg("ONE")).await
}

/// REPLICAOF an address.
pub(super) async fn follow(
    connection: &mut MultiplexedConnection,
    primary: Address,
) -> Result<(), ServerError> {
    run(connection, "REPLICAOF", cmd("REPLICAOF").arg(primary.ip.to_string()).arg(primary.port)).await
}

async fn needed_replicas(connection: &mut MultiplexedConnection) -> Result<String, ServerError> {
    let mut get = cmd("CONFIG");
    let (_, value): (String, String) =
        query(connection, "CONFIG GET", get.arg("GET").arg(STOPS_WRITES)).await?;
    Ok(value)
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
    let text: String = query(connection, "INFO replication", cmd("INFO").arg("replication")).await?;
    let mut view = ServerView::default();
    parse::info(&text, &mut view);
    Ok(view.replication)
}
