//! Moves slots by SETSLOT and MIGRATE.
//!
//! Several connections work side by side. While one waits for SETSLOT, another moves keys.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use futures_util::future::try_join_all;
use redis::aio::MultiplexedConnection;
use redis::{Cmd, Pipeline, cmd};
use tokio::sync::Semaphore;

use super::super::command::{query, query_all, run as send, values};
use super::super::connect::Login;
use super::super::error::is_for_primaries;
use super::super::{ServerError, parse};
use super::pace::Pace;
use super::{Ends, PATIENCE, Reports, SlotMove, owned};
use crate::topology::server::MoveWay;
use crate::topology::{Address, SlotSet};

/// The most slots that a connection opens at a time. Every node writes its file for each batch.
const SLOTS_AT_ONCE: usize = 1024;

/// About how many keys the slots hold that a connection opens at a time. With more, clients get more ASK redirections.
const KEYS_IN_OPEN_SLOTS: u64 = 2000;

/// The round trips of MIGRATE that a source has at a time. While it does one, it receives the next.
const ROUND_TRIPS_AT_ONCE: usize = 2;

/// The command as errors name it.
const SET_SLOT: &str = "CLUSTER SETSLOT";

/// A move by hand.
struct Classic<'a> {
    /// The cluster ids of source and target.
    from: &'a str,
    to: &'a str,
    /// The target's address in the network.
    address: Address,
    login: Option<&'a Login>,
    /// Whether the SETSLOT of a batch are a transaction: the server then writes its file once for all of them. A server
    /// that waits for its replicas cannot wait in a transaction.
    bundled: bool,
    /// The batches of slots that no connection has taken.
    batches: Mutex<Vec<&'a [u16]>>,
    /// The permits for round trips of MIGRATE.
    permits: Semaphore,
    pace: Mutex<Pace>,
    reports: &'a Reports<'a>,
}

/// Moves the slots that the target does not own yet.
pub(super) async fn run(
    ends: &mut SlotMove<'_>,
    slots: &SlotSet,
    views: &Ends,
    way: MoveWay,
    login: Option<&Login>,
) -> Result<(), ServerError> {
    let left: Vec<u16> = views.left(slots).slots().collect();
    let counts = ends.counts(&left).await?;
    ends.reports.begin(left.len(), counts.iter().sum());
    let mut batches = batches(&left, &counts, left.len().div_ceil(way.connections()));
    // The last comes first.
    batches.reverse();
    let lanes = way.connections().min(batches.len());
    let classic = Classic {
        from: &views.source.own_id,
        to: &views.target.own_id,
        address: ends.to.address,
        login,
        bundled: !way.waits_for_replicas,
        batches: Mutex::new(batches),
        permits: Semaphore::new(ROUND_TRIPS_AT_ONCE),
        pace: Mutex::new(Pace::default()),
        reports: &ends.reports,
    };
    let open = |node| ends.servers.another_connection(node, PATIENCE);
    let lane = async || {
        let (source, target) = futures_util::future::try_join(open(ends.from), open(&ends.to.node)).await?;
        classic.lane(Lane { source, target }).await
    };
    try_join_all((0..lanes).map(|_| lane())).await?;
    // An earlier call that was cut off may have moved them.
    let moved_before = slots.shared_with(&owned(&views.target)).shared_with(&owned(&views.source));
    if !moved_before.is_empty() {
        let moved_before: Vec<u16> = moved_before.slots().collect();
        classic.give_up(&mut ends.source, &moved_before).await?;
    }
    Ok(())
}

/// Connections to both ends, for one batch of slots after another.
struct Lane {
    source: MultiplexedConnection,
    target: MultiplexedConnection,
}

