//! The roles of a shard's nodes right now.
//!
//! A failover may have changed the roles since the deployment was formed. Checks address the acting primary.

use crate::arrangement::Arrangement;
use crate::topology::{Kind, Node, NodeName, Shard, SlotSet, Topology};

use super::{Check, Survey};

/// A shard with the roles of its nodes.
#[derive(Debug)]
pub(super) struct ShardRoles<'a> {
    /// The shard.
    pub(super) shard: &'a Shard,
    /// Its name in messages: `shard 2`, or `the deployment`.
    pub(super) title: String,
    /// The node that acts as primary, or why there is none.
    pub(super) primary: Result<&'a Node, String>,
    /// Every other node of the shard.
    pub(super) others: Vec<&'a Node>,
    /// The slots that the acting primary reports as its own.
    pub(super) slots: SlotSet,
    /// Former primaries: nodes that report to be primaries although the acting primary has taken their place.
    pub(super) former: Vec<NodeName>,
}

impl ShardRoles<'_> {
    /// The acting primary, if another node was the first primary.
    pub(super) fn swapped(&self) -> Option<&NodeName> {
        let primary = self.primary.as_ref().ok()?;
        (primary.name != self.shard.primary.name).then_some(&primary.name)
    }
}

/// The roles of every shard.
pub(super) fn acting_roles<'a>(topology: &'a Topology, survey: &Survey) -> Vec<ShardRoles<'a>> {
    let view = |node: &NodeName| survey.statement(node).map(|statement| &statement.view);
    let arrangement = Arrangement::from_views(topology, view);
    let shards = topology.shards.iter().enumerate();
    shards.map(|(index, shard)| roles(topology.kind, index, shard, &arrangement)).collect()
}

fn roles<'a>(kind: Kind, index: usize, shard: &'a Shard, arrangement: &Arrangement<'_>) -> ShardRoles<'a> {
    let is_cluster = kind == Kind::Cluster;
    let title = if is_cluster { format!("shard {}", index + 1) } else { "the deployment".to_owned() };
    // If several nodes act as primary, this is one of them. Other checks report the others.
    let acting = if is_cluster {
        arrangement.owner(shard.nodes())
    } else {
        let chosen = arrangement.chosen_primary().filter(|chosen| arrangement.says_primary(&chosen.name));
        let primary = chosen.or_else(|| arrangement.followed_primary());
        primary.and_then(|primary| shard.nodes().find(|node| node.name == primary.name))
    };
    let acting = acting.filter(|node| arrangement.says_primary(&node.name));
    ShardRoles {
        shard,
        primary: acting.ok_or_else(|| format!("no node of {title} acts as primary")),
        others: shard.nodes().filter(|node| acting.is_none_or(|acting| acting.name != node.name)).collect(),
        slots: acting.map(|acting| arrangement.slots(&acting.name)).unwrap_or_default(),
        former: shard
            .nodes()
            .filter(|node| arrangement.successor(&node.name).is_some())
            .map(|node| node.name.clone())
            .collect(),
        title,
    }
}

/// A failed check that needs a primary in a shard without one. It names the shard's first primary.
pub(super) fn without_primary(
    name: (&'static str, &'static str),
    roles: &ShardRoles<'_>,
    reason: &str,
) -> Check {
    Check::judged(name, Some(&roles.shard.primary.name), Err(reason.to_owned()), Vec::new())
}
