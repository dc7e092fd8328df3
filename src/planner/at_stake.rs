//! Keys that a plan would lose. A node with keys that no other node has is left alone, unless the user gives the keys
//! up.
//!
//! The observation tells which keys a server holds. The plan covers all other nodes.

use std::collections::{BTreeMap, BTreeSet};

use super::Options;
use crate::arrangement::Arrangement;
use crate::observation::{ClusterRole, ClusterView, Observation, Stranger};
use crate::plan::{AtStake, Holder};
use crate::topology::{Kind, NodeName, SlotSet, Topology};

/// The nodes and strangers that a plan leaves alone, so that their keys are not lost.
#[derive(Debug, Default)]
pub(super) struct LeftAlone<'a> {
    /// Servers outside the deployment that own slots of its cluster, by cluster id.
    strangers: BTreeMap<&'a str, &'a Stranger>,
    /// Nodes that act as primary although the deployment has another primary.
    nodes: BTreeSet<NodeName>,
    /// All holders of keys that could be lost, whether the user gave the keys up or not.
    pub(super) at_stake: Vec<AtStake>,
}

/// Compares the keys that could be lost with the options of the user.
pub(super) fn judge<'a>(
    topology: &Topology,
    observed: &'a Observation,
    arrangement: &Arrangement<'_>,
    options: Options,
) -> LeftAlone<'a> {
    let mut left_alone = LeftAlone::default();
    if !topology.formed {
        // No plan moves slots of a cluster that clients formed.
        return left_alone;
    }
    left_alone.judge_strangers(observed, options.discard_keys);
    let primary = match topology.kind {
        Kind::Standalone | Kind::Cluster => None,
        // The sentinels make all other primaries replicas. No plan can prevent this.
        Kind::Sentinel if arrangement.chosen_primary().is_some() => None,
        Kind::Replication | Kind::Sentinel => arrangement.followed_primary(),
    };
    if let Some(primary) = primary {
        left_alone.judge_second_primaries(arrangement, &primary.name, options.discard_keys);
    }
    left_alone
}

impl<'a> LeftAlone<'a> {
    fn judge_strangers(&mut self, observed: &'a Observation, given_up: bool) {
        for (id, stranger) in observed.strangers.iter().filter(|(_, stranger)| stranger.may_hold_keys()) {
            let holder = Holder::Stranger { address: stranger.address, slots: stranger.slots.clone() };
            self.at_stake.push(AtStake { holder, keys: stranger.keys, given_up });
            if !given_up {
                self.strangers.insert(id, stranger);
            }
        }
    }

    fn judge_second_primaries(&mut self, arrangement: &Arrangement<'_>, primary: &NodeName, given_up: bool) {
        let Some(first) = arrangement.view(primary) else { return };
        for member in arrangement.members().filter(|member| member.name != *primary) {
            let Some(view) = member.view.filter(|_| arrangement.says_primary(&member.name)) else { continue };
            if !first.has_all_of(view) {
                let holder = Holder::SecondPrimary { node: member.name.clone(), primary: primary.clone() };
                self.at_stake.push(AtStake { holder, keys: Some(view.keys), given_up });
                if !given_up {
                    self.nodes.insert(member.name.clone());
                }
            }
        }
    }

    /// The cluster ids of the strangers, and of the nodes that replicate them.
    pub(super) fn ids(&self, arrangement: &Arrangement<'_>) -> BTreeSet<String> {
        if self.strangers.is_empty() {
            return BTreeSet::new();
        }
        let lines = arrangement.clusters().flat_map(|(_, cluster)| &cluster.nodes);
        let follows = |role: &ClusterRole| matches!(role, ClusterRole::Replica(of) if self.has_stranger(of));
        let replicas = lines.filter(|(_, line)| follows(&line.role)).map(|(id, _)| id.clone());
        let ids = self.strangers.keys().map(|id| (*id).to_owned()).chain(replicas);
        ids.filter(|id| arrangement.with_id(id).is_none()).collect()
    }

    /// Whether the cluster id belongs to a stranger that is left alone.
    pub(super) fn has_stranger(&self, id: &str) -> bool {
        self.strangers.contains_key(id)
    }

    /// The slots that the strangers own.
    pub(super) fn slots(&self) -> SlotSet {
        self.strangers.values().flat_map(|stranger| stranger.slots.slots()).collect()
    }

    /// Whether a stranger with slots seems to be down. Its slots are not served then, and the cluster may refuse all
    /// writes.
    pub(super) fn any_is_down(&self, arrangement: &Arrangement<'_>) -> bool {
        let misses = |cluster: &ClusterView, id: &str| {
            !cluster.ok || cluster.nodes.get(id).is_some_and(|line| line.failing || !line.connected)
        };
        let mut silent = self.strangers.iter().filter(|(_, stranger)| stranger.keys.is_none());
        silent.any(|(id, _)| arrangement.clusters().any(|(_, cluster)| misses(cluster, id)))
    }

    /// Whether the plan leaves the node alone.
    pub(super) fn has_node(&self, node: &NodeName) -> bool {
        self.nodes.contains(node)
    }
}
