//! Introductions of nodes to each other.

use std::collections::BTreeSet;

use super::super::draft::server;
use super::super::expectations::peer;
use super::super::world::World;
use crate::arrangement::Arrangement;
use crate::plan::{Cause, Peer, ServerAction, Step};
use crate::topology::settings::SMALL_CLUSTER;
use crate::topology::{Node, NodeName, Shard};

/// The introductions.
pub(super) struct Introductions {
    pub(super) steps: Vec<Step>,
    /// Whether some introductions concern nodes that the cluster has forgotten.
    pub(super) readmissions: bool,
}

/// Introduces the nodes of each shard to each other.
pub(super) fn within_shards(world: &World<'_>) -> Vec<Step> {
    let meet = |shard: &Shard, node: &Node| {
        let mates: Vec<Peer> = shard.nodes().filter(|mate| mate.name != node.name).map(peer).collect();
        (!mates.is_empty()).then(|| introduce(&node.name, mates))
    };
    let shards = world.topology.shards.iter();
    shards.flat_map(|shard| shard.nodes().filter_map(|node| meet(shard, node))).collect()
}

fn introduce(node: &NodeName, peers: Vec<Peer>) -> Step {
    let cause = Cause::Unknown(peers.iter().map(|peer| peer.node.clone()).collect());
    server(node, ServerAction::Meet(peers), cause)
}

/// Introduces nodes that do not know each other. In a new cluster, the nodes of each shard have met before, and wait here
/// for each other.
pub(super) fn meet(
    world: &World<'_>,
    present: &Arrangement<'_>,
    kept_out: &BTreeSet<NodeName>,
) -> Introductions {
    let (mut steps, mut readmissions) = (Vec::new(), false);
    for node in world.topology.nodes() {
        // A node that knows a forgotten node will be told to forget it, too.
        let (forgotten, others): (Vec<&Node>, Vec<&Node>) =
            others(world, &node.name).into_iter().partition(|other| {
                kept_out.contains(&other.name) && !present.replicates(&node.name, &other.name)
            });
        let unknown = others.into_iter().filter(|other| !present.knows(&node.name, other));
        let unknown: Vec<Peer> = unknown.map(peer).collect();
        if !unknown.is_empty() {
            steps.push(introduce(&node.name, unknown));
        }
        if !forgotten.is_empty() {
            readmissions = true;
            let peers = forgotten.into_iter().map(peer).collect();
            steps.push(server(&node.name, ServerAction::MeetAgain(peers), Cause::Forgotten));
        }
    }
    Introductions { steps, readmissions }
}

/// The nodes that a node is introduced to: all other nodes, except in a large new cluster. There, each shard meets the
/// shards before it, while containers of later shards still start. Nodes of a small new cluster have a low node timeout,
/// with which they would see each other as down meanwhile.
fn others<'t>(world: &World<'t>, node: &NodeName) -> Vec<&'t Node> {
    let shards = &world.topology.shards;
    let is_new = world.servers.all_new();
    let grows = is_new && world.topology.nodes().len() > SMALL_CLUSTER;
    let is_own = |shard: &&Shard| shard.nodes().any(|own| own.name == *node);
    let own = shards.iter().position(|shard| is_own(&shard)).filter(|_| grows);
    let met = shards.iter().take(own.map_or(shards.len(), |own| own + 1));
    if is_new && met.clone().all(|shard| is_own(&shard)) {
        // Its own shard has met before.
        return Vec::new();
    }
    let mut others: Vec<&Node> = met.flat_map(Shard::nodes).filter(|other| other.name != *node).collect();
    others.sort_by(|one, other| one.name.cmp(&other.name));
    others
}
