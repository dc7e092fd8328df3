//! Nodes that a CLUSTER FORGET has made the others keep out: since 7.2 the servers tell each other, and
//! take the node back under its id only after a minute, whatever they are told.

use super::Known;
use crate::observed::{ClusterView, Observed, Replication};
use crate::topology::{Node, NodeName, Topology};

impl Known<'_> {
    /// Finds nodes that are kept out, and for primaries among them who can take their place: as replicas
    /// with another id they are let in at once.
    pub(super) fn find_the_kept_out(&mut self, topology: &Topology, observed: &Observed) {
        let nodes = topology.nodes().into_iter().filter(|node| self.is_kept_out(node));
        self.kept_out = nodes.map(|node| node.name.clone()).collect();
        let has_link = |node: &Node| {
            let view = observed.view(&node.name);
            view.is_some_and(|view| matches!(view.replication, Replication::Replica { link_up: true, .. }))
        };
        for shard in &topology.shards {
            for primary in shard.nodes().filter(|node| self.kept_out.contains(&node.name)) {
                let is_heir = |node: &&Node| {
                    self.replicates(&node.name, &primary.name)
                        && has_link(node)
                        && !self.kept_out.contains(&node.name)
                };
                let heir = shard.nodes().find(is_heir).filter(|_| !self.slots_of(&primary.name).is_empty());
                self.replaced.extend(heir.map(|heir| (heir.name.clone(), primary.name.clone())));
            }
        }
        for primary in self.replaced.values() {
            self.kept_out.remove(primary);
            self.views.remove(primary);
        }
        self.names.retain(|_, name| self.views.contains_key(name));
    }

    /// Whether a node knows another one that does not know it, nor is being introduced to it, although it
    /// has neighbours who would have told it, or slots, which it would not have after a reset.
    fn is_kept_out(&self, node: &Node) -> bool {
        let Some(view) = self.views.get(&node.name) else { return false };
        let keeps_out = |other: &ClusterView| {
            let known = |id: &str| other.nodes.get(id).is_some_and(|line| !line.handshake);
            let has_slots = || other.own().is_some_and(|own| !own.slots.is_empty());
            let tells = |third: &&ClusterView| {
                third.own_id != other.own_id && known(&third.own_id) && third.nodes.contains_key(&view.own_id)
            };
            view.nodes.get(&other.own_id).is_some_and(|line| !line.handshake)
                && !other.nodes.contains_key(&view.own_id)
                && !is_introduced(other, node)
                && (has_slots() || self.views.values().any(tells))
        };
        self.views.values().any(|other| keeps_out(other))
    }

    /// Whether a node is kept out by others, and has to go on under the id that it has.
    pub(in super::super) fn keeps_out(&self, node: &NodeName) -> bool {
        self.kept_out.contains(node)
    }

    /// The primaries that others keep out, and who takes their place.
    pub(in super::super) fn replaced(&self) -> impl Iterator<Item = (&NodeName, &NodeName)> {
        self.replaced.iter().map(|(heir, primary)| (primary, heir))
    }
}

/// Whether a node is just being introduced to another one.
pub(super) fn is_introduced(to: &ClusterView, node: &Node) -> bool {
    to.nodes.values().any(|line| line.handshake && line.address == Some(node.address))
}