impl Classic<'_> {
    /// Moves batches until none is left.
    async fn lane(&self, mut lane: Lane) -> Result<(), ServerError> {
        loop {
            let next = self.batches.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let Some(batch) = next else { return Ok(()) };
            self.batch(&mut lane, batch).await?;
        }
    }

    async fn batch(&self, lane: &mut Lane, slots: &[u16]) -> Result<(), ServerError> {
        self.set_slots(&mut lane.target, slots, "IMPORTING", self.from).await?;
        self.set_slots(&mut lane.source, slots, "MIGRATING", self.to).await?;
        // The source makes no new keys in these slots now.
        self.keys(&mut lane.source, slots, 0).await?;
        for database in other_databases(&mut lane.source).await? {
            select(&mut lane.source, database).await?;
            self.keys(&mut lane.source, slots, database).await?;
            select(&mut lane.source, 0).await?;
        }
        // The target first: otherwise no node would serve the slots for a moment.
        self.set_slots(&mut lane.target, slots, "NODE", self.to).await?;
        self.give_up(&mut lane.source, slots).await?;
        self.reports.add_slots(slots.len());
        Ok(())
    }

    /// Moves the keys of a database.
    async fn keys(
        &self,
        source: &mut MultiplexedConnection,
        slots: &[u16],
        database: u32,
    ) -> Result<(), ServerError> {
        let mut left = slots.to_vec();
        while !left.is_empty() {
            let most = self.pace.lock().unwrap_or_else(PoisonError::into_inner).most_keys();
            let keys = keys_in_slots(source, &left, most).await?;
            let with_keys = left.iter().zip(keys).filter(|(_, keys)| !keys.is_empty());
            let (slots, mut keys): (Vec<u16>, Vec<Vec<Vec<u8>>>) =
                with_keys.map(|(slot, keys)| (*slot, keys)).unzip();
            while !keys.is_empty() {
                let permit = self.permits.acquire().await;
                let next = self.pace.lock().unwrap_or_else(PoisonError::into_inner).next(&mut keys);
                self.migrate(source, &next, database).await?;
                drop(permit);
            }
            left = slots;
        }
        Ok(())
    }

    /// The source lists the slots at the target.
    async fn give_up(&self, source: &mut MultiplexedConnection, slots: &[u16]) -> Result<(), ServerError> {
        match self.set_slots(source, slots, "NODE", self.to).await {
            // The news of its last slot came first: the source has become a replica.
            Err(ServerError::Command { source, .. }) if is_for_primaries(&source) => Ok(()),
            result => result,
        }
    }

    /// CLUSTER SETSLOT of all slots.
    async fn set_slots(
        &self,
        connection: &mut MultiplexedConnection,
        slots: &[u16],
        state: &str,
        node: &str,
    ) -> Result<(), ServerError> {
        let mut pipeline = Pipeline::new();
        if self.bundled {
            pipeline.atomic();
        }
        for slot in slots {
            pipeline.add_command(set_slot(*slot, state)).arg(node);
        }
        query_all(connection, SET_SLOT, &mut pipeline).await.map(drop)
    }

    /// MIGRATE of the keys of a few slots. The source's keys win: it has served its clients from them.
    async fn migrate(
        &self,
        source: &mut MultiplexedConnection,
        keys_of_slots: &[Vec<Vec<u8>>],
        database: u32,
    ) -> Result<(), ServerError> {
        let mut pipeline = Pipeline::new();
        for keys in keys_of_slots {
            let mut migrate = cmd("MIGRATE");
            migrate.arg(self.address.ip.to_string()).arg(self.address.port).arg("").arg(database);
            migrate.arg(u64::try_from(PATIENCE.as_millis()).unwrap_or(u64::MAX)).arg("REPLACE");
            if let Some(login) = self.login {
                migrate.arg("AUTH2").arg(&login.user).arg(login.password.expose());
            }
            migrate.arg("KEYS").arg(keys);
            pipeline.add_command(migrate);
        }
        let began = Instant::now();
        query_all(source, "MIGRATE", &mut pipeline).await?;
        let moved = keys_of_slots.iter().map(Vec::len).sum();
        self.pace.lock().unwrap_or_else(PoisonError::into_inner).learn(moved, began.elapsed());
        self.reports.add_keys(moved);
        Ok(())
    }
}

/// The first keys of each slot.
async fn keys_in_slots(
    source: &mut MultiplexedConnection,
    slots: &[u16],
    most: usize,
) -> Result<Vec<Vec<Vec<u8>>>, ServerError> {
    let mut pipeline = Pipeline::new();
    for slot in slots {
        pipeline.cmd("CLUSTER").arg("GETKEYSINSLOT").arg(slot).arg(most);
    }
    values(source, "CLUSTER GETKEYSINSLOT", &mut pipeline).await
}

/// The databases beyond 0 with keys. Clusters of Valkey 9 may have them.
async fn other_databases(source: &mut MultiplexedConnection) -> Result<Vec<u32>, ServerError> {
    let text: String = query(source, "INFO", cmd("INFO").arg("keyspace")).await?;
    Ok(parse::databases(&text).into_keys().filter(|database| *database > 0).collect())
}

async fn select(source: &mut MultiplexedConnection, database: u32) -> Result<(), ServerError> {
    send(source, "SELECT", cmd("SELECT").arg(database)).await
}

/// Slots that are open together, given the number of keys in each slot, `most` slots at most.
fn batches<'s>(slots: &'s [u16], counts: &[u64], most: usize) -> Vec<&'s [u16]> {
    let most = most.clamp(1, SLOTS_AT_ONCE);
    let mut batches = Vec::new();
    let (mut first, mut keys) = (0, 0);
    for (position, count) in counts.iter().enumerate() {
        if position > first && (keys + count > KEYS_IN_OPEN_SLOTS || position - first == most) {
            batches.push(&slots[first..position]);
            (first, keys) = (position, 0);
        }
        keys += count;
    }
    batches.push(&slots[first..]);
    batches.retain(|batch| !batch.is_empty());
    batches
}

/// CLUSTER SETSLOT STABLE.
pub(in super::super) async fn close(
    connection: &mut MultiplexedConnection,
    slots: &SlotSet,
) -> Result<(), ServerError> {
    let mut pipeline = Pipeline::new();
    for slot in slots.slots() {
        pipeline.add_command(set_slot(slot, "STABLE"));
    }
    query_all(connection, SET_SLOT, &mut pipeline).await.map(drop)
}

fn set_slot(slot: u16, state: &str) -> Cmd {
    let mut command = cmd("CLUSTER");
    command.arg("SETSLOT").arg(slot).arg(state);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_slots_go_together_and_full_slots_alone() {
        let slots: Vec<u16> = (0..3000).collect();
        let sizes = |counts: &[u64], most: usize| -> Vec<usize> {
            batches(&slots[..counts.len()], counts, most).iter().map(|batch| batch.len()).collect()
        };
        assert_eq!(sizes(&vec![0; 3000], 3000), [1024, 1024, 952]);
        assert_eq!(sizes(&[0; 5], 2), [2, 2, 1]);
        assert_eq!(sizes(&[800; 5], 1024), [2, 2, 1]);
        assert_eq!(sizes(&[0, 5000, 0, 0, 1], 1024), [1, 1, 3]);
        assert_eq!(sizes(&[], 0), [0_usize; 0]);
    }
}
