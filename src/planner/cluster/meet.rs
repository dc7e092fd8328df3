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

/// Whether the shards of a new cluster form before they meet. Nodes of a small new cluster have a low node timeout. They
/// would see each other as down while containers start, and a role that changes later is known soon.
pub(super) fn shards_form_first(world: &World<'_>) -> bool {
    world.servers.all_new() && world.topology.nodes().len() > SMALL_CLUSTER
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

/// Introduces nodes that do not know each other.
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

/// The nodes that a node is introduced to: all other nodes, or those of its own shard and the shards before it. The own
/// shard has met before. The node waits for it here.
fn others<'t>(world: &World<'t>, node: &NodeName) -> Vec<&'t Node> {
    let shards = &world.topology.shards;
    let own = shards.iter().position(|shard| shard.nodes().any(|own| own.name == *node));
    let met = match own.filter(|_| shards_form_first(world)) {
        Some(0) => return Vec::new(),
        Some(own) => shards.iter().take(own + 1),
        None => shards.iter().take(shards.len()),
    };
    let mut others: Vec<&Node> = met.flat_map(Shard::nodes).filter(|other| other.name != *node).collect();
    others.sort_by(|one, other| one.name.cmp(&other.name));
    others
}
