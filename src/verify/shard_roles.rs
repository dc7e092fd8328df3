//! Who plays which role in a shard right now. Roles may have been swapped since the deployment was
//! made, and that is fine: checks address the node that acts as primary.

use crate::observed::Replication;
use crate::topology::{Kind, Node, NodeName, Shard, SlotSet, Topology};

use super::{Check, Survey};

/// A shard, as it is played.
#[derive(Debug)]
pub(super) struct ShardRoles<'a> {
    /// The shard.
    pub(super) shard: &'a Shard,
    /// What to call it: `shard 2`, or `the deployment`.
    pub(super) title: String,
    /// The node that acts as primary, or why there is none.
    pub(super) primary: Result<&'a Node, String>,
    /// Every other node of the shard.
    pub(super) others: Vec<&'a Node>,
    /// The slots that the acting primary says it serves.
    pub(super) slots: SlotSet,
}

impl ShardRoles<'_> {
    /// Whether another node than at first is the primary.
    pub(super) fn swapped(&self) -> Option<&NodeName> {
        let primary = self.primary.as_ref().ok()?;
        (primary.name != self.shard.primary.name).then_some(&primary.name)
    }
}

/// The roles of every shard.
pub(super) fn acting_roles<'a>(topology: &'a Topology, survey: &Survey) -> Vec<ShardRoles<'a>> {
    let shards = topology.shards.iter().enumerate();
    shards.map(|(index, shard)| roles(topology.kind, index, shard, survey)).collect()
}

fn roles<'a>(kind: Kind, index: usize, shard: &'a Shard, survey: &Survey) -> ShardRoles<'a> {
    let title =
        if kind == Kind::Cluster { format!("shard {}", index + 1) } else { "the deployment".to_owned() };
    let own_slots = |node: &Node| {
        let own = survey.cluster(&node.name).and_then(|view| view.own());
        own.map(|own| own.slots.clone()).unwrap_or_default()
    };
    // The first one where several act as primary: that they do is for other checks to say.
    let acting = shard.nodes().find(|node| {
        let view = survey.statement(&node.name).map(|statement| &statement.view);
        view.is_some_and(|view| matches!(view.replication, Replication::Primary { .. }))
            && (kind != Kind::Cluster || !own_slots(node).is_empty())
    });
    ShardRoles {
        shard,
        primary: acting.ok_or_else(|| format!("no node of {title} acts as primary")),
        others: shard.nodes().filter(|node| acting.is_none_or(|acting| acting.name != node.name)).collect(),
        slots: acting.map(own_slots).unwrap_or_default(),
        title,
    }
}

/// The failure of a check that needs a primary where there is none; it is about the node that
/// should be it.
pub(super) fn without_primary(
    name: (&'static str, &'static str),
    roles: &ShardRoles<'_>,
    reason: &str,
) -> Check {
    Check::judged(name, Some(&roles.shard.primary.name), Err(reason.to_owned()), Vec::new())
}
