//! What the nodes that answer say of a cluster, and who acts as primary of each shard by that.

use std::collections::{BTreeMap, BTreeSet};

use super::super::at_stake::LeftAlone;
use super::super::fate::Fates;
use crate::observed::{ClusterRole, ClusterView, Observed};
use crate::plan::{Cause, Obstacle, SlotConflict};
use crate::topology::{Node, NodeName, Shard, SlotSet, Topology};

mod kept_out;

/// What the nodes that answer say, by node name. New nodes have no view.
pub(super) struct Known<'a> {
    pub(super) views: BTreeMap<NodeName, &'a ClusterView>,
    /// Node names by cluster id.
    pub(super) names: BTreeMap<&'a str, NodeName>,
    /// Nodes that leave and still answer, by cluster id.
    pub(super) leaving: BTreeMap<&'a str, NodeName>,
    leaving_views: BTreeMap<NodeName, &'a ClusterView>,
    /// Nodes that others have forgotten and keep out, by server version for a minute, whatever they are told.
    kept_out: BTreeSet<NodeName>,
    /// Primaries of them, by the replica that has what they have.
    replaced: BTreeMap<NodeName, NodeName>,
    /// What stays as it is for the sake of keys.
    left_alone: &'a LeftAlone<'a>,
}

/// The node of a shard that is, or is to be, its primary.
pub(super) struct Acting {
    pub(super) name: NodeName,
    /// In whose place it is to become primary, if it is not one yet.
    pub(super) succeeds: Option<Former>,
}

/// Who was primary before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Former {
    /// A node that is gone: who replicates it may be the only one that still has its keys.
    Gone,
    /// A node that is there, and leaves.
    Leaving(NodeName),
    /// A node that is there, and that others keep out.
    KeptOut(NodeName),
}

