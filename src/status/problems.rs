//! The reasons why a deployment is not ready, one sentence each.

use std::collections::BTreeMap;

use super::reading::Reading;
use super::{Link, NodeCondition, NodeStatus, Role, membership};
use crate::arrangement::OpenSlot;
use crate::observation::{ObservedServer, ServerView, SlotWay};
use crate::topology::slots::SLOT_COUNT;
use crate::topology::{Address, Kind, NodeName, SlotSet};

/// How many seconds after a restart a server counts as restarted. A loop of restarts slows down to one per minute.
const RECENT_RESTART: u64 = 60;

/// The same after the kernel killed the server for lack of memory. The keys are lost then.
const RECENT_LACK_OF_MEMORY: u64 = 600;

/// Why the kernel killed a server, and the remedy, as the end of a sentence.
const MEMORY_KILLED: &str = ": the kernel killed its server, because its container ran out of memory: raise \
                             `resources.memory`, or lower `maxmemory`";

/// All problems, one sentence each.
pub(super) fn all(reading: &Reading<'_>, nodes: &[NodeStatus]) -> Vec<String> {
    let lost = reading.observed.lost_with_nodes(reading.topology);
    let mut problems: Vec<String> =
        lost.map(|(engine, why)| format!("engine {engine} is out of reach: {why}")).collect();
    problems.extend(leftovers(reading));
    problems.extend(nodes.iter().flat_map(|node| problems_of(reading, node)));
    let anchor = reading.topology.anchor.as_ref().map(|anchor| &anchor.name);
    let others = reading.observed.containers.keys().filter(|name| Some(*name) != anchor);
    let strangers = others.filter(|name| reading.topology.node(name).is_none());
    problems.extend(strangers.map(|name| format!("{name} exists, but is not one of its nodes")));
    let primaries: Vec<&NodeStatus> = nodes
        .iter()
        .filter(|node| node.condition == NodeCondition::Answering && node.role == Role::Primary)
        .collect();
    match (reading.topology.kind, primaries.as_slice()) {
        (Kind::Replication | Kind::Sentinel, []) => problems.push("there is no primary".to_owned()),
        (Kind::Replication | Kind::Sentinel, [_, _, ..]) => {
            let names: Vec<&str> = primaries.iter().map(|node| node.name.as_str()).collect();
            problems.push(format!("there is more than one primary: {}", names.join(", ")));
        }
        (Kind::Sentinel, [primary]) => problems.extend(problems_of_sentinels(reading, nodes, &primary.name)),
        (Kind::Standalone | Kind::Replication, _) => {}
        // A note tells what clients made of the nodes.
        (Kind::Cluster, _) if !reading.topology.formed => {}
        (Kind::Cluster, _) => {
            problems.extend(cluster_problems(
                &primaries,
                &reading.observed.slot_owners_besides(reading.topology),
            ));
            problems.extend(open_slots(reading));
            problems.extend(membership::misplaced(reading, nodes));
            problems.extend(membership::replicas_of_other_shards(reading, nodes));
            problems.extend(membership::unknown(reading));
            problems.extend(membership::strangers(reading));
        }
    }
    problems
}

/// Remains of former nodes on engines that were replaced.
fn leftovers(reading: &Reading<'_>) -> Vec<String> {
    let containers = reading.observed.leftovers.iter().flat_map(|(engine, leftovers)| {
        leftovers.containers.iter().map(move |node| {
            format!("a former {node} is on engine {engine}, which was replaced: `up` removes it")
        })
    });
    containers.collect()
}

/// The problems of sentinels, given the primary.
fn problems_of_sentinels(reading: &Reading<'_>, nodes: &[NodeStatus], primary: &NodeName) -> Vec<String> {
    let answering = nodes.iter().filter(|node| node.condition == NodeCondition::Answering);
    let problem = |node: &NodeStatus| {
        let watched = reading.arrangement.view(&node.name)?.sentinel.as_ref()?.watched.as_ref();
        let name = &node.name;
        match (watched, &node.primary) {
            (None, _) => Some(format!("{name} watches no primary")),
            (Some(_), None) => Some(format!("{name} watches a server that is not one of its nodes")),
            (Some(_), Some(other)) if other != primary => {
                Some(format!("{name} watches {other}, and the primary is {primary}"))
            }
            (Some(watched), _) => watched.failing.then(|| format!("{name} thinks that {primary} is down")),
        }
    };
    answering.filter_map(problem).collect()
}

fn problems_of(reading: &Reading<'_>, node: &NodeStatus) -> Vec<String> {
    let name = &node.name;
    let reason = match node.condition {
        NodeCondition::Missing => "has no container".to_owned(),
        NodeCondition::OutOfReach => "is out of reach, with its engine".to_owned(),
        NodeCondition::Created => "was never started".to_owned(),
        NodeCondition::Exited => format!("has ended{}", memory_killed(reading, name)),
        NodeCondition::Restarting => {
            let restarts = reading.observed.containers.get(name).map_or(0, |container| container.restarts);
            let killed = memory_killed(reading, name);
            format!("does not answer: its container restarts in a loop (restarts so far: {restarts}){killed}")
        }
        NodeCondition::Paused => "is paused".to_owned(),
        NodeCondition::Silent => match reading.observed.servers.get(name) {
            Some(ObservedServer::Silent(reason)) => format!("does not answer: {reason}"),
            _ => "does not answer".to_owned(),
        },
        NodeCondition::Answering => return problems_of_answering(reading, node),
    };
    vec![format!("{name} {reason}")]
}

