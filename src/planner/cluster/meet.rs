//! Who is introduced to whom.

use super::known::Known;
use super::{SMALL, ServerStates, peer, server};
use crate::plan::{Cause, Peer, ServerAction, Step};
use crate::topology::{Node, Topology};

/// Introductions for pairs that do not know each other.
pub(super) fn meet(topology: &Topology, known: &Known<'_>, servers: &ServerStates<'_>) -> Vec<Step> {
    let nodes = topology.nodes();
    let mut steps = Vec::new();
    for (position, node) in nodes.iter().enumerate() {
        let others = introductions(position, nodes.len(), servers.all_new()).map(|other| nodes[other]);
        // Who knows such a node still, or again, will be told to forget it.
        let (kept_out, others): (Vec<&Node>, Vec<&Node>) = others
            .partition(|other| known.keeps_out(&other.name) && !known.replicates(&node.name, &other.name));
        let unknown = others.into_iter().filter(|other| !known.knows(&node.name, other));
        let unknown: Vec<Peer> = unknown.map(peer).collect();
        if !unknown.is_empty() {
            let cause = Cause::Unknown(unknown.iter().map(|peer| peer.node.clone()).collect());
            steps.push(server(&node.name, ServerAction::Meet(unknown), cause));
        }
        if !kept_out.is_empty() {
            let peers = kept_out.into_iter().map(peer).collect();
            steps.push(server(&node.name, ServerAction::MeetAgain(peers), Cause::Forgotten));
        }
    }
    steps
}

/// Whom a node is introduced to: everybody; in a large new cluster the nodes 1, 2, 4, 8 … further
/// on, from where gossip does the rest.
fn introductions(position: usize, count: usize, all_new: bool) -> Box<dyn Iterator<Item = usize>> {
    if all_new && count > SMALL {
        let strides = std::iter::successors(Some(1), |stride| Some(stride * 2))
            .take_while(move |stride| *stride < count);
        Box::new(strides.map(move |stride| (position + stride) % count))
    } else {
        Box::new((0..count).filter(move |other| *other != position))
    }
}