impl<'a> Known<'a> {
    pub(super) fn new(topology: &Topology, observed: &'a Observed, left_alone: &'a LeftAlone<'a>) -> Self {
        let view = |name: &NodeName| observed.view(name)?.cluster.as_ref();
        let views: BTreeMap<NodeName, &ClusterView> = topology
            .nodes()
            .into_iter()
            .filter_map(|node| Some((node.name.clone(), view(&node.name)?)))
            .collect();
        let by_id = |views: &BTreeMap<NodeName, &'a ClusterView>| {
            views.iter().map(|(name, view)| (view.own_id.as_str(), name.clone())).collect()
        };
        let names = by_id(&views);
        let leaving_views: BTreeMap<NodeName, &ClusterView> = observed
            .servers
            .keys()
            .filter(|name| topology.node(name).is_none())
            .filter_map(|name| Some((name.clone(), view(name)?)))
            .collect();
        let leaving = by_id(&leaving_views);
        let (kept_out, replaced) = Default::default();
        let mut known = Self { views, names, leaving, leaving_views, kept_out, replaced, left_alone };
        if topology.server.spreads_forgetting() {
            known.find_the_kept_out(topology, observed);
        }
        known
    }

    fn view(&self, node: &NodeName) -> Option<&'a ClusterView> {
        self.views.get(node).or_else(|| self.leaving_views.get(node)).copied()
    }

    /// Nodes that no primary knows any more, nor is being introduced to, though they know others, and nodes that
    /// their primary leaves out of its shard, unless they are replaced anyway; all of them replicas, or to be.
    /// They are treated as new ones from now on.
    pub(super) fn set_aside_the_lost(
        &mut self,
        topology: &Topology,
        acting: &[Acting],
        fates: &Fates<'_>,
    ) -> Vec<(NodeName, Cause)> {
        let primaries =
            || acting.iter().filter_map(|acting| Some((&acting.name, *self.views.get(&acting.name)?)));
        let is_unknown = |name: &NodeName, view: &ClusterView| {
            let met =
                |primary| topology.node(name).is_some_and(|node| kept_out::is_introduced(primary, node));
            view.nodes.values().filter(|line| !line.handshake).count() > 1
                && primaries().next().is_some()
                && primaries().all(|(_, primary)| !primary.nodes.contains_key(&view.own_id) && !met(primary))
        };
        let is_forgotten = |name: &NodeName, view: &ClusterView| {
            (self.kept_out.contains(name) || is_unknown(name, view)) && self.slots_of(name).is_empty()
        };
        // Redis 8.0 leaves out a former primary that it knew while that ran 7.0, which has no ids for
        // shards: what is published in the shard does not reach it then (seen with 8.0.2).
        let left_out_by = |view: &ClusterView| {
            let leaves_out = |(name, primary): (&NodeName, &ClusterView)| {
                let line = primary.nodes.get(&view.own_id)?;
                let listed = primary.shards.as_ref()?.contains_key(&view.own_id);
                let replicates = line.role == ClusterRole::Replica(primary.own_id.clone());
                (replicates && !line.handshake && !listed).then(|| name.clone())
            };
            primaries().find_map(leaves_out)
        };
        let cause = |name: &NodeName, view: &ClusterView| {
            let forgotten = is_forgotten(name, view).then_some(Cause::Forgotten);
            let left_out = || left_out_by(view).filter(|_| fates.rolled(name).is_none());
            forgotten.or_else(|| Some(Cause::LeftOut(left_out()?)))
        };
        let lost = self.views.iter().filter_map(|(name, view)| Some((name.clone(), cause(name, view)?)));
        let lost: Vec<(NodeName, Cause)> = lost.collect();
        for (name, _) in &lost {
            self.views.remove(name);
            self.kept_out.remove(name);
        }
        let views = &self.views;
        self.names.retain(|_, name| views.contains_key(name));
        lost
    }

    /// The slots that a node claims for itself.
    pub(super) fn slots_of(&self, node: &NodeName) -> SlotSet {
        let own = self.view(node).and_then(ClusterView::own);
        own.filter(|own| own.role == ClusterRole::Primary).map(|own| own.slots.clone()).unwrap_or_default()
    }

    /// The role that a node says it has; `None` for a new one.
    pub(super) fn role_of(&self, node: &NodeName) -> Option<&ClusterRole> {
        Some(&self.views.get(node)?.own()?.role)
    }

    /// Whether a node replicates another one.
    pub(super) fn replicates(&self, node: &NodeName, primary: &NodeName) -> bool {
        let id = self.view(primary).map(|view| view.own_id.clone());
        id.is_some_and(|id| self.role_of(node) == Some(&ClusterRole::Replica(id)))
    }

    /// The slots of the node that is gone, where this one still replicates it.
    pub(super) fn orphaned_slots(&self, node: &NodeName) -> SlotSet {
        match self.role_of(node) {
            Some(ClusterRole::Replica(id))
                if !self.names.contains_key(id.as_str()) && !self.left_alone.has_stranger(id) =>
            {
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

    /// Who has a higher epoch for a primary than it has itself.
    pub(super) fn has_higher_epoch_for(&self, primary: &NodeName) -> Option<&NodeName> {
        let view = self.views.get(primary)?;
        let own = view.own().filter(|own| own.role == ClusterRole::Primary)?;
        let has_higher = |other: &ClusterView| {
            let line = other.nodes.get(&view.own_id);
            line.is_some_and(|line| line.role == ClusterRole::Primary && line.epoch > own.epoch)
        };
        self.views.iter().find(|(_, other)| has_higher(other)).map(|(name, _)| name)
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
                    && view.shards.as_ref().is_none_or(|shards| shards.get(replica) == Some(&true))
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
                if !self.slots_of(&other.name).without(&slots).is_empty() {
                    obstacles.push(Obstacle::Shape(SlotConflict::TwoOwners {
                        owner: owner.name.clone(),
                        other: other.name.clone(),
                    }));
                }
            }
            let strange = slots.without(&shard.slots);
            if !strange.is_empty() {
                obstacles.push(Obstacle::Shape(SlotConflict::OfAnotherShard {
                    owner: owner.name.clone(),
                    slots: strange,
                }));
            }
        }
        obstacles
            .extend(self.leaving_views.keys().filter_map(|leaving| self.keys_at_stake(topology, leaving)));
        obstacles
    }

    /// Slots of a node that leaves, but that nobody can take over from it.
    fn keys_at_stake(&self, topology: &Topology, leaving: &NodeName) -> Option<Obstacle> {
        let slots = self.slots_of(leaving);
        let first = slots.slots().next()?;
        let shard = topology.shards.iter().find(|shard| shard.slots.contains(first))?;
        let stranded = match self.owner(shard) {
            Some(owner) => slots.without(&self.slots_of(&owner.name)),
            None => slots.without(&shard.slots),
        };
        let conflict = |slots| SlotConflict::Leaving { owner: leaving.clone(), slots };
        (!stranded.is_empty()).then(|| Obstacle::Shape(conflict(stranded)))
    }

    /// Each shard's acting primary, in the order of the shards. With `swap` a new shard begins with
    /// its future replica.
    pub(super) fn acting_primaries(&self, topology: &Topology, swap: bool) -> Vec<Acting> {
        let acting = |shard: &Shard| {
            let orphans = || shard.nodes().filter(|node| !self.orphaned_slots(&node.name).is_empty());
            let is_heir = |node: &&Node| self.replaced.contains_key(&node.name);
            let orphan = || orphans().find(is_heir).or_else(|| orphans().next());
            let (node, succeeds) = if let Some(owner) = self.owner(shard) {
                (owner, None)
            } else if let Some(former) = self.leaving_owner(shard) {
                let heir = shard.nodes().find(|node| self.replicates(&node.name, &former));
                (heir.unwrap_or_else(|| self.chosen(shard, false)), Some(Former::Leaving(former)))
            } else if let Some(orphan) = orphan() {
                let former = self.replaced.get(&orphan.name).cloned();
                (orphan, Some(former.map_or(Former::Gone, Former::KeptOut)))
            } else {
                (self.chosen(shard, swap), None)
            };
            Acting { name: node.name.clone(), succeeds }
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

    /// The node that leaves and owns slots of a shard.
    fn leaving_owner(&self, shard: &Shard) -> Option<NodeName> {
        let owns = |name: &&NodeName| self.slots_of(name).meets(&shard.slots);
        self.leaving_views.keys().find(owns).cloned()
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
