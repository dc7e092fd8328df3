//! Slots that move to another primary with their keys.
//!
//! An open slot first goes to the node at its other end, which may hold some of its keys. The next plan moves it on.

use std::collections::{BTreeMap, BTreeSet};

use super::super::draft::{Stages, server, wait};
use super::super::expectations::peer;
use super::super::world::{World, running};
use super::holds::Holds;
use super::owners::Owners;
use crate::arrangement::{Arrangement, OpenSlot, Place};
use crate::observation::{ClusterRole, SlotWay};
use crate::plan::{Cause, Condition, LaterMove, Order, Peer, ReplicationExpectation, ServerAction, Step};
use crate::topology::server::MoveWay;
use crate::topology::{NodeName, SlotSet};

/// The slots that a plan moves or closes.
#[derive(Default)]
pub(super) struct Moves {
    /// The slots that one primary hands to another, and why.
    pairs: BTreeMap<(NodeName, NodeName), (SlotSet, Cause)>,
    /// Nodes with slots that are open without need.
    closed: BTreeMap<NodeName, SlotSet>,
    /// Replicas that close slots with their primaries.
    late: BTreeSet<(NodeName, NodeName)>,
    /// Nodes whose atomic migrations contradict the spec.
    cancelled: Vec<NodeName>,
}

impl Moves {
    /// Compares the owners of slots with the spec.
    pub(super) fn find(world: &World<'_>, present: &Arrangement<'_>, holds: &Holds, owners: &Owners) -> Self {
        let mut moves = Self::default();
        let mut open = BTreeSet::new();
        for found in present.open_slots() {
            moves.close(world, present, owners, &found);
            open.insert(found.slot);
        }
        let open: SlotSet = open.into_iter().collect();
        for (owner, slots) in owners.iter() {
            for (shard, held) in world.topology.shards.iter().zip(holds.iter()) {
                let misplaced = slots.shared_with(&shard.slots).without(&open);
                if held.primary != *owner && !misplaced.is_empty() {
                    moves.add(owner, &held.primary, &misplaced, Cause::Misplaced);
                }
            }
        }
        moves.cancelled = migrating(present)
            .filter(|(source, exports)| {
                !exports.iter().all(|(target, slots)| moves.has(world, present, source, target, slots))
            })
            .map(|(source, _)| source.clone())
            .collect();
        moves
    }

    /// Whether slots move from a node to the node with an id. Slots that go to a stranger stay there.
    fn has(
        &self,
        world: &World<'_>,
        present: &Arrangement<'_>,
        from: &NodeName,
        to: &str,
        slots: &SlotSet,
    ) -> bool {
        if world.left_alone.has_stranger(to) {
            return true;
        }
        let Some(target) = present.primary_now(to) else { return false };
        let pair = (from.clone(), target.name.clone());
        self.pairs.get(&pair).is_some_and(|(moved, _)| slots.without(moved).is_empty())
    }

    fn add(&mut self, from: &NodeName, to: &NodeName, slots: &SlotSet, cause: Cause) {
        let (moved, _) =
            self.pairs.entry((from.clone(), to.clone())).or_insert_with(|| (SlotSet::default(), cause));
        *moved = moved.joined_with(slots);
    }

    /// Moves an open slot to the node at its other end, or closes it if that node cannot own it.
    fn close(&mut self, world: &World<'_>, present: &Arrangement<'_>, owners: &Owners, open: &OpenSlot) {
        match present.role(&open.node) {
            Some(ClusterRole::Primary) => {}
            Some(ClusterRole::Replica(id)) => return self.close_at_replica(present, open, id),
            None => return,
        }
        if matches!(&open.way, SlotWay::Migrating(id) if world.left_alone.has_stranger(id)) {
            return;
        }
        let target = present.open_end(open).cloned();
        let slot: SlotSet = std::iter::once(open.slot).collect();
        match (owners.of(open.slot), target) {
            (Some(owner), Some(target)) if *owner != target => {
                self.add(owner, &target, &slot, Cause::OpenSlots);
            }
            _ => {
                let closed = self.closed.entry(open.node.clone()).or_default();
                *closed = closed.joined_with(&slot);
            }
        }
    }

