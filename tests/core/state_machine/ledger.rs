//! The keys that must exist: all written keys, except those that a fault destroyed before `up` could save them.

use std::collections::BTreeMap;

use redisctl::topology::NodeName;

use crate::memory::World;
use crate::memory::keys::KeyId;
use crate::memory::process::Process;

/// The keys that must exist.
#[derive(Default)]
pub(super) struct Ledger {
    /// Each key with its slot.
    keys: BTreeMap<KeyId, u16>,
    /// For each slot, the node that was last seen as its only primary.
    last_primaries: BTreeMap<u16, NodeName>,
}

/// The kind of a fault.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// A server ended, or is unreachable. `up` must use the remaining copies.
    Outage,
    /// Another node became primary, by a user or by vote. Its replicas drop keys that it does not have.
    OtherPrimary,
}

impl Ledger {
    pub(super) fn wrote(&mut self, keys: impl IntoIterator<Item = (KeyId, u16)>) {
        self.keys.extend(keys);
    }

    /// No key must exist any more.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Removes the keys that a fault destroyed.
    pub(super) fn fault(&mut self, world: &World, fault: Fault) {
        let last_primaries = &self.last_primaries;
        self.keys.retain(|key, slot| {
            let primaries = primaries(world, *slot);
            if fault == Fault::OtherPrimary && !primaries.is_empty() {
                return primaries.iter().any(|primary| holds(world, primary, *key));
            }
            let last = last_primaries.get(slot);
            world
                .answering(|process| process.sentinel.is_none())
                .iter()
                .any(|server| holds(world, server, *key))
                || world.knows_stranger_with(*key)
                || last.is_some_and(|last| world.keeps(last, *key))
        });
        self.note_primaries(world);
    }

    /// Records the present primaries.
    pub(super) fn note_primaries(&mut self, world: &World) {
        for slot in self.keys.values() {
            if let [primary] = primaries(world, *slot).as_slice() {
                self.last_primaries.insert(*slot, primary.clone());
            }
        }
    }

    /// Keeps the keys that are in all data volumes of nodes with their slot. After `down`, the former primary is not
    /// known.
    pub(super) fn down(&mut self, world: &World) {
        self.keys.retain(|key, slot| world.is_in_all_volumes(*key, *slot));
        self.last_primaries.clear();
    }

    /// The keys that exist on no server.
    pub(super) fn lost_everywhere(&self, world: &World) -> Vec<String> {
        let servers = world.answering(|process| process.sentinel.is_none());
        let is_somewhere = |key| servers.iter().any(|server| holds(world, server, key));
        let lost = self.keys.keys().filter(|key| !is_somewhere(**key) && !world.has_stranger_with(**key));
        lost.map(|key| format!("no server has key {key} any more")).collect()
    }

    /// The user has given up the keys that clients cannot find.
    pub(super) fn give_up(&mut self, world: &World) {
        self.keys
            .retain(|key, slot| primaries(world, *slot).iter().any(|primary| holds(world, primary, *key)));
    }

    /// The keys that clients cannot find.
    pub(super) fn lost(&self, world: &World) -> Vec<String> {
        let lost = self.keys.iter().filter_map(|(key, slot)| {
            let primaries = primaries(world, *slot);
            let is_there = matches!(primaries.as_slice(), [primary] if holds(world, primary, *key));
            (!is_there).then(|| format!("key {key} of slot {slot} is lost: primaries are {primaries:?}"))
        });
        lost.collect()
    }
}

fn holds(world: &World, node: &NodeName, key: KeyId) -> bool {
    world.state().process(node).is_ok_and(|process| process.keys.contains(key))
}

/// The reachable servers that act as primary of a slot; without slots, all primaries.
pub(super) fn primaries(world: &World, slot: u16) -> Vec<NodeName> {
    let is_primary = |process: &Process| match &process.cluster {
        Some(cluster) => cluster.own().is_primary() && cluster.own().slots.contains(slot),
        None => process.sentinel.is_none() && !process.is_replica(),
    };
    world.answering(is_primary)
}
