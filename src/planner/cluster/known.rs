//! What the nodes that answer say of a cluster, and who acts as primary of each shard by that.

use std::collections::BTreeMap;

use crate::observed::{ClusterRole, ClusterView, Observed};
use crate::plan::Obstacle;
use crate::topology::{Node, NodeName, Shard, SlotSet, Topology};

/// What the nodes that answer say, by node name. New nodes have no view.
pub(super) struct Known<'a> {
    pub(super) views: BTreeMap<NodeName, &'a ClusterView>,
    /// Node names by cluster id.
    pub(super) names: BTreeMap<&'a str, NodeName>,
}

/// The node of a shard that is, or is to be, its primary.
pub(super) struct Acting {
    pub(super) name: NodeName,
    /// It replicates a node that is gone, and takes its slots over: it may be the only one that
    /// still has their keys.
    pub(super) takes_over: bool,
}

impl<'a> Known<'a> {
    pub(super) fn new(topology: &Topology, observed: &'a Observed) -> Self {
        let view = |name: &NodeName| observed.servers.get(name)?.view()?.cluster.as_ref();
        let views: BTreeMap<NodeName, &ClusterView> = topology
            .nodes()
            .into_iter()
            .filter_map(|node| Some((node.name.clone(), view(&node.name)?)))
            .collect();
        let names = views.iter().map(|(name, view)| (view.own_id.as_str(), name.clone())).collect();
        Self { views, names }
    }

    /// The slots that a node claims for itself.
    pub(super) fn slots_of(&self, node: &NodeName) -> SlotSet {
        let own = self.views.get(node).and_then(|view| view.own());
        own.filter(|own| own.role == ClusterRole::Primary).map(|own| own.slots.clone()).unwrap_or_default()
    }

    /// The role that a node says it has; `None` for a new one.
    pub(super) fn role_of(&self, node: &NodeName) -> Option<&ClusterRole> {
        Some(&self.views.get(node)?.own()?.role)
    }

    /// The slots of the node that is gone, where this one still replicates it.
    pub(super) fn orphaned_slots(&self, node: &NodeName) -> SlotSet {
        match self.role_of(node) {
            Some(ClusterRole::Replica(id)) if !self.names.contains_key(id.as_str()) => {
                let line = self.views.get(node).and_then(|view| view.nodes.get(id));
                line.map(|line| line.slots.clone()).unwrap_or_default()
            }
            _ => SlotSet::default(),
        }
    }

    /// Whether a node knows another one at its address, and not only by a handshake.
    pub(super) fn knows(&self, node: &NodeName, other: &Node) -> bool {
        let id = self.views.get(&other.name).map(|view| view.own_id.as_str());
        let line = self.views.get(node).zip(id).and_then(|(view, id)| view.nodes.get(id));
        line.is_some_and(|line| !line.handshake && line.address == Some(other.address))
    }

    /// Whether every node that knows `primary` tells clients of all replicas of its shard.
    pub(super) fn lists_replicas_of(&self, shard: &Shard, primary: &NodeName) -> bool {
        let id = |name: &NodeName| self.views.get(name).map(|view| view.own_id.as_str());
        let mut replicas = shard.nodes().map(|node| &node.name).filter(|name| *name != primary);
        replicas.all(|replica| {
            let Some((replica, primary)) = id(replica).zip(id(primary)) else { return false };
            let serves = |nodes: &Vec<String>| {
                nodes.split_first().is_some_and(|(first, others)| {
                    first == primary && others.iter().any(|other| other == replica)
                })
            };
            self.views.values().filter(|view| view.nodes.contains_key(primary)).all(|view| {
                view.slots.values().any(serves)
                    && view.online.as_ref().is_none_or(|online| online.contains(replica))
            })
        })
    }

    /// What of the cluster's shape is not the spec's; that takes moving slots, which no plan does.
    pub(super) fn obstacles(&self, topology: &Topology) -> Vec<Obstacle> {
        let mut obstacles = Vec::new();
        for shard in &topology.shards {
            let Some(owner) = self.owner(shard) else { continue };
            let slots = self.slots_of(&owner.name);
            for other in shard.nodes().filter(|other| other.name != owner.name) {
                // A claim that is overridden by a younger one ends by itself.
                if self.slots_of(&other.name).slots().any(|slot| !slots.contains(slot)) {
                    obstacles.push(Obstacle::Shape(format!(
                        "`{}` and `{}` both own slots, but the spec has them in one shard",
                        owner.name, other.name
                    )));
                }
            }
            let strange: SlotSet = slots
                .slots()
                .filter(|slot| shard.slots.is_some_and(|range| !range.contains(*slot)))
                .collect();
            if !strange.is_empty() {
                obstacles.push(Obstacle::Shape(format!(
                    "`{}` owns slots {strange}, which the spec has in another shard",
                    owner.name
                )));
            }
        }
        obstacles
    }

    /// Each shard's acting primary, in the order of the shards. With `swap` a new shard begins with
    /// its future replica.
    pub(super) fn acting_primaries(&self, topology: &Topology, swap: bool) -> Vec<Acting> {
        let acting = |shard: &Shard| {
            let owner = self.owner(shard).map(|node| (node, false));
            let orphan = || shard.nodes().find(|node| !self.orphaned_slots(&node.name).is_empty());
            let (node, takes_over) = owner
                .or_else(|| Some((orphan()?, true)))
                .unwrap_or_else(|| (self.chosen(shard, swap), false));
            Acting { name: node.name.clone(), takes_over }
        };
        topology.shards.iter().map(acting).collect()
    }

    /// The node of a shard that owns slots; of two, the one whose claim is the younger.
    fn owner<'s>(&self, shard: &'s Shard) -> Option<&'s Node> {
        let owners = shard.nodes().filter(|node| !self.slots_of(&node.name).is_empty());
        let epoch =
            |node: &&Node| self.views.get(&node.name).and_then(|view| view.own()).map_or(0, |own| own.epoch);
        owners.max_by_key(epoch)
    }

    /// Who becomes primary of a shard that has none.
    fn chosen<'s>(&self, shard: &'s Shard, swap: bool) -> &'s Node {
        if swap && let Some(replica) = shard.replicas.first() {
            return replica;
        }
        let is_primary =
            |node: &&Node| self.role_of(&node.name).is_none_or(|role| *role == ClusterRole::Primary);
        shard.nodes().find(is_primary).unwrap_or(&shard.primary)
    }
}
