//! Temporary settings while a deployment is repaired. With the usual settings, a replica waits 5 s for its full sync,
//! and gossip about a node takes seconds.

use super::draft::{Changes, Stages};
use super::temporary::{NodeSettings, Temporary, usual};
use super::world::World;
use crate::observation::{Observation, Replication};
use crate::plan::Cause;
use crate::topology::settings::values::same_value;
use crate::topology::settings::while_repairing;
use crate::topology::{Kind, Node, Settings, Topology};

/// Puts temporary settings around the stages, if the stages would be slow without them.
pub(super) fn hasten(world: &World<'_>, stages: Stages, changes: Changes) -> Stages {
    let waits = !stages.is_empty() && world.topology.kind != Kind::Cluster && any_link_is_down(world);
    if !waits && !is_slow_otherwise(changes) {
        return stages;
    }
    quicker(world.topology, world.observed, stages, Cause::Mending)
}

/// Puts temporary settings around the stages.
pub(super) fn quicker(topology: &Topology, observed: &Observation, stages: Stages, cause: Cause) -> Stages {
    let exchange = |node: &Node| {
        let for_a_while = for_a_while(topology, observed, node);
        let usual = were_usual(observed, node, &for_a_while);
        NodeSettings { node: node.name.clone(), for_a_while, usual }
    };
    let nodes = topology.servers().into_iter().map(exchange);
    Temporary::new(cause, nodes).around("hasten", stages, "usual settings")
}

/// Whether the stages begin a full sync, show replicas to clients, or depend on gossip.
fn is_slow_otherwise(changes: Changes) -> bool {
    changes.links || changes.readmissions || changes.announcements
}

/// The usual settings that a node has now. The settings pass repairs all others.
fn were_usual(observed: &Observation, node: &Node, changed: &Settings) -> Settings {
    let found = |name: &str| observed.view(&node.name)?.settings.get(name);
    let usual = usual(&observed.learned, node, changed);
    usual
        .iter()
        .filter(|(name, value)| found(name).is_some_and(|found| same_value(name, found, value)))
        .collect()
}

/// Whether a replica that runs has no link to its primary.
fn any_link_is_down(world: &World<'_>) -> bool {
    let views = world.observed.servers.values().filter_map(|server| server.view());
    let mut replications = views.map(|view| &view.replication);
    replications.any(|replication| matches!(replication, Replication::Replica { link_up: false, .. }))
}

/// The temporary settings that a node lacks. A node that does not answer gets none.
fn for_a_while(topology: &Topology, observed: &Observation, node: &Node) -> Settings {
    const DIRECTIVE: &str = "cluster-node-timeout";
    let Some(view) = observed.view(&node.name) else {
        return Settings::default();
    };
    let mut wanted = while_repairing(topology.kind == Kind::Cluster);
    let milliseconds = |settings: &Settings| settings.get(DIRECTIVE)?.parse::<u64>().ok();
    if let (Some(found), Some(for_a_while)) = (milliseconds(&view.settings), milliseconds(&wanted))
        && found < for_a_while
        && view.settings.get(DIRECTIVE) == node.settings.get(DIRECTIVE)
    {
        // The spec's value is even lower.
        wanted.remove(DIRECTIVE);
    }
    wanted.iter().filter(|(name, value)| view.settings.get(name) != Some(*value)).collect()
}
