//! Moves slots by CLUSTER MIGRATESLOTS (Valkey 9): the source sends its keys by itself, in all databases. Clients see
//! the slots at the source until all of them change their owner.
//!
//! A migration goes on after the run that began it. The next run joins it.

use std::collections::{BTreeMap, BTreeSet};
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

/// About how many keys a migration has. For each, the server forks. Slots change their owner once their migration is
/// over.
const KEYS_AT_ONCE: u64 = 50_000;

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
    let left: Vec<u16> = ends.left(slots).slots().collect();
    let counts: BTreeMap<u16, u64> = left.iter().copied().zip(servers.counts(&left).await?).collect();
    servers.reports.begin(left.len(), counts.values().sum());
    let begun = ends.left(slots).without(&joined);
    if !begun.is_empty() {
        let parts = parts(&begun, &counts);
        let refusal = begin(&mut servers.source, &parts, target).await?;
        if refusal.is_some() {
            return Ok(refusal);
        }
    }
    let past = before.iter().filter(|migration| !is_joined(migration)).map(|migration| &migration.name);
    let failure = await_end(servers, &past.collect(), target, &counts).await?;
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

/// Begins a migration of each part. The result is the reason of a refusal.
async fn begin(
    source: &mut MultiplexedConnection,
    parts: &[SlotSet],
    target: &str,
) -> Result<Option<String>, ServerError> {
    let migrate = &mut cmd("CLUSTER");
    migrate.arg("MIGRATESLOTS");
    for part in parts {
        migrate.arg("SLOTSRANGE");
        for range in part.ranges() {
            migrate.arg(range.start()).arg(range.end());
        }
        migrate.arg("NODE").arg(target);
    }
    match migrate.exec_async(source).await {
        Err(error) if error.is_io_error() || error.is_unrecoverable_error() => {
            Err(ServerError::Command { command: "CLUSTER MIGRATESLOTS", source: error })
        }
        Err(error) => Ok(Some(error.to_string())),
        Ok(()) => Ok(None),
    }
}

/// Waits until all migrations to a target are over, except past ones. The result is the reason of a failure.
async fn await_end(
    servers: &mut SlotMove<'_>,
    past: &BTreeSet<&String>,
    target: &str,
    counts: &BTreeMap<u16, u64>,
) -> Result<Option<String>, ServerError> {
    let mut known = Vec::new();
    let mut wait = patience();
    loop {
        let mut found = migrations(&mut servers.source).await?;
        found.retain(|migration| migration.target == target && !past.contains(&migration.name));
        if let Some(failed) = found.iter().find(|migration| migration.state == MigrationState::Failed) {
            return Ok(Some(failed.message.clone()));
        }
        let done = found.iter().filter(|migration| migration.state == MigrationState::Done);
        let moved: Vec<u64> = done
            .flat_map(|migration| migration.slots.slots())
            .filter_map(|slot| counts.get(&slot).copied())
            .collect();
        servers.reports.set(moved.len(), moved.iter().sum());
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

/// The slots in parts, given the number of keys in each slot.
fn parts(slots: &SlotSet, counts: &BTreeMap<u16, u64>) -> Vec<SlotSet> {
    let mut parts: Vec<Vec<u16>> = Vec::new();
    let mut room = 0;
    for slot in slots.slots() {
        let keys = counts.get(&slot).copied().unwrap_or(0);
        match parts.last_mut() {
            Some(part) if keys <= room => part.push(slot),
            _ => {
                parts.push(vec![slot]);
                room = KEYS_AT_ONCE;
            }
        }
        room = room.saturating_sub(keys);
    }
    parts.into_iter().map(|part| part.into_iter().collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_migration_has_a_limited_number_of_keys() {
        let texts = |counts: &[(u16, u64)]| -> Vec<String> {
            let slots: SlotSet = counts.iter().map(|(slot, _)| *slot).collect();
            let counts = counts.iter().copied().collect();
            parts(&slots, &counts).iter().map(ToString::to_string).collect()
        };
        assert_eq!(texts(&[(0, 0), (1, 10), (7, 0)]), ["0-1,7"]);
        assert_eq!(texts(&[(0, 30_000), (1, 30_000), (2, 90_000), (3, 5)]), ["0", "1", "2", "3"]);
        assert_eq!(texts(&[(0, 20_000), (1, 30_000), (2, 0), (3, 5)]), ["0-2", "3"]);
        assert_eq!(texts(&[]), [""; 0]);
    }
}
