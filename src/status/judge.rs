//! Judges the observation of a deployment: roles, links, and whether it is ready.

use super::reading::Reading;
use super::{DeploymentState, NodeStatus, StatusView, problems, rows, unformed};
use crate::arrangement::Seats;
use crate::observation::{ContainerState, Observation, ObservedContainer};
use crate::topology::{Node, NodeName, Topology};

/// Judges the observation of a deployment.
#[must_use]
pub fn status(topology: &Topology, observed: &Observation) -> StatusView {
    let reading = Reading::new(topology, observed);
    let seats = Seats::new(topology, &reading.arrangement);
    let nodes: Vec<NodeStatus> =
        topology.nodes().into_iter().map(|node| rows::node(&reading, &seats, node)).collect();
    let runs = |container: &ObservedContainer| {
        matches!(
            container.state,
            ContainerState::Running | ContainerState::Paused | ContainerState::Restarting
        )
    };
    let stopped = !observed.containers.values().any(runs);
    // In a stopped deployment, only kills for lack of memory are problems.
    let problems =
        if stopped { problems::of_stopped(&reading, &nodes) } else { problems::all(&reading, &nodes) };
    let state = match (stopped, problems.is_empty()) {
        (true, _) => DeploymentState::Stopped,
        (false, true) => DeploymentState::Ready,
        (false, false) => DeploymentState::Degraded,
    };
    StatusView {
        deployment: topology.name.clone(),
        kind: topology.kind,
        state,
        image: topology.image.clone(),
        digest: digest(topology, observed),
        server: topology.server.to_string(),
        nodes,
        problems,
        notes: topology
            .told_instead_of_endpoints()
            .map(|told| told.note)
            .into_iter()
            .chain(unformed::note(&reading))
            .chain(own_images(topology))
            .collect(),
    }
}

/// A note about each node with an image of its own.
fn own_images(topology: &Topology) -> Vec<String> {
    let note = |node: &Node| {
        let own = node.own_image.as_ref()?;
        Some(format!("{} has an image of its own: {}, {}", node.name, own.reference, own.server))
    };
    topology.nodes().into_iter().filter_map(note).collect()
}

/// The image of all nodes without an image of their own. The anchor is not a node.
fn digest(topology: &Topology, observed: &Observation) -> Option<String> {
    let has_it = |name: &NodeName| topology.node(name).is_some_and(|node| node.own_image.is_none());
    let nodes = observed.containers.iter().filter(|(name, _)| has_it(name));
    let mut ids = nodes.map(|(_, container)| &container.image_id);
    let first = ids.next().filter(|first| ids.all(|id| id == *first))?;
    Some(observed.digests.get(first).unwrap_or(first).clone())
}

#[cfg(test)]
mod tests;
