//! Slots without an owner, and config epochs.

use std::collections::BTreeMap;

use super::super::draft::{Stages, server};
use super::super::world::World;
use super::forget::is_alone;
use super::holds::{Holds, ShardHold};
use super::owners::Owners;
use crate::arrangement::Arrangement;
use crate::plan::{Cause, Order, ServerAction, Step};
use crate::topology::{NodeName, Shard, SlotSet};

/// The steps that give slots to each node.
pub(super) type Assignments = BTreeMap<NodeName, Vec<Step>>;

/// Sets config epochs of nodes that know no other node, and assigns slots.
pub(super) fn assign(world: &World<'_>, present: &Arrangement<'_>, mut assignments: Assignments) -> Stages {
    let highest = present.clusters().map(|(_, cluster)| cluster.current_epoch).max().unwrap_or(0);
    // A new primary that takes over gets the next epoch. No other node must have that epoch: of two primaries with the
    // same epoch, a server raises the epoch of either, which could be the former primary.
    let distance = if world.servers.all_new() { 2 } else { 1 };
    let mut steps: Vec<Step> = Vec::new();
    for (epoch, node) in (highest + 1..).step_by(distance).zip(world.topology.nodes()) {
        if gets_epoch(world, present, &node.name) {
            steps.push(server(&node.name, ServerAction::SetConfigEpoch(epoch), Cause::New));
        }
        steps.extend(assignments.remove(&node.name).into_iter().flatten());
    }
    // Nodes that leave.
    steps.extend(assignments.into_values().flatten());
    let order = if world.servers.all_new() { Order::Overlapping } else { Order::SideBySide };
    Stages::one("slots", order, steps)
}

/// Whether a node has no config epoch, and knows no other node.
pub(super) fn gets_epoch(world: &World<'_>, present: &Arrangement<'_>, node: &NodeName) -> bool {
    present.cluster(node).is_none_or(|cluster| {
        let has_epoch = cluster.own().is_some_and(|own| own.epoch > 0);
        !has_epoch && is_alone(world, present, cluster)
    })
}

/// Gives slots without an owner to primaries. Nodes would refuse a slot that they list at another primary. That
/// primary takes the slot, because it may still hold its keys. The slot moves later.
pub(super) fn unassigned(
    world: &World<'_>,
    present: &Arrangement<'_>,
    holds: &Holds,
    owners: &Owners,
) -> Assignments {
    let (owned, left_alone) = (owners.all(), world.left_alone.slots());
    let missing = |shard: &Shard| shard.slots.without(&owned).without(&left_alone);
    if world.topology.shards.iter().all(|shard| missing(shard).is_empty()) {
        return Assignments::new();
    }
    let listed = present.listed_slots();
    let (mut free, mut taken): (Given, Given) = Default::default();
    for (shard, held) in world.topology.shards.iter().zip(holds.iter()) {
        let mut missing = missing(shard);
        for (node, slots) in listed.iter().filter(|(node, _)| ***node != held.primary) {
            let theirs = missing.shared_with(slots);
            missing = missing.without(&theirs);
            give(&mut taken, node, &theirs);
        }
        give(&mut free, &held.primary, &missing);
    }
    let mut assignments = Assignments::new();
    let mut add = |given: Given, action: fn(SlotSet) -> ServerAction| {
        for (node, slots) in given {
            let step = server(&node, action(slots.clone()), Cause::Unassigned(slots));
            assignments.entry(node).or_default().push(step);
        }
    };
    add(free, ServerAction::AssignSlots);
    add(taken, ServerAction::TakeSlots);
    assignments
}

/// The slots that nodes get.
type Given = BTreeMap<NodeName, SlotSet>;

fn give(given: &mut Given, node: &NodeName, slots: &SlotSet) {
    if !slots.is_empty() {
        let all = given.entry(node.clone()).or_default();
        *all = all.joined_with(slots);
    }
}

/// A primary gets a new config epoch if another node lists a higher epoch for it. Otherwise its slots would stay with
/// older owners.
pub(super) fn raise_epochs(present: &Arrangement<'_>, holds: &Holds) -> Stages {
    let step = |held: &ShardHold| {
        let behind = present.with_higher_epoch_for(&held.primary)?;
        Some(server(&held.primary, ServerAction::RaiseEpoch, Cause::EpochBehind(behind.clone())))
    };
    Stages::one("epochs", Order::InTurn, holds.iter().filter_map(step).collect())
}
