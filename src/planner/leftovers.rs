//! The remains of former nodes on engines that were replaced, and the nodes that move from such an engine.

use super::Options;
use super::draft::{Stages, engine_at};
use crate::observation::{ClusterView, Observation, Replication, ServerView};
use crate::plan::{Cause, EngineAction, Obstacle, Order, Step};
use crate::topology::{EngineName, Node, NodeName, Topology};

/// Removes the remains, before all other steps: the cluster must not hear of a former node again.
pub(super) fn remove(observed: &Observation) -> Stages {
    let steps = observed.leftovers.iter().flat_map(|(at, leftovers)| {
        let cause = || Cause::EngineReplaced(at.clone());
        let containers = leftovers.containers.iter().map(move |node| Step {
            node: Some(node.clone()),
            ..engine_at(Some(at), EngineAction::RemoveContainer, cause())
        });
        let volumes = leftovers
            .volumes
            .iter()
            .map(move |name| engine_at(Some(at), EngineAction::RemoveVolume { name: name.clone() }, cause()));
        containers.chain(volumes)
    });
    // A volume can be removed once no container uses it.
    Stages::one("remove what was replaced", Order::InTurn, steps.collect())
}

/// The nodes that move to another engine now, with their former engine.
fn moving<'a>(topology: &'a Topology, observed: &'a Observation) -> Vec<(&'a Node, &'a EngineName)> {
    let former = |node: &'a Node| {
        let former = observed.stored.as_deref()?.engine_of(&node.name)?;
        (node.engine.as_ref() != Some(former)).then_some((node, former))
    };
    topology.nodes().into_iter().filter_map(former).collect()
}

/// The lost engine whose nodes move to another engine now. Every engine must learn it before a container is made.
pub(super) fn replaced_now<'a>(topology: &'a Topology, observed: &'a Observation) -> Option<&'a EngineName> {
    moving(topology, observed).into_iter().map(|(_, former)| former).next()
}

/// Whether a server has the data of its shard. A replica that was restarted without its data has none until it reaches
/// its primary.
fn has_data(view: &ServerView) -> bool {
    let is_synced = match view.replication {
        Replication::Replica { offset, .. } => offset > 0,
        Replication::Primary { .. } => {
            let own = view.cluster.as_ref().and_then(ClusterView::own);
            view.cluster.is_none() || own.is_some_and(|own| !own.slots.is_empty())
        }
    };
    view.keys > 0 || is_synced
}

/// Refuses a replacement after which no node has the keys of a shard, unless the user gives the keys up.
pub(super) fn refuse_loss(
    topology: &Topology,
    observed: &Observation,
    options: Options,
) -> Result<(), Vec<Obstacle>> {
    let moving = moving(topology, observed);
    if moving.is_empty() || options.discard_keys {
        return Ok(());
    }
    let stays = |node: &&Node| !moving.iter().any(|(moves, _)| moves.name == node.name);
    let has_copy = |node: &Node| {
        observed.view(&node.name).is_some_and(has_data) || observed.keeps_data_of(topology, &node.name)
    };
    // Without a cluster that redisctl forms, no node has a copy of another node's keys.
    let alone = |node| vec![node];
    let groups: Vec<Vec<&Node>> = if topology.formed {
        topology.shards.iter().map(|shard| shard.nodes().collect()).collect()
    } else {
        topology.servers().into_iter().map(alone).collect()
    };
    let lost = groups.into_iter().filter(|group| !group.iter().copied().filter(stays).any(has_copy));
    let obstacle = |group: Vec<&Node>| {
        let (_, engine) = moving.iter().find(|(node, _)| group.iter().any(|one| one.name == node.name))?;
        let nodes: Vec<NodeName> = group.iter().map(|node| node.name.clone()).collect();
        Some(Obstacle::NoLivingCopy { engine: (*engine).clone(), nodes })
    };
    let obstacles: Vec<Obstacle> = lost.filter_map(obstacle).collect();
    if obstacles.is_empty() { Ok(()) } else { Err(obstacles) }
}
