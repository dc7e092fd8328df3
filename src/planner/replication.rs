//! A primary with replicas: who follows whom.

use std::collections::BTreeMap;

use super::{ServerStates, Stages, server, wait};
use crate::observed::{Observed, Replication, ServerView};
use crate::plan::{Cause, Condition, Order, Peer, ReplicationExpectation, ServerAction};
use crate::readiness;
use crate::topology::{Node, NodeName, Topology};

/// Plans what makes every other node follow the acting primary, and the wait for it.
pub(super) fn plan(
    topology: &Topology,
    observed: &Observed,
    servers: &ServerStates<'_>,
    stages: &mut Stages,
) {
    let nodes = topology.nodes();
    let views: BTreeMap<NodeName, &ServerView> = nodes
        .iter()
        .filter_map(|node| Some((node.name.clone(), observed.servers.get(&node.name)?.view()?)))
        .collect();
    let Some(primary) = acting_primary(&nodes, &views) else { return };
    let mut steps = Vec::new();
    if let Some(Replication::Replica { .. }) = views.get(&primary.name).map(|view| &view.replication) {
        let cause = Cause::WrongPrimary("no node is a primary".to_owned());
        steps.push(server(&primary.name, ServerAction::Promote, cause));
    }
    let replicas: Vec<&Node> = nodes.iter().copied().filter(|node| node.name != primary.name).collect();
    for node in &replicas {
        let wrong = match views.get(&node.name).map(|view| &view.replication) {
            Some(Replication::Primary { .. }) => Some("is a primary of its own".to_owned()),
            Some(Replication::Replica { of: Some(of), .. }) if *of != primary.address => {
                Some(format!("follows {of}"))
            }
            // A new replica has its primary in its file; unless the roles are swapped by now.
            None if topology.starts_as_primary(&node.name) => Some("starts as a primary".to_owned()),
            _ => None,
        };
        if let Some(wrong) = wrong {
            let follow = ServerAction::Follow(primary.address);
            steps.push(server(&node.name, follow, Cause::WrongPrimary(wrong)));
        }
    }
    let acted = !steps.is_empty();
    stages.push("replication", Order::InTurn, steps);

    let peer = |node: &Node| Peer { node: node.name.clone(), address: node.address };
    let expectation =
        ReplicationExpectation { primary: peer(primary), replicas: replicas.into_iter().map(peer).collect() };
    let unsettled = readiness::replication(&expectation, &observed.servers);
    let cause = if servers.new_nodes().next().is_some() || acted {
        Some(servers.cause_to_wait())
    } else {
        unsettled.first().map(|disagreement| Cause::Unsettled(disagreement.to_string()))
    };
    if let Some(cause) = cause {
        stages.push("ready", Order::InTurn, vec![wait(None, Condition::ReplicasFollow(expectation), cause)]);
    }
}

/// The node that acts as primary: the primary that most others follow; of equals the one that has
/// heard most, because following another would cost it its keys; of those the first. Swapped roles
/// are as good as the spec's.
fn acting_primary<'a>(nodes: &[&'a Node], views: &BTreeMap<NodeName, &ServerView>) -> Option<&'a Node> {
    let follows = |view: &ServerView, node: &Node| matches!(view.replication, Replication::Replica { of: Some(of), .. } if of == node.address);
    let followers = |node: &Node| views.values().filter(|view| follows(view, node)).count();
    let heard = |node: &Node| match views.get(&node.name).map(|view| &view.replication) {
        Some(Replication::Primary { offset, .. }) => Some(*offset),
        Some(Replication::Replica { .. }) => None,
        None => Some(0),
    };
    let primaries = nodes.iter().filter_map(|node| Some((*node, followers(node), heard(node)?)));
    // Of equals `max_by_key` gives the last.
    let best = primaries.rev().max_by_key(|(_, followers, offset)| (*followers, *offset));
    best.map(|(node, _, _)| node).or_else(|| nodes.first().copied())
}
