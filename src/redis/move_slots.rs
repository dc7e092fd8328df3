//! Moves slots with their keys to another primary, by SETSLOT and MIGRATE. Clients follow by MOVED and ASK.
//!
//! Each part of the work may be done again: after an interruption, the same call finishes it.

use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{Cmd, FromRedisValue, Pipeline, Value, cmd};

use super::cluster::{let_hear, own_state, own_view};
use super::command::{query, query_all, run};
use super::connect::Login;
use super::error::is_for_primaries;
use super::{ServerError, move_login, parse};
use crate::observation::ClusterView;
use crate::poll::Wait;
use crate::topology::{Address, SlotSet};

/// The most slots that are open at a time. Every node writes its file for each batch.
const SLOTS_AT_ONCE: usize = 1024;

/// About how many keys the slots hold that are open at a time. With more, clients get more ASK redirections.
const KEYS_IN_OPEN_SLOTS: u64 = 1000;

/// The keys of one MIGRATE. A server does nothing else meanwhile: more keys delay its clients.
const KEYS_AT_ONCE: usize = 100;

/// The MIGRATE commands in one round trip, for the same reason.
const MIGRATIONS_AT_ONCE: usize = 4;

/// The time limit of a reply. A single key may have hundreds of megabytes.
const PATIENCE: Duration = Duration::from_secs(120);

/// The time limit for the news of moved slots. Nodes tell all others at once.
const HEARING: Duration = Duration::from_secs(10);

/// The interval of checks for the news.
const HEARING_POLL: Duration = Duration::from_millis(5);

/// Two primaries of a cluster. Slots go from the source to the target.
pub(super) struct SlotMove {
    pub(super) source: MultiplexedConnection,
    pub(super) target: MultiplexedConnection,
    /// The target's address in the network.
    pub(super) address: Address,
    /// Whether the source must log in at the target.
    pub(super) with_login: bool,
    /// The other nodes that answer.
    pub(super) others: Vec<MultiplexedConnection>,
}

impl SlotMove {
    /// Moves all slots.
    pub(super) async fn run(mut self, slots: &SlotSet) -> Result<(), ServerError> {
        self.source.set_response_timeout(PATIENCE);
        self.target.set_response_timeout(PATIENCE);
        let (source, target) = (own_view(&mut self.source).await?, own_view(&mut self.target).await?);
        for (one, other) in [(&source, &target), (&target, &source)] {
            if one.nodes.get(&other.own_id).is_none_or(|line| line.handshake) {
                return Err(ServerError::NotMetYet(other.own_id.clone()));
            }
        }
        if !own_state(&mut self.target).await?.ok {
            return Err(ServerError::NotUpYet);
        }
        // Otherwise the target's next config epoch may not be higher than that of the source.
        let_hear(&mut self.target, &mut self.source).await?;
        if has_other_databases(&mut self.source).await? {
            return Err(ServerError::OtherDatabases);
        }
        self.copy_functions().await?;
        if !self.with_login {
            return self.move_all(slots, &source, &target, None).await;
        }
        let login = move_login::create(&mut self.target, &source.own_id).await?;
        let moved = self.move_all(slots, &source, &target, Some(&login)).await;
        let removed = move_login::remove(&mut self.target, &login).await;
        moved.and(removed)
    }

    /// Moves the slots that the target does not own yet.
    async fn move_all(
        &mut self,
        slots: &SlotSet,
        source: &ClusterView,
        target: &ClusterView,
        login: Option<&Login>,
    ) -> Result<(), ServerError> {
        let owned = |view: &ClusterView| view.own().map(|own| own.slots.clone()).unwrap_or_default();
        let left: Vec<u16> = slots.without(&owned(target)).slots().collect();
        let counts = self.counts(&left).await?;
        for some in batches(&left, &counts) {
            self.some(some, (&source.own_id, &target.own_id), login).await?;
        }
        // An earlier call that was cut off may have moved them.
        let moved_before = slots.shared_with(&owned(target)).shared_with(&owned(source));
        if !moved_before.is_empty() {
            let moved_before: Vec<u16> = moved_before.slots().collect();
            self.give_up(&moved_before, &target.own_id).await?;
        }
        self.let_all_hear(slots, &target.own_id).await
    }