/// The lack of memory for which the kernel killed a node's server, as the end of a sentence; empty if it did not.
fn memory_killed(reading: &Reading<'_>, name: &NodeName) -> &'static str {
    let killed = reading.observed.containers.get(name).is_some_and(|container| container.out_of_memory);
    if killed { MEMORY_KILLED } else { "" }
}

/// A server that answers, but was restarted a short time ago. A server that restarts in a loop may answer in between.
fn recent_restart(reading: &Reading<'_>, name: &NodeName) -> Option<String> {
    let container = reading.observed.containers.get(name).filter(|container| container.restarts > 0)?;
    let uptime = reading.arrangement.view(name)?.uptime?;
    let recent = if container.out_of_memory { RECENT_LACK_OF_MEMORY } else { RECENT_RESTART };
    let (restarts, killed) = (container.restarts, memory_killed(reading, name));
    let restarted = format!("{name} was restarted {uptime} s ago (restarts so far: {restarts}){killed}");
    (uptime < recent).then_some(restarted)
}

/// The nodes of a stopped deployment whose servers the kernel killed for lack of memory.
pub(super) fn of_stopped(reading: &Reading<'_>, nodes: &[NodeStatus]) -> Vec<String> {
    let killed = nodes.iter().filter(|node| !memory_killed(reading, &node.name).is_empty());
    killed.flat_map(|node| problems_of(reading, node)).collect()
}

fn problems_of_answering(reading: &Reading<'_>, node: &NodeStatus) -> Vec<String> {
    let name = &node.name;
    let mut problems = Vec::new();
    let refusals = reading.arrangement.view(name).map(ServerView::refusals).unwrap_or_default();
    problems.extend(recent_restart(reading, name));
    problems.extend(refusals.iter().map(|refusal| format!("{name} {refusal}")));
    if reading.observed.containers.get(name).is_some_and(|container| !container.attached) {
        problems.push(format!("{name} is detached from the network"));
    }
    match (&node.primary, node.link) {
        (Some(primary), Some(Link::Down)) if reading.arrangement.successor(name).is_some() => problems.push(format!(
            "{name} still says that it is a primary, but {primary} has taken its place: writes to it get lost"
        )),
        (Some(primary), Some(Link::Down)) => problems.push(format!("{name} has no link to {primary}")),
        (None, Some(_)) => {
            problems.push(format!("{name} follows a server that is not one of its nodes"));
        }
        _ => {}
    }
    if reading.topology.kind == Kind::Cluster {
        match reading.arrangement.cluster(name) {
            None => problems.push(format!("{name} is no cluster node")),
            Some(cluster) if !cluster.ok && reading.topology.formed => {
                problems.push(format!("{name} says that the cluster is down"));
            }
            Some(_) => {}
        }
        if node.link == Some(Link::Up) && reading.topology.formed && !is_shown_to_clients(reading, name) {
            problems.push(format!("{name} is not shown to clients yet"));
        }
    }
    problems
}

/// Whether every answering node lists this node to its clients.
fn is_shown_to_clients(reading: &Reading<'_>, name: &NodeName) -> bool {
    let Some(cluster) = reading.arrangement.cluster(name) else { return false };
    reading.arrangement.clusters().all(|(_, other)| {
        other.slots.values().flatten().any(|listed| *listed == cluster.own_id)
            && other.shards.as_ref().is_none_or(|shards| shards.get(&cluster.own_id) == Some(&true))
    })
}

/// The problems with slots, from the primaries of a cluster together.
fn cluster_problems(
    primaries: &[&NodeStatus],
    strangers: &BTreeMap<String, (Address, SlotSet)>,
) -> Vec<String> {
    let mut problems: Vec<String> = primaries
        .iter()
        .filter(|node| node.slots.is_empty())
        .map(|node| format!("{} is a primary without slots", node.name))
        .collect();
    let mut owners: BTreeMap<u16, u32> = BTreeMap::new();
    let ranges = primaries.iter().flat_map(|node| &node.slots);
    for slot in ranges.flat_map(|[start, end]| *start..=*end) {
        *owners.entry(slot).or_default() += 1;
    }
    for (address, slots) in strangers.values() {
        problems
            .push(format!("slots {slots} are owned by the node at {address}, which is not one of its nodes"));
    }
    let is_strangers = |slot: u16| strangers.values().any(|(_, slots)| slots.contains(slot));
    let is_served = |slot: u16| owners.contains_key(&slot) || is_strangers(slot);
    let unserved: SlotSet = (0..SLOT_COUNT).filter(|slot| !is_served(*slot)).collect();
    if !unserved.is_empty() {
        problems.push(format!("slots {unserved} are not served"));
    }
    let contested: SlotSet = owners.iter().filter(|(_, count)| **count > 1).map(|(slot, _)| *slot).collect();
    if !contested.is_empty() {
        problems.push(format!("slots {contested} have more than one owner"));
    }
    problems
}

/// Open slots, for each pair of nodes.
fn open_slots(reading: &Reading<'_>) -> Vec<String> {
    let mut moves: BTreeMap<(NodeName, SlotWay), Vec<u16>> = BTreeMap::new();
    for OpenSlot { slot, node, way } in reading.arrangement.open_slots() {
        moves.entry((node, way)).or_default().push(slot);
    }
    let name = |id: &String| {
        let member = reading.arrangement.with_id(id);
        member.map_or_else(|| format!("node {}", id.get(..8).unwrap_or(id)), |member| member.name.to_string())
    };
    let sentence = |((node, way), slots): ((NodeName, SlotWay), Vec<u16>)| {
        let slots: SlotSet = slots.into_iter().collect();
        match &way {
            SlotWay::Migrating(to) => format!("{node} has slots {slots} open, migrating to {}", name(to)),
            SlotWay::Importing(from) => {
                format!("{node} has slots {slots} open, importing from {}", name(from))
            }
        }
    };
    moves.into_iter().map(sentence).collect()
}
