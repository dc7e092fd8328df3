//! The problems of a cluster's members: slots of other shards, nodes that do not know each other, and strangers.

use std::collections::{BTreeMap, BTreeSet};

use super::reading::Reading;
use super::{NodeStatus, Role};
use crate::arrangement::Seats;
use crate::topology::{Address, Node, NodeName, SlotSet};

/// Slots that somebody moved to the primary of another shard.
pub(super) fn misplaced(reading: &Reading<'_>, nodes: &[NodeStatus]) -> Vec<String> {
    let seats = Seats::new(reading.topology, &reading.arrangement);
    let shards = &reading.topology.shards;
    let mut problems = Vec::new();
    for node in nodes.iter().filter(|node| node.role == Role::Primary) {
        let own = seats.seat(&node.name).shard;
        let slots = reading.arrangement.undisputed_slots(&node.name);
        let others = shards.iter().enumerate().filter(|(shard, _)| Some(*shard) != own);
        for (shard, other) in others {
            let theirs: SlotSet = slots.shared_with(&other.slots);
            if own.is_some() && !theirs.is_empty() {
                problems.push(format!("{} has slots {theirs} of shard {}", node.name, shard + 1));
            }
        }
    }
    problems
}

/// Replicas that follow the primary of another shard than the spec's.
pub(super) fn replicas_of_other_shards(reading: &Reading<'_>, nodes: &[NodeStatus]) -> Vec<String> {
    let seats = Seats::new(reading.topology, &reading.arrangement);
    let shards = &reading.topology.shards;
    let mut problems = Vec::new();
    for node in nodes.iter().filter(|node| node.role == Role::Replica) {
        let own = shards.iter().position(|shard| shard.nodes().any(|other| other.name == node.name));
        let present = seats.seat(&node.name).shard;
        if let (Some(own), Some(primary)) = (own.filter(|own| Some(*own) != present), &node.primary) {
            problems.push(format!("{} of shard {} is a replica of {primary}", node.name, own + 1));
        }
    }
    problems
}

/// Nodes that other nodes do not know.
pub(super) fn unknown(reading: &Reading<'_>) -> Vec<String> {
    let arrangement = &reading.arrangement;
    let answering: Vec<&Node> = reading
        .topology
        .servers()
        .into_iter()
        .filter(|node| arrangement.cluster(&node.name).is_some())
        .collect();
    let is_alone = |node: &&Node| arrangement.cluster(&node.name).is_some_and(|own| own.nodes.len() == 1);
    let (alone, others): (Vec<&Node>, Vec<&Node>) = answering.iter().partition(|node| is_alone(node));
    let mut problems = Vec::new();
    if answering.len() > 1 {
        problems.extend(alone.iter().map(|node| format!("{} knows no other node", node.name)));
    }
    for node in &answering {
        let without = others.iter().filter(|other| other.name != node.name);
        let without: Vec<&str> = without
            .filter(|other| !arrangement.knows(&other.name, node))
            .map(|other| other.name.as_str())
            .collect();
        if !without.is_empty() {
            problems.push(format!("{} is not known to {}", node.name, without.join(", ")));
        }
    }
    problems
}

/// Nodes outside the deployment that its nodes know. Owners of slots are other problems.
pub(super) fn strangers(reading: &Reading<'_>) -> Vec<String> {
    let mut known: BTreeMap<Address, BTreeSet<&NodeName>> = BTreeMap::new();
    for (name, cluster) in reading.arrangement.clusters() {
        let lines = cluster.nodes.iter().filter(|(_, line)| !line.handshake && line.slots.is_empty());
        let lines = lines.filter(|(id, _)| reading.arrangement.with_id(id).is_none());
        let addresses = lines.filter_map(|(_, line)| line.address);
        for address in addresses.filter(|address| reading.arrangement.at(*address).is_none()) {
            known.entry(address).or_default().insert(name);
        }
    }
    let sentence =
        |address: Address| format!("the cluster has a node at {address}, which is not one of its nodes");
    known.into_keys().map(sentence).collect()
}