    /// Waits until every node lists the slots at the target. A source that raises its config epoch before that would
    /// get them back at the nodes that have not heard of the move.
    async fn let_all_hear(&mut self, slots: &SlotSet, target: &str) -> Result<(), ServerError> {
        let wait = Wait::new("the news of moved slots", HEARING, HEARING_POLL);
        for other in &mut self.others {
            // A node that ends meanwhile hears it when it is back.
            while let Ok(view) = own_view(other).await {
                let listed = view.nodes.get(target).is_none_or(|line| slots.without(&line.slots).is_empty());
                if listed {
                    break;
                }
                wait.pause().await?;
            }
        }
        Ok(())
    }

    /// The source lists the slots at the target.
    async fn give_up(&mut self, slots: &[u16], to: &str) -> Result<(), ServerError> {
        match set_slots(&mut self.source, slots, "NODE", to).await {
            // The news of its last slot came first: the source has become a replica.
            Err(ServerError::Command { source, .. }) if is_for_primaries(&source) => Ok(()),
            result => result,
        }
    }

    /// The number of keys in each slot.
    async fn counts(&mut self, slots: &[u16]) -> Result<Vec<u64>, ServerError> {
        let mut pipeline = Pipeline::new();
        for slot in slots {
            pipeline.cmd("CLUSTER").arg("COUNTKEYSINSLOT").arg(slot);
        }
        self.ask_source("CLUSTER COUNTKEYSINSLOT", &mut pipeline).await
    }

    async fn ask_source<T: FromRedisValue>(
        &mut self,
        command: &'static str,
        pipeline: &mut Pipeline,
    ) -> Result<Vec<T>, ServerError> {
        let replies = query_all(&mut self.source, command, pipeline).await?;
        let values = replies.into_iter().map(redis::from_redis_value);
        values
            .collect::<Result<_, _>>()
            .map_err(|error| ServerError::Reply { command, what: error.to_string() })
    }

    /// Moves a few slots.
    async fn some(
        &mut self,
        slots: &[u16],
        (from, to): (&str, &str),
        login: Option<&Login>,
    ) -> Result<(), ServerError> {
        set_slots(&mut self.target, slots, "IMPORTING", from).await?;
        set_slots(&mut self.source, slots, "MIGRATING", to).await?;
        // The source makes no new keys in these slots now.
        let mut left: Vec<u16> = slots.to_vec();
        while !left.is_empty() {
            let keys = self.keys(&left).await?;
            let with_keys = left.iter().zip(keys).filter(|(_, keys)| !keys.is_empty());
            let (slots, keys): (Vec<u16>, Vec<Vec<Vec<u8>>>) =
                with_keys.map(|(slot, keys)| (*slot, keys)).unzip();
            for some in keys.chunks(MIGRATIONS_AT_ONCE) {
                self.migrate(some, login).await?;
            }
            left = slots;
        }
        // The target first: otherwise no node would serve the slots for a moment.
        set_slots(&mut self.target, slots, "NODE", to).await?;
        self.give_up(slots, to).await
    }

    /// The first keys of each slot.
    async fn keys(&mut self, slots: &[u16]) -> Result<Vec<Vec<Vec<u8>>>, ServerError> {
        let mut pipeline = Pipeline::new();
        for slot in slots {
            pipeline.cmd("CLUSTER").arg("GETKEYSINSLOT").arg(slot).arg(KEYS_AT_ONCE);
        }
        self.ask_source("CLUSTER GETKEYSINSLOT", &mut pipeline).await
    }

