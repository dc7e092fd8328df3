//! Which nodes are replaced in turn, and facts about it that other passes need.

use super::world::{World, running};
use crate::observation::Replication;
use crate::topology::{Kind, Node, NodeName};

/// Whether any node is replaced.
pub(super) fn any(world: &World<'_>) -> bool {
    world.topology.nodes().into_iter().any(|node| world.is_rolled(&node.name))
}

/// A primary that needs a replacement, if sentinels choose the next primary. After their choice, it is replaced as a replica.
pub(super) fn chosen_by_sentinels<'a>(world: &World<'_>, primaries: &'a [NodeName]) -> Option<&'a NodeName> {
    let choose = world.topology.kind == Kind::Sentinel && world.topology.has_replicas();
    primaries.first().filter(|primary| choose && world.is_rolled(primary))
}

/// Whether servers without shard ids are replaced by servers with shard ids. Only another observation can tell how
/// the new servers list each other.
pub(super) fn give_shards_ids(world: &World<'_>) -> bool {
    let before = |name: &NodeName| Some(world.observed.view(name)?.server?.has_shard_ids());
    let will_have = |node: &Node| world.topology.server_of(node).has_shard_ids();
    let mut rolled = world.topology.nodes().into_iter().filter(|node| world.is_rolled(&node.name));
    world.topology.kind == Kind::Cluster
        && rolled.any(|node| will_have(node) && before(&node.name) == Some(false))
}

/// Whether a replica is replaced that has no link to its primary. A wait for the link would time out.
pub(super) fn include_the_unlinked(world: &World<'_>, primaries: &[NodeName]) -> bool {
    world.topology.shards.iter().zip(primaries).any(|(shard, primary)| {
        let mut rolled = shard.nodes().filter(|node| node.name != *primary && world.is_rolled(&node.name));
        rolled.any(|node| is_unlinked(world, node, primary))
    })
}

/// Whether a node is a replica that has no link to its primary, or will lose it. If the primary's server is newer,
/// the replica never gets another full sync.
pub(super) fn is_unlinked(world: &World<'_>, node: &Node, primary: &NodeName) -> bool {
    let view = world.observed.view(&node.name);
    let has_no_link =
        view.is_some_and(|view| matches!(view.replication, Replication::Replica { link_up: false, .. }));
    has_no_link || !world.is_rolled(primary) && is_too_old_for_copies(world, node, primary)
}

/// Whether a node's server cannot read data that its primary's server writes.
fn is_too_old_for_copies(world: &World<'_>, node: &Node, primary: &NodeName) -> bool {
    let (topology, view) = (world.topology, world.observed.view(&node.name));
    let newer = topology.node(primary).map_or(topology.server, |primary| topology.server_of(primary));
    view.is_some_and(|view| !running(topology, view).reads_data_of(newer))
}
