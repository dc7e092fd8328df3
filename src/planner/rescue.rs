//! Primaries that are down and would come back without their keys, because nothing keeps them: a
//! replica that still has them takes their place first.

use super::{Stages, World, cluster, replication, sentinel, server};
use crate::observed::{ClusterRole, ContainerState, Replication};
use crate::plan::{Cause, Order, ServerAction, Step};
use crate::spec::DataSpec;
use crate::topology::{Kind, Node, NodeName, Shard};

/// Who is primary once the keys are saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Successor {
    /// The plan says so, or nothing changes.
    Known,
    /// Whom the sentinels choose: nothing else is done before that.
    Chosen,
}

/// Plans that replicas become primaries, before the former ones are started.
pub(super) fn plan(world: &World<'_>, stages: &mut Stages) -> Successor {
    if world.topology.data == DataSpec::Volume {
        return Successor::Known;
    }
    let (steps, successor) = match world.topology.kind {
        Kind::Standalone => (Vec::new(), Successor::Known),
        Kind::Replication => (promote(world), Successor::Known),
        Kind::Cluster => (take_over(world), Successor::Known),
        Kind::Sentinel => match fail_over(world) {
            None => (Vec::new(), Successor::Known),
            Some(step) => (vec![step], Successor::Chosen),
        },
    };
    stages.push("save keys", Order::InTurn, steps);
    successor
}

/// The sentinels would do it by themselves once they have noticed; but not before the former primary is
/// started, if that is now.
fn fail_over(world: &World<'_>) -> Option<Step> {
    let primary = sentinel::chosen_primary(world.topology, world.observed)?;
    let nodes = world.topology.servers().into_iter();
    let replicas: Vec<&Node> = nodes.filter(|node| follows(world, node, primary)).collect();
    if !is_down(world, &primary.name) {
        return None;
    }
    heir(world, replicas.into_iter())?;
    sentinel::fail_over(world, primary, cause(primary))
}

fn take_over(world: &World<'_>) -> Vec<Step> {
    let shards = world.topology.shards.iter();
    let heir_of = |primary: &Node| {
        // Whoever is primary by now may have been so since a failover.
        let replicas = world.topology.nodes().into_iter().filter(|node| follows(world, node, primary));
        heir(world, replicas)
    };
    let down = shards.flat_map(Shard::nodes).filter(|node| is_down(world, &node.name));
    let heirs = down.filter_map(|primary| Some((heir_of(primary)?.name.clone(), cause(primary))));
    cluster::take_over_in_turn(heirs)
}

fn promote(world: &World<'_>) -> Vec<Step> {
    let nodes = world.topology.nodes();
    let any_primary = nodes.iter().any(|node| {
        world
            .observed
            .view(&node.name)
            .is_some_and(|view| matches!(view.replication, Replication::Primary { .. }))
    });
    let primary = nodes
        .iter()
        .find(|node| is_down(world, &node.name) && nodes.iter().any(|other| follows(world, other, node)));
    let Some(primary) = primary.filter(|_| !any_primary) else { return Vec::new() };
    let replicas = nodes.iter().copied().filter(|node| follows(world, node, primary));
    let Some(heir) = heir(world, replicas) else { return Vec::new() };
    let mut steps = vec![server(&heir.name, ServerAction::Promote, cause(primary))];
    steps.extend(replication::keep_roles(world.topology, &heir.name));
    steps
}

fn cause(primary: &Node) -> Cause {
    Cause::WouldComeBackEmpty(primary.name.clone())
}

/// Whether a node's server has ended, and with it all that it had in memory.
fn is_down(world: &World<'_>, node: &NodeName) -> bool {
    let container = world.observed.containers.get(node);
    container.is_none_or(|container| {
        matches!(
            container.state,
            ContainerState::Exited | ContainerState::Created | ContainerState::Restarting
        )
    })
}

/// Whether a node that answers replicates `primary`, and that still counts for a primary.
fn follows(world: &World<'_>, node: &Node, primary: &Node) -> bool {
    let Some(view) = world.observed.view(&node.name) else { return false };
    match &view.cluster {
        None => {
            matches!(view.replication, Replication::Replica { of: Some(of), .. } if of == primary.address)
        }
        Some(cluster) => match cluster.own().map(|own| &own.role) {
            Some(ClusterRole::Replica(id)) => cluster
                .nodes
                .get(id)
                .is_some_and(|line| line.address == Some(primary.address) && !line.slots.is_empty()),
            _ => false,
        },
    }
}

/// The one that has heard most, of those that have keys at all.
fn heir<'a>(world: &World<'_>, replicas: impl DoubleEndedIterator<Item = &'a Node>) -> Option<&'a Node> {
    let heard =
        |node: &&Node| match world.observed.view(&node.name).map(|view| (&view.replication, view.keys)) {
            Some((Replication::Replica { offset, .. }, keys)) if keys > 0 => Some(*offset),
            _ => None,
        };
    // Of equals `max_by_key` gives the last.
    replicas.rev().filter(|node| heard(node).is_some()).max_by_key(heard)
}
