//! The nodes that a cluster has joined, and the nodes that it keeps out.
//!
//! Since Redis 7.2, CLUSTER FORGET spreads to all nodes. For a minute, they refuse the forgotten node's id, even in
//! CLUSTER MEET.

use std::collections::BTreeSet;

use super::{Arrangement, Member};
use crate::observation::{ClusterNode, ClusterRole, ClusterView, Replication};
use crate::topology::{Address, NodeName, Server};

impl Arrangement<'_> {
    /// The nodes that the rest of the cluster has forgotten and keeps out.
    #[must_use]
    pub fn kept_out(&self) -> BTreeSet<NodeName> {
        let spreads = |member: &Member<'_>| member.view.is_some_and(spreads_forgetting);
        if !self.members().any(spreads) {
            return BTreeSet::new();
        }
        self.staying().filter(|member| self.is_kept_out(member)).map(|member| member.name.clone()).collect()
    }

    /// Whether a node knows another node that has forgotten it: the other node has no line and no handshake for it.
    /// After CLUSTER RESET, a node has forgotten all nodes. It does not count, because it has no slots, and no
    /// neighbours that know the node.
    fn is_kept_out(&self, member: &Member<'_>) -> bool {
        let Some(own) = self.cluster(&member.name) else { return false };
        let keeps_out = |other: &ClusterView| {
            let known = |id: &str| other.nodes.get(id).is_some_and(|line| !line.handshake);
            let has_slots = || other.own().is_some_and(|own| !own.slots.is_empty());
            let tells = |third: &ClusterView| {
                third.own_id != other.own_id && known(&third.own_id) && third.nodes.contains_key(&own.own_id)
            };
            own.nodes.get(&other.own_id).is_some_and(|line| !line.handshake)
                && !other.nodes.contains_key(&own.own_id)
                && !is_in_handshake(other, member.address)
                && (has_slots() || self.clusters().any(|(_, third)| tells(third)))
        };
        self.clusters().any(|(_, other)| keeps_out(other))
    }

    /// Whether none of these primaries knows a node or is in a handshake with it, although the node knows other
    /// nodes.
    #[must_use]
    pub fn is_unknown_to_all<'n>(
        &self,
        node: &NodeName,
        mut primaries: impl Iterator<Item = &'n NodeName>,
    ) -> bool {
        let (Some(own), Some(member)) = (self.cluster(node), self.member(node)) else { return false };
        let mut answering = primaries.by_ref().filter_map(|primary| self.cluster(primary)).peekable();
        own.nodes.values().filter(|line| !line.handshake).count() > 1
            && answering.peek().is_some()
            && answering.all(|primary| {
                !primary.nodes.contains_key(&own.own_id) && !is_in_handshake(primary, member.address)
            })
    }

    /// Whether a primary knows a replica, but omits it from its shard in CLUSTER SHARDS.
    ///
    /// Redis 8.0 does so after an upgrade from 7.0, which has no shard ids. The replica then misses messages that are
    /// published in the shard (measured on 8.0.2).
    #[must_use]
    pub fn leaves_out(&self, primary: &NodeName, replica: &NodeName) -> bool {
        let leaves_out = || {
            let (primary, own) = (self.cluster(primary)?, self.cluster(replica)?);
            let line = primary.nodes.get(&own.own_id)?;
            let listed = primary.shards.as_ref()?.contains_key(&own.own_id);
            Some(line.role == ClusterRole::Replica(primary.own_id.clone()) && !line.handshake && !listed)
        };
        leaves_out().unwrap_or(false)
    }

    /// Whether gossip about a linked stranger has not reached all nodes yet. If a node hears of the stranger only
    /// after the other nodes forgot it, it introduces the stranger again.
    #[must_use]
    pub fn news_of_strangers_spread(&self) -> bool {
        let knows =
            |cluster: &ClusterView, id: &str| cluster.nodes.get(id).is_some_and(|line| !line.handshake);
        let hears_from = |cluster: &ClusterView, teller: &str| {
            knows(cluster, teller) || cluster.nodes.values().any(|line| line.handshake)
        };
        self.clusters().any(|(_, teller)| {
            let mut strangers = teller.nodes.iter().filter(|(id, line)| self.is_linked_stranger(id, line));
            strangers.any(|(id, _)| {
                let mut others = self.clusters();
                others.any(|(_, other)| hears_from(other, &teller.own_id) && !knows(other, id))
            })
        })
    }

    /// Whether a line describes a live server that is not a node of the deployment.
    #[must_use]
    pub fn is_linked_stranger(&self, id: &str, line: &ClusterNode) -> bool {
        let is_elsewhere = line.address.is_some_and(|address| self.at(address).is_none());
        !line.handshake && line.connected && is_elsewhere && !self.has_id(id)
    }

    /// Whether a primary is linked to the replica at an address, and has sent it all writes.
    #[must_use]
    pub fn hears(&self, primary: &NodeName, replica: Address) -> bool {
        let view = self.view(primary);
        view.is_some_and(|view| {
            matches!(&view.replication, Replication::Primary { online_replicas, .. } if online_replicas.contains(&replica))
        })
    }

    /// Whether a replica's link to its primary is up.
    #[must_use]
    pub fn has_link(&self, node: &NodeName) -> bool {
        let view = self.view(node);
        view.is_some_and(|view| matches!(view.replication, Replication::Replica { link_up: true, .. }))
    }
}

/// Whether a node is in a handshake with the node at an address.
fn is_in_handshake(cluster: &ClusterView, address: Address) -> bool {
    cluster.nodes.values().any(|line| line.handshake && line.address == Some(address))
}

fn spreads_forgetting(view: &crate::observation::ServerView) -> bool {
    view.server.is_some_and(Server::spreads_forgetting)
}
