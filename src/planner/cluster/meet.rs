//! Introductions of nodes to each other.

use std::collections::BTreeSet;

use super::super::draft::server;
use super::super::expectations::peer;
use super::super::world::World;
use super::SMALL;
use crate::arrangement::Arrangement;
use crate::plan::{Cause, Peer, ServerAction, Step};
use crate::topology::{Node, NodeName};

/// The introductions.
pub(super) struct Introductions {
    pub(super) steps: Vec<Step>,
    /// Whether some introductions concern nodes that the cluster has forgotten.
    pub(super) readmissions: bool,
}

/// Introduces nodes that do not know each other.
pub(super) fn meet(
    world: &World<'_>,
    present: &Arrangement<'_>,
    kept_out: &BTreeSet<NodeName>,
) -> Introductions {
    let nodes = world.topology.nodes();
    let (mut steps, mut readmissions) = (Vec::new(), false);
    for (position, node) in nodes.iter().enumerate() {
        let others = introductions(position, nodes.len(), world.servers.all_new()).map(|other| nodes[other]);
        // A node that knows a forgotten node will be told to forget it, too.
        let (forgotten, others): (Vec<&Node>, Vec<&Node>) = others.partition(|other| {
            kept_out.contains(&other.name) && !present.replicates(&node.name, &other.name)
        });
        let unknown = others.into_iter().filter(|other| !present.knows(&node.name, other));
        let unknown: Vec<Peer> = unknown.map(peer).collect();
        if !unknown.is_empty() {
            let cause = Cause::Unknown(unknown.iter().map(|peer| peer.node.clone()).collect());
            steps.push(server(&node.name, ServerAction::Meet(unknown), cause));
        }
        if !forgotten.is_empty() {
            readmissions = true;
            let peers = forgotten.into_iter().map(peer).collect();
            steps.push(server(&node.name, ServerAction::MeetAgain(peers), Cause::Forgotten));
        }
    }
    Introductions { steps, readmissions }
}

/// The positions of the nodes that a node is introduced to. Normally these are all nodes. In a large new cluster they
/// are 1, 2, 4, 8 … further on, and gossip does the rest.
fn introductions(position: usize, count: usize, all_new: bool) -> Box<dyn Iterator<Item = usize>> {
    if all_new && count > SMALL {
        let strides = std::iter::successors(Some(1), |stride| Some(stride * 2))
            .take_while(move |stride| *stride < count);
        Box::new(strides.map(move |stride| (position + stride) % count))
    } else {
        Box::new((0..count).filter(move |other| *other != position))
    }
}