    /// Closes a slot that is open at a replica, but not at its primary. Since Valkey 8, replicas have the open slots of
    /// their primary, and a replica that was down misses the end. It follows when its primary closes the slot again.
    fn close_at_replica(&mut self, present: &Arrangement<'_>, open: &OpenSlot, primary: &str) {
        let Some(primary) = present.primary_now(primary) else { return };
        let is_open =
            present.cluster(&primary.name).is_some_and(|view| view.open_slots.contains_key(&open.slot));
        if !is_open {
            let closed = self.closed.entry(primary.name.clone()).or_default();
            *closed = closed.joined_with(&std::iter::once(open.slot).collect());
            self.late.insert((primary.name.clone(), open.node.clone()));
        }
    }

    /// Waits for the replicas that close slots with their primaries. A replica without its link would miss it again.
    fn await_late_replicas(&self, world: &World<'_>) -> Vec<Step> {
        let step = |(primary, replica): &(NodeName, NodeName)| {
            let [of, replica] = [primary, replica].map(|name| world.topology.node(name).map(peer));
            let expected = ReplicationExpectation { primary: of?, replicas: vec![replica?] };
            Some(wait(Some(primary), Condition::ReplicasFollow(expected), Cause::OpenSlots))
        };
        self.late.iter().filter_map(step).collect()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.pairs.is_empty() && self.closed.is_empty() && self.cancelled.is_empty()
    }

    /// The former owner, the next owner and the slots of each move.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (&NodeName, &NodeName, &SlotSet)> {
        self.pairs.iter().map(|((from, to), (slots, _))| (from, to, slots))
    }

    /// The moves as announcements.
    pub(super) fn announced(&self, world: &World<'_>, present: &Arrangement<'_>) -> Vec<LaterMove> {
        let announced = |((from, to), (slots, _)): (&(NodeName, NodeName), &(SlotSet, Cause))| LaterMove {
            from: from.clone(),
            to: to.clone(),
            slots: slots.len(),
            keys: keys_in(present, from, slots),
            way: way(world, present, from).between(way(world, present, to)),
        };
        self.pairs.iter().map(announced).collect()
    }

    /// Waits until the next owners accept keys, and for their replicas. Without replicas, keys that have just moved would
    /// be lost with their new owner.
    pub(super) fn await_owners(
        &self,
        world: &World<'_>,
        present: &Arrangement<'_>,
        holds: &Holds,
    ) -> Vec<Step> {
        let mut steps = Vec::new();
        for (shard, held) in world.topology.shards.iter().zip(holds.iter()) {
            let primary = &held.primary;
            if !self.pairs.keys().any(|(_, to)| to == primary) {
                continue;
            }
            if !present.cluster(primary).is_some_and(|cluster| cluster.ok) {
                steps.push(wait(Some(primary), Condition::ClusterIsUp, Cause::Changed));
            }
            let replicas: Vec<Peer> = shard.nodes().filter(|node| node.name != *primary).map(peer).collect();
            if !replicas.iter().all(|replica| present.hears(primary, replica.address)) {
                let Some(primary) = world.topology.node(primary).map(peer) else { continue };
                let name = primary.node.clone();
                let follow = Condition::ReplicasFollow(ReplicationExpectation { primary, replicas });
                steps.push(wait(Some(&name), follow, Cause::Changed));
            }
        }
        steps
    }

    /// The steps that move the slots, in groups that run one after another. In a group, no primary gives and gets slots.
    /// A primary that gets slots raises its config epoch. It would claim slots back that it has not given up everywhere.
    fn groups(&self, world: &World<'_>, present: &Arrangement<'_>) -> Vec<Vec<Step>> {
        let mut groups: Vec<(BTreeSet<&NodeName>, BTreeSet<&NodeName>, Vec<Step>)> = Vec::new();
        for ((from, to), (slots, cause)) in &self.pairs {
            let Some(peer) = target(world, present, to) else { continue };
            let (slots, keys) = (slots.clone(), keys_in(present, from, slots));
            let way = way(world, present, from).between(way(world, present, to));
            let action = ServerAction::MoveSlots { slots, to: peer, keys, way };
            let step = server(from, action, cause.clone());
            let is_free = |(givers, takers, _): &&mut (BTreeSet<_>, BTreeSet<_>, _)| {
                !takers.contains(from) && !givers.contains(to)
            };
            if let Some((givers, takers, steps)) = groups.iter_mut().find(is_free) {
                givers.insert(from);
                takers.insert(to);
                steps.push(step);
            } else {
                groups.push((BTreeSet::from([from]), BTreeSet::from([to]), vec![step]));
            }
        }
        groups.into_iter().map(|(_, _, steps)| steps).collect()
    }

    /// The stages that move and close the slots. A primary sends to one other primary at a time.
    pub(super) fn stages(self, world: &World<'_>, present: &Arrangement<'_>) -> Stages {
        let close = |(node, slots): (NodeName, SlotSet)| {
            server(&node, ServerAction::CloseSlots(slots), Cause::OpenSlots)
        };
        let groups = self.groups(world, present);
        let late = self.await_late_replicas(world);
        let cancelled = self.cancelled.iter().map(cancel);
        let closed: Vec<Step> = cancelled.chain(self.closed.into_iter().map(close)).collect();
        let mut stages = Stages::one("replicas", Order::SideBySide, late);
        stages.push("close slots", Order::SideBySide, closed);
        for steps in groups {
            stages.push("move slots", Order::SideBySide, steps);
        }
        stages
    }
}