    /// MIGRATE of the keys of a few slots. The source's keys win: it has served its clients from them.
    async fn migrate(
        &mut self,
        keys_of_slots: &[Vec<Vec<u8>>],
        login: Option<&Login>,
    ) -> Result<(), ServerError> {
        let mut pipeline = Pipeline::new();
        for keys in keys_of_slots {
            let mut migrate = cmd("MIGRATE");
            migrate.arg(self.address.ip.to_string()).arg(self.address.port).arg("").arg(0);
            migrate.arg(u64::try_from(PATIENCE.as_millis()).unwrap_or(u64::MAX)).arg("REPLACE");
            if let Some(login) = login {
                migrate.arg("AUTH2").arg(&login.user).arg(login.password.expose());
            }
            migrate.arg("KEYS").arg(keys);
            pipeline.add_command(migrate);
        }
        query_all(&mut self.source, "MIGRATE", &mut pipeline).await.map(drop)
    }

    /// Gives the functions of the source to a target without functions: a new primary. Servers before 7.0 have none.
    async fn copy_functions(&mut self) -> Result<(), ServerError> {
        let list = |connection: &mut MultiplexedConnection| {
            let mut connection = connection.clone();
            async move { cmd("FUNCTION").arg("LIST").query_async::<Vec<Value>>(&mut connection).await }
        };
        let (Ok(here), Ok(there)) = (list(&mut self.source).await, list(&mut self.target).await) else {
            return Ok(());
        };
        if here.is_empty() || !there.is_empty() {
            return Ok(());
        }
        let dump: Vec<u8> = query(&mut self.source, "FUNCTION DUMP", cmd("FUNCTION").arg("DUMP")).await?;
        // Another source may do the same at this moment.
        let restore = &mut cmd("FUNCTION");
        run(&mut self.target, "FUNCTION RESTORE", restore.arg("RESTORE").arg(dump).arg("REPLACE")).await
    }
}

/// Slots that are open together, given the number of keys in each slot.
fn batches<'s>(slots: &'s [u16], counts: &[u64]) -> Vec<&'s [u16]> {
    let mut batches = Vec::new();
    let (mut first, mut keys) = (0, 0);
    for (position, count) in counts.iter().enumerate() {
        if position > first && (keys + count > KEYS_IN_OPEN_SLOTS || position - first == SLOTS_AT_ONCE) {
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
pub(super) async fn close(
    connection: &mut MultiplexedConnection,
    slots: &SlotSet,
) -> Result<(), ServerError> {
    let slots: Vec<u16> = slots.slots().collect();
    let commands = slots.iter().map(|slot| set_slot(*slot, "STABLE"));
    send(connection, commands).await
}

async fn set_slots(
    connection: &mut MultiplexedConnection,
    slots: &[u16],
    state: &str,
    node: &str,
) -> Result<(), ServerError> {
    let command = |slot: &u16| {
        let mut command = set_slot(*slot, state);
        command.arg(node);
        command
    };
    send(connection, slots.iter().map(command)).await
}

fn set_slot(slot: u16, state: &str) -> Cmd {
    let mut command = cmd("CLUSTER");
    command.arg("SETSLOT").arg(slot).arg(state);
    command
}

async fn send(
    connection: &mut MultiplexedConnection,
    commands: impl Iterator<Item = Cmd>,
) -> Result<(), ServerError> {
    let mut pipeline = Pipeline::new();
    for command in commands {
        pipeline.add_command(command);
    }
    query_all(connection, "CLUSTER SETSLOT", &mut pipeline).await.map(drop)
}

/// Whether a server has keys in databases beyond 0. Clusters of Valkey 9 may have them.
async fn has_other_databases(connection: &mut MultiplexedConnection) -> Result<bool, ServerError> {
    let text: String = query(connection, "INFO", cmd("INFO").arg("keyspace")).await?;
    Ok(parse::databases(&text).keys().any(|database| *database > 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_slots_go_together_and_full_slots_alone() {
        let slots: Vec<u16> = (0..3000).collect();
        let sizes = |counts: &[u64]| -> Vec<usize> {
            batches(&slots[..counts.len()], counts).iter().map(|batch| batch.len()).collect()
        };
        assert_eq!(sizes(&vec![0; 3000]), [1024, 1024, 952]);
        assert_eq!(sizes(&[400; 5]), [2, 2, 1]);
        assert_eq!(sizes(&[0, 5000, 0, 0, 1]), [1, 1, 3]);
        assert_eq!(sizes(&[]), [0_usize; 0]);
    }
}
