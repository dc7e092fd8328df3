//! Moves slots by CLUSTER MIGRATESLOTS (Valkey 9): the source sends its keys by itself, in all databases. Clients see
//! the slots at the source until all of them change their owner.
//!
//! A migration goes on after the run that began it. The next run joins it.

use std::collections::BTreeSet;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{Value, cmd};

use super::super::command::{query, run as send};
use super::super::server_view::MIGRATIONS;
use super::super::slot_migrations::{MigrationState, SlotMigration, sent};
use super::super::{ServerError, cluster};
use super::{Ends, HEARING, HEARING_POLL, PATIENCE, SlotMove, owned};
use crate::poll::Wait;
use crate::topology::SlotSet;

/// The interval of questions about the migration.
const POLL: Duration = Duration::from_millis(10);

/// Joins running migrations of these slots, and begins one for all other slots. The result is the reason of a refusal.
pub(super) async fn run(
    servers: &mut SlotMove<'_>,
    slots: &SlotSet,
    ends: &Ends,
) -> Result<Option<String>, ServerError> {
    let target = &ends.target.own_id;
    let before = migrations(&mut servers.source).await?;
    let is_joined = |migration: &&SlotMigration| {
        migration.state == MigrationState::Running && migration.target == *target
    };
    let joined = before.iter().filter(is_joined);
    let joined = joined.fold(SlotSet::default(), |all, migration| all.joined_with(&migration.slots));
    let begun = ends.left(slots).without(&joined);
    if !begun.is_empty() {
        let refusal = begin(&mut servers.source, &begun, target).await?;
        if refusal.is_some() {
            return Ok(refusal);
        }
    }
    let past = before.iter().filter(|migration| !is_joined(migration)).map(|migration| &migration.name);
    let failure = await_end(&mut servers.source, &past.collect(), target).await?;
    if failure.is_some() {
        return Ok(failure);
    }
    let wait = Wait::new("the target to own the slots", HEARING, HEARING_POLL);
    loop {
        let view = cluster::own_view(&mut servers.target).await?;
        if slots.without(&owned(&view)).is_empty() {
            return Ok(None);
        }
        wait.pause().await?;
    }
}

/// Begins a migration. The result is the reason of a refusal.
async fn begin(
    source: &mut MultiplexedConnection,
    slots: &SlotSet,
    target: &str,
) -> Result<Option<String>, ServerError> {
    let migrate = &mut cmd("CLUSTER");
    migrate.arg("MIGRATESLOTS").arg("SLOTSRANGE");
    for range in slots.ranges() {
        migrate.arg(range.start()).arg(range.end());
    }
    match migrate.arg("NODE").arg(target).exec_async(source).await {
        Err(error) if error.is_io_error() || error.is_unrecoverable_error() => {
            Err(ServerError::Command { command: "CLUSTER MIGRATESLOTS", source: error })
        }
        Err(error) => Ok(Some(error.to_string())),
        Ok(()) => Ok(None),
    }
}

/// Waits until all migrations to a target are over, except past ones. The result is the reason of a failure.
async fn await_end(
    source: &mut MultiplexedConnection,
    past: &BTreeSet<&String>,
    target: &str,
) -> Result<Option<String>, ServerError> {
    let mut known = Vec::new();
    let mut wait = patience();
    loop {
        let mut found = migrations(source).await?;
        found.retain(|migration| migration.target == target && !past.contains(&migration.name));
        if let Some(failed) = found.iter().find(|migration| migration.state == MigrationState::Failed) {
            return Ok(Some(failed.message.clone()));
        }
        if found.iter().all(|migration| migration.state == MigrationState::Done) {
            return Ok(None);
        }
        if found != known {
            (known, wait) = (found, patience());
        }
        wait.pause().await?;
    }
}

/// A wait for news of a migration. The target acknowledges each second.
fn patience() -> Wait {
    Wait::new("news of the migration of slots", PATIENCE, POLL)
}

async fn migrations(source: &mut MultiplexedConnection) -> Result<Vec<SlotMigration>, ServerError> {
    let reply: Value = query(source, MIGRATIONS, cmd("CLUSTER").arg("GETSLOTMIGRATIONS")).await?;
    Ok(sent(&reply))
}

/// CLUSTER CANCELSLOTMIGRATIONS. A server without migrations refuses it.
pub(in super::super) async fn cancel(connection: &mut MultiplexedConnection) -> Result<(), ServerError> {
    let command = &mut cmd("CLUSTER");
    let canceled =
        send(connection, "CLUSTER CANCELSLOTMIGRATIONS", command.arg("CANCELSLOTMIGRATIONS")).await;
    let is_running = |migration: &SlotMigration| migration.state == MigrationState::Running;
    match canceled {
        Err(ServerError::Command { source, .. }) if !migrations(connection).await?.iter().any(is_running) => {
            tracing::debug!(%source, "no migration of slots runs");
            Ok(())
        }
        canceled => canceled,
    }
}