/// The step that ends the migrations of a node.
pub(super) fn cancel(node: &NodeName) -> Step {
    server(node, ServerAction::CancelMigrations, Cause::OpenSlots)
}

/// The primaries that send slots by atomic migrations, and the slots by the id of their target.
pub(super) fn migrating<'p>(
    present: &'p Arrangement<'_>,
) -> impl Iterator<Item = (&'p NodeName, &'p BTreeMap<String, SlotSet>)> {
    let is_primary = |name: &NodeName| present.role(name) == Some(&ClusterRole::Primary);
    let clusters = present.clusters().filter(move |(name, _)| is_primary(name));
    clusters.map(|(name, cluster)| (name, &cluster.exports)).filter(|(_, exports)| !exports.is_empty())
}

/// The way of a node's server to move slots.
fn way(world: &World<'_>, present: &Arrangement<'_>, node: &NodeName) -> MoveWay {
    let Some(view) = present.view(node) else { return world.topology.server.way_to_move_slots() };
    let databases = view.settings.get("cluster-databases").and_then(|count| count.parse().ok());
    running(world.topology, view).way_to_move_slots().with_databases(databases.unwrap_or(1))
}

fn target(world: &World<'_>, present: &Arrangement<'_>, name: &NodeName) -> Option<Peer> {
    let leaving = || {
        let member = present.member(name).filter(|member| member.place == Place::Leaving)?;
        Some(Peer { node: name.clone(), address: member.address })
    };
    world.topology.node(name).map(peer).or_else(leaving)
}

/// About how many keys a node holds in some of its slots, if the keys are spread evenly.
fn keys_in(present: &Arrangement<'_>, node: &NodeName, slots: &SlotSet) -> u64 {
    let keys = present.view(node).map_or(0, |view| view.keys);
    let own = present.slots(node).len().max(slots.len()).max(1);
    keys * slots.len() as u64 / own as u64
}
