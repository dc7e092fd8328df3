//! Roles and slots in a cluster.

use std::collections::BTreeMap;

use super::{Arrangement, Member, Place};
use crate::observation::{ClusterRole, ClusterView};
use crate::topology::{Node, NodeName, Shard, SlotSet};

impl<'a> Arrangement<'a> {
    /// The node of the topology with a cluster id.
    #[must_use]
    pub fn with_id(&self, id: &str) -> Option<&Member<'a>> {
        self.any_with_id(id).filter(|member| member.place == Place::Staying)
    }

    /// The leaving node with a cluster id.
    #[must_use]
    pub fn leaving_with_id(&self, id: &str) -> Option<&Member<'a>> {
        self.any_with_id(id).filter(|member| member.place == Place::Leaving)
    }

    /// Whether a node has a cluster id.
    pub(super) fn has_id(&self, id: &str) -> bool {
        self.any_with_id(id).is_some()
    }

    fn any_with_id(&self, id: &str) -> Option<&Member<'a>> {
        self.members().find(|member| {
            let cluster = member.view.and_then(|view| view.cluster.as_ref());
            cluster.is_some_and(|cluster| cluster.own_id == id)
        })
    }

    /// The role that a node reports; `None` if the node is new.
    #[must_use]
    pub fn role(&self, node: &NodeName) -> Option<&'a ClusterRole> {
        Some(&self.cluster(node)?.own()?.role)
    }

    /// The slots that a primary claims in its own CLUSTER NODES line.
    #[must_use]
    pub fn slots(&self, node: &NodeName) -> SlotSet {
        let own = self.cluster(node).and_then(ClusterView::own);
        own.filter(|own| own.role == ClusterRole::Primary).map(|own| own.slots.clone()).unwrap_or_default()
    }

    /// The slots that a primary claims, without slots that another primary claims with a higher config epoch. Such a
    /// claim ends by itself.
    #[must_use]
    pub fn undisputed_slots(&self, node: &NodeName) -> SlotSet {
        let slots = self.slots(node);
        let Some(cluster) = self.cluster(node).filter(|_| !slots.is_empty()) else { return slots };
        let lines = self.clusters().flat_map(|(_, other)| &other.nodes);
        let younger = lines.filter(|(id, line)| {
            **id != cluster.own_id && line.role == ClusterRole::Primary && line.epoch > self.epoch(node)
        });
        younger.fold(slots, |slots, (_, line)| slots.without(&line.slots))
    }

    /// The config epoch with which a node claims its slots.
    #[must_use]
    pub fn epoch(&self, node: &NodeName) -> u64 {
        let own = self.cluster(node).and_then(ClusterView::own);
        own.map_or(0, |own| own.epoch)
    }

    /// The owner of slots among these nodes. Of several owners, the owner with the highest config epoch.
    #[must_use]
    pub fn owner<'n>(&self, nodes: impl Iterator<Item = &'n Node>) -> Option<&'n Node> {
        nodes.filter(|node| !self.slots(&node.name).is_empty()).max_by_key(|node| self.epoch(&node.name))
    }

    /// The owner among the nodes of a shard; `None` if a leaving node claims the owner's slots with a higher config
    /// epoch.
    #[must_use]
    pub fn owner_of_shard<'n>(&self, shard: &'n Shard) -> Option<&'n Node> {
        let owner = self.owner(shard.nodes())?;
        let (slots, epoch) = (self.slots(&owner.name), self.epoch(&owner.name));
        let mut leaving = self.leaving().map(|member| &member.name);
        let is_former = leaving.any(|name| self.epoch(name) > epoch && self.slots(name).meets(&slots));
        (!is_former).then_some(owner)
    }

    /// The slots that other nodes list for each primary, although the primary may have dropped them.
    #[must_use]
    pub fn listed_slots(&self) -> BTreeMap<&NodeName, SlotSet> {
        let mut listed: BTreeMap<&NodeName, SlotSet> = BTreeMap::new();
        for (id, line) in self.clusters().flat_map(|(_, cluster)| &cluster.nodes) {
            let member = self.any_with_id(id).filter(|member| {
                line.role == ClusterRole::Primary && self.role(&member.name) == Some(&ClusterRole::Primary)
            });
            if let Some(member) = member.filter(|_| !line.slots.is_empty()) {
                let slots = listed.entry(&member.name).or_default();
                *slots = slots.joined_with(&line.slots);
            }
        }
        listed
    }

    /// The present primary at the other end of a cluster id: the node itself, or the primary that it replicates.
    #[must_use]
    pub fn primary_now(&self, id: &str) -> Option<&Member<'a>> {
        let member = self.any_with_id(id)?;
        match self.role(&member.name)? {
            ClusterRole::Primary => Some(member),
            ClusterRole::Replica(of) => {
                self.any_with_id(of).filter(|of| self.role(&of.name) == Some(&ClusterRole::Primary))
            }
        }
    }

    /// Whether a cluster node replicates another node.
    #[must_use]
    pub fn replicates(&self, node: &NodeName, primary: &NodeName) -> bool {
        let id = self.cluster(primary).map(|cluster| cluster.own_id.clone());
        id.is_some_and(|id| self.role(node) == Some(&ClusterRole::Replica(id)))
    }

    /// The cluster id of the primary that a node replicates, if no node of the deployment has the id.
    #[must_use]
    pub fn lost_primary(&self, node: &NodeName) -> Option<&'a str> {
        match self.role(node)? {
            ClusterRole::Replica(id) if self.with_id(id).is_none() => Some(id),
            _ => None,
        }
    }

    /// The slots of the primary that a node replicates, if that primary is not a node of the deployment.
    #[must_use]
    pub fn orphaned_slots(&self, node: &NodeName) -> SlotSet {
        let line = self.lost_primary(node).and_then(|id| self.cluster(node)?.nodes.get(id));
        line.map(|line| line.slots.clone()).unwrap_or_default()
    }

    /// Whether a node knows another node at its address, with the handshake complete.
    #[must_use]
    pub fn knows(&self, node: &NodeName, other: &Node) -> bool {
        let id = self.cluster(&other.name).map(|cluster| cluster.own_id.as_str());
        let line = self.cluster(node).zip(id).and_then(|(cluster, id)| cluster.nodes.get(id));
        line.is_some_and(|line| !line.handshake && line.address == Some(other.address))
    }

    /// A node that lists a primary with a higher config epoch than the primary itself.
    #[must_use]
    pub fn with_higher_epoch_for(&self, primary: &NodeName) -> Option<&NodeName> {
        let cluster = self.cluster(primary)?;
        let own = cluster.own().filter(|own| own.role == ClusterRole::Primary)?;
        let has_higher = |other: &ClusterView| {
            let line = other.nodes.get(&cluster.own_id);
            line.is_some_and(|line| line.role == ClusterRole::Primary && line.epoch > own.epoch)
        };
        self.clusters().find(|(_, other)| has_higher(other)).map(|(name, _)| name)
    }

    /// Whether every node that knows a primary lists this replica of it to clients.
    #[must_use]
    pub fn is_listed(&self, replica: &NodeName, primary: &NodeName) -> bool {
        let id = |name: &NodeName| self.cluster(name).map(|cluster| cluster.own_id.as_str());
        let Some((replica, primary)) = id(replica).zip(id(primary)) else { return false };
        let serves = |nodes: &Vec<String>| {
            let others = nodes.split_first().filter(|(first, _)| *first == primary);
            others.is_some_and(|(_, others)| others.iter().any(|other| other == replica))
        };
        self.clusters().filter(|(_, cluster)| cluster.nodes.contains_key(primary)).all(|(_, cluster)| {
            cluster.slots.values().any(serves)
                && cluster.shards.as_ref().is_none_or(|shards| shards.get(replica) == Some(&true))
        })
    }
}
