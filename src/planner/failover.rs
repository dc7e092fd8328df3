//! The steps that swap primaries with replicas on purpose.

use super::draft::{Stages, server, wait};
use super::expectations::{self, peer};
use super::quick_repair::quicker;
use super::role_steps::{hand_over, hand_over_through, keep_roles};
use crate::arrangement::{Arrangement, Seats};
use crate::failover::Swap;
use crate::observation::Observation;
use crate::plan::{Cause, Condition, HandOverWay, Order, Peer, Plan, ServerAction, Step};
use crate::readiness;
use crate::topology::{Kind, NodeName, Server, Topology};

/// Plans swaps of primaries with replicas.
#[must_use]
pub fn plan_failover(topology: &Topology, observed: &Observation, swaps: &[Swap]) -> Plan {
    // Two elections at the same moment may both fail.
    let mut stages = Stages::default();
    for swap in swaps {
        stages.push("fail over", Order::InTurn, steps(topology, observed, swap));
    }
    Plan::of_stages(&topology.name, stages.into_vec())
}

/// Plans the time after a failover, until all nodes agree on the new roles. The plan is empty if they did not agree
/// before the failover: it repairs nothing. `primaries` are the new primaries of the shards.
#[must_use]
pub fn plan_agreement(topology: &Topology, before: &Observation, primaries: &[NodeName]) -> Plan {
    let arrangement = Arrangement::new(topology, before);
    let seats = Seats::new(topology, &arrangement);
    let agreed = agreement(topology, seats.primaries());
    let holds = |condition: &Condition| match condition {
        Condition::ClusterAgrees(expected) => readiness::cluster(expected, &before.servers).is_empty(),
        Condition::ReplicasFollow(expected) => readiness::replication(expected, &before.servers).is_empty(),
        Condition::SentinelsAgree(expected) => readiness::sentinels(expected, &before.servers).is_empty(),
        _ => false,
    };
    if !agreed.as_ref().is_some_and(holds) {
        return Plan::of_stages(&topology.name, Vec::new());
    }
    let agree = agreement(topology, primaries).map(|condition| wait(None, condition, Cause::RolesSwapped));
    let mut stages = Stages::one("agree", Order::InTurn, agree.into_iter().collect());
    if topology.kind == Kind::Cluster {
        // Gossip about the former primary takes seconds otherwise.
        stages = quicker(topology, before, stages, Cause::RolesSwapped);
    }
    Plan::of_stages(&topology.name, stages.into_vec())
}

/// All nodes agree on these primaries.
fn agreement(topology: &Topology, primaries: &[NodeName]) -> Option<Condition> {
    let first = primaries.first()?;
    match topology.kind {
        Kind::Standalone => None,
        Kind::Replication => Some(Condition::ReplicasFollow(expectations::replication(topology, first))),
        Kind::Sentinel => Some(Condition::SentinelsAgree(expectations::sentinels(topology, first))),
        Kind::Cluster => Some(Condition::ClusterAgrees(expectations::whole_cluster(topology, primaries))),
    }
}

fn steps(topology: &Topology, observed: &Observation, swap: &Swap) -> Vec<Step> {
    let asked_for = |step: Step| Step { cause: Cause::AskedFor, ..step };
    let Some(to) = &swap.to else {
        let answers = |peer: &Peer| observed.view(&peer.node).is_some();
        let mut known = expectations::sentinels(topology, &swap.from);
        known.watched.replicas.retain(answers);
        known.sentinels.retain(answers);
        return vec![asked_for(hand_over_through(topology, &swap.from, known))];
    };
    let Some(heir) = topology.node(to) else { return Vec::new() };
    if topology.kind == Kind::Cluster {
        if !keeps_old_votes(observed, to) {
            return vec![server(to, ServerAction::FailOver, Cause::AskedFor)];
        }
        let hand_over = ServerAction::HandOver { to: peer(heir), way: HandOverWay::TakeOver };
        return vec![server(&swap.from, hand_over, Cause::AskedFor)];
    }
    let mut steps = vec![asked_for(hand_over(&swap.from, observed.view(&swap.from), peer(heir)))];
    let answering = topology.servers().into_iter().filter(|node| observed.view(&node.name).is_some());
    let others = answering.filter(|node| node.name != *to && node.name != swap.from);
    steps.extend(others.map(|node| server(&node.name, ServerAction::Follow(heir.address), Cause::AskedFor)));
    steps.extend(keep_roles(topology, to));
    steps
}

/// Whether CLUSTER FAILOVER might count votes of an earlier election. Until 60 s after an election of a node, servers
/// use the votes and the config epoch of that election again: the node becomes primary for a moment, and the former
/// primary wins (measured on Redis 7.0 and 8.0).
fn keeps_old_votes(observed: &Observation, node: &NodeName) -> bool {
    let Some(view) = observed.view(node) else { return false };
    let asked = view.cluster.as_ref().is_some_and(|cluster| cluster.asked_for_votes);
    asked && !view.server.is_some_and(Server::forgets_votes)
}
