//! Keys that would go by what a plan does: a holder of keys that no other node has is left alone unless the user
//! gives them up.
//!
//! The judgement is by what the servers hold, in the observation. The rest of the plan goes on around it.

use std::collections::{BTreeMap, BTreeSet};

use super::{Options, replication, sentinel};
use crate::observed::{ClusterRole, ClusterView, Observed, Replication, ServerView, Stranger};
use crate::plan::{AtStake, Holder};
use crate::topology::{Kind, NodeName, SlotSet, Topology};

/// What a plan leaves alone for the sake of keys.
#[derive(Debug, Default)]
pub(super) struct LeftAlone<'a> {
    /// Servers that are not of the deployment and own slots of its cluster, by cluster id.
    strangers: BTreeMap<&'a str, &'a Stranger>,
    /// Nodes that are primaries beside the deployment's primary.
    nodes: BTreeSet<NodeName>,
    /// Everything that is at stake, given up or not.
    pub(super) at_stake: Vec<AtStake>,
}

/// Judges what is there against what the user allows.
pub(super) fn judge<'a>(topology: &Topology, observed: &'a Observed, options: Options) -> LeftAlone<'a> {
    let mut left_alone = LeftAlone::default();
    left_alone.judge_strangers(observed, options.discard_keys);
    let primary = match topology.kind {
        Kind::Standalone | Kind::Cluster => None,
        // The sentinels make the other primaries replicas of their choice, whatever a plan says.
        Kind::Sentinel if sentinel::chosen_primary(topology, observed).is_some() => None,
        Kind::Replication | Kind::Sentinel => replication::acting_name(topology, observed),
    };
    if let Some(primary) = primary {
        left_alone.judge_second_primaries(observed, &primary, options.discard_keys);
    }
    left_alone
}

impl<'a> LeftAlone<'a> {
    fn judge_strangers(&mut self, observed: &'a Observed, given_up: bool) {
        for (id, stranger) in observed.strangers.iter().filter(|(_, stranger)| stranger.may_hold_keys()) {
            let holder = Holder::Stranger { address: stranger.address, slots: stranger.slots.clone() };
            self.at_stake.push(AtStake { holder, keys: stranger.keys, given_up });
            if !given_up {
                self.strangers.insert(id, stranger);
            }
        }
    }

    fn judge_second_primaries(&mut self, observed: &Observed, primary: &NodeName, given_up: bool) {
        let Some(first) = observed.view(primary) else { return };
        for (node, view) in &observed.servers {
            let Some(view) = view.view().filter(|_| node != primary) else { continue };
            if is_primary(view) && !first.has_all_of(view) {
                let holder = Holder::SecondPrimary { node: node.clone(), primary: primary.clone() };
                self.at_stake.push(AtStake { holder, keys: Some(view.keys), given_up });
                if !given_up {
                    self.nodes.insert(node.clone());
                }
            }
        }
    }

    /// The cluster ids of the strangers, and of the nodes that replicate them.
    pub(super) fn ids(&self, views: &BTreeMap<NodeName, &ClusterView>) -> BTreeSet<String> {
        let lines = views.values().flat_map(|view| &view.nodes);
        let follows = |role: &ClusterRole| matches!(role, ClusterRole::Replica(of) if self.has_stranger(of));
        let replicas = lines.filter(|(_, line)| follows(&line.role)).map(|(id, _)| id.clone());
        let own = |id: &String| views.values().any(|view| view.own_id == *id);
        let ids = self.strangers.keys().map(|id| (*id).to_owned()).chain(replicas);
        ids.filter(|id| !own(id)).collect()
    }

    /// Whether the node with this cluster id is a stranger that is left alone.
    pub(super) fn has_stranger(&self, id: &str) -> bool {
        self.strangers.contains_key(id)
    }

    /// The slots that the strangers own.
    pub(super) fn slots(&self) -> SlotSet {
        self.strangers.values().flat_map(|stranger| stranger.slots.slots()).collect()
    }

    /// Whether a node is left as it is.
    pub(super) fn has_node(&self, node: &NodeName) -> bool {
        self.nodes.contains(node)
    }
}

fn is_primary(view: &ServerView) -> bool {
    view.sentinel.is_none() && matches!(view.replication, Replication::Primary { .. })
}
