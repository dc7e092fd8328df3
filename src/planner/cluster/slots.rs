//! Owners of slots, and the config epochs of the owners.

use std::collections::BTreeMap;

use super::super::draft::{Stages, server};
use super::super::world::World;
use super::forget::is_alone;
use super::holds::{Holds, ShardHold};
use super::moves::Owners;
use crate::arrangement::Arrangement;
use crate::observation::{ClusterRole, ClusterView};
use crate::plan::{Cause, Order, ServerAction, Step};
use crate::topology::{NodeName, Shard, SlotSet};

/// Sets config epochs of nodes that know no other node, and assigns slots without an owner.
pub(super) fn assign(world: &World<'_>, present: &Arrangement<'_>, holds: &Holds, owners: &Owners) -> Stages {
    let topology = world.topology;
    let highest = present.clusters().map(|(_, cluster)| cluster.current_epoch).max().unwrap_or(0);
    let left_alone = world.left_alone.slots();
    let mut unassigned = unassigned(world, present, holds, owners);
    let mut steps: Vec<Step> = Vec::new();
    for (epoch, node) in (highest + 1..).zip(topology.nodes()) {
        let alone = present.cluster(&node.name).is_none_or(|cluster| {
            let has_epoch = cluster.own().is_some_and(|own| own.epoch > 0);
            !has_epoch && is_alone(world, present, cluster)
        });
        if alone {
            steps.push(server(&node.name, ServerAction::SetConfigEpoch(epoch), Cause::New));
        }
        if !world.removes_traces {
            steps.extend(unassigned.remove(&node.name).into_iter().flat_map(|given| given.steps(&node.name)));
            continue;
        }
        let mut shards = topology.shards.iter().zip(holds.iter());
        if let Some((shard, held)) = shards.find(|(_, held)| held.primary == node.name) {
            let missing = shard.slots.without(&held.slots(present)).without(&left_alone);
            let elsewhere = if alone { None } else { owner_besides(present, &node.name, &missing) };
            if let Some(owner) = elsewhere {
                let cause = Cause::SlotsElsewhere(owner.clone());
                steps.push(server(&node.name, ServerAction::TakeSlots(missing), cause));
            } else if !missing.is_empty() {
                let cause = Cause::Unassigned(missing.clone());
                steps.push(server(&node.name, ServerAction::AssignSlots(missing), cause));
            }
        }
    }
    let leaving = unassigned.into_iter().filter(|_| !world.removes_traces);
    steps.extend(leaving.flat_map(|(node, given)| given.steps(&node)));
    Stages::one("slots", Order::SideBySide, steps)
}

/// Another node of the deployment that owns some of these slots. Only a reset plans for such a cluster.
fn owner_besides<'p>(present: &'p Arrangement<'_>, node: &NodeName, slots: &SlotSet) -> Option<&'p NodeName> {
    let others = present.clusters().map(|(name, _)| name).filter(|name| *name != node);
    others.into_iter().find(|name| present.undisputed_slots(name).meets(slots))
}

/// Closes open slots at their primaries. The slots are empty.
pub(super) fn close(present: &Arrangement<'_>) -> Stages {
    let step = |name: &NodeName, cluster: &ClusterView| {
        let open: SlotSet = cluster.open_slots.keys().copied().collect();
        let is_primary = present.role(name) == Some(&ClusterRole::Primary);
        (is_primary && !open.is_empty())
            .then(|| server(name, ServerAction::CloseSlots(open), Cause::OpenSlots))
    };
    let steps = present.clusters().filter_map(|(name, cluster)| step(name, cluster));
    Stages::one("close slots", Order::SideBySide, steps.collect())
}

/// Slots without an owner that a primary gets.
#[derive(Default)]
struct Given {
    /// Slots of its shard that no node lists at another primary.
    free: SlotSet,
    /// Slots that nodes list at it. They would refuse them to other primaries, and it may still hold their keys.
    listed: SlotSet,
}

impl Given {
    fn steps(self, node: &NodeName) -> Vec<Step> {
        let Self { free, listed } = self;
        let step = |slots: SlotSet, action: fn(SlotSet) -> ServerAction| {
            let cause = Cause::Unassigned(slots.clone());
            (!slots.is_empty()).then(|| server(node, action(slots), cause))
        };
        [step(free, ServerAction::AssignSlots), step(listed, ServerAction::TakeSlots)]
            .into_iter()
            .flatten()
            .collect()
    }
}

/// The slots without an owner, by the primary that gets them. Slots of other shards move later.
fn unassigned(
    world: &World<'_>,
    present: &Arrangement<'_>,
    holds: &Holds,
    owners: &Owners,
) -> BTreeMap<NodeName, Given> {
    let (owned, left_alone) = (owners.all(), world.left_alone.slots());
    let mut unassigned: BTreeMap<NodeName, Given> = BTreeMap::new();
    let missing = |shard: &Shard| shard.slots.without(&owned).without(&left_alone);
    if world.topology.shards.iter().all(|shard| missing(shard).is_empty()) {
        return unassigned;
    }
    let listed = present.listed_slots();
    for (shard, held) in world.topology.shards.iter().zip(holds.iter()) {
        let mut missing = missing(shard);
        for (node, slots) in listed.iter().filter(|(node, _)| ***node != held.primary) {
            let theirs = missing.shared_with(slots);
            missing = missing.without(&theirs);
            let given = unassigned.entry((*node).clone()).or_default();
            given.listed = given.listed.joined_with(&theirs);
        }
        let given = unassigned.entry(held.primary.clone()).or_default();
        given.free = given.free.joined_with(&missing);
    }
    unassigned
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
