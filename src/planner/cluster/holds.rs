//! Which node holds each shard's slots, and which node becomes its primary.

use super::super::world::World;
use super::shunned::Shunned;
use crate::arrangement::Arrangement;
use crate::observation::ClusterRole;
use crate::topology::{Node, NodeName, Shard, SlotSet, Topology};

/// Each shard's holder, in the order of the shards.
pub(super) struct Holds(Vec<ShardHold>);

/// A shard's primary, and the place of its slots.
pub(super) struct ShardHold {
    /// The node that is or becomes its primary.
    pub(super) primary: NodeName,
    /// The present place of the shard's slots.
    pub(super) hold: Hold,
}

/// The present place of a shard's slots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Hold {
    /// The primary owns the slots, or no node owns them.
    Primary,
    /// A node that leaves owns the slots.
    Leaving(NodeName),
    /// The owner of the slots is gone. The primary is its replica, perhaps the only node with the keys.
    Gone,
    /// The owner is a primary that the rest of the cluster keeps out. The next primary is its replica.
    Shunned,
}

impl ShardHold {
    /// The slots that the primary owns once it is primary.
    pub(super) fn slots(&self, present: &Arrangement<'_>) -> SlotSet {
        match &self.hold {
            Hold::Primary => present.slots(&self.primary),
            Hold::Gone | Hold::Shunned => present.orphaned_slots(&self.primary),
            Hold::Leaving(former) => present.slots(former),
        }
    }
}

impl Holds {
    /// Finds each shard's holder. With `swaps`, the spec's first replica is the first primary of a new shard.
    pub(super) fn find(world: &World<'_>, present: &Arrangement<'_>, shunned: &Shunned, swaps: bool) -> Self {
        Self(world.topology.shards.iter().map(|shard| hold(world, present, shunned, swaps, shard)).collect())
    }

    /// The spec's primaries hold all shards.
    pub(super) fn of_the_spec(topology: &Topology) -> Self {
        let spec = |shard: &Shard| ShardHold { primary: shard.primary.name.clone(), hold: Hold::Primary };
        Self(topology.shards.iter().map(spec).collect())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &ShardHold> {
        self.0.iter()
    }

    /// Each shard's primary, now or soon.
    pub(super) fn primaries(&self) -> Vec<NodeName> {
        self.0.iter().map(|shard| shard.primary.clone()).collect()
    }

    /// The next primaries that are replicas now, although there are no slots that they could take over.
    pub(super) fn without_slots_to_take<'h>(
        &'h self,
        present: &Arrangement<'_>,
    ) -> impl Iterator<Item = &'h NodeName> + Clone {
        let is_replica = |node: &NodeName| matches!(present.role(node), Some(ClusterRole::Replica(_)));
        self.0
            .iter()
            .filter(move |shard| shard.hold == Hold::Primary && is_replica(&shard.primary))
            .map(|shard| &shard.primary)
    }

    /// Whether a next primary must first copy the keys of a node that leaves.
    pub(super) fn copy_from_the_leaving(&self, present: &Arrangement<'_>) -> bool {
        let copies = |shard: &ShardHold| matches!(&shard.hold, Hold::Leaving(former) if !present.replicates(&shard.primary, former));
        self.0.iter().any(copies)
    }
}

fn hold(
    world: &World<'_>,
    present: &Arrangement<'_>,
    shunned: &Shunned,
    swaps: bool,
    shard: &Shard,
) -> ShardHold {
    let is_orphan = |node: &&Node| {
        let lost = present.lost_primary(&node.name);
        let is_strangers = lost.is_some_and(|id| world.left_alone.has_stranger(id));
        !is_strangers && !present.orphaned_slots(&node.name).is_empty()
    };
    let orphans = || shard.nodes().filter(is_orphan);
    let is_heir = |node: &&Node| shunned.values().any(|heir| *heir == node.name);
    let (node, hold) = if let Some(owner) = present.owner_of_shard(shard) {
        (owner, Hold::Primary)
    } else if let Some((former, heir)) = former(present, shard) {
        (heir.unwrap_or_else(|| chosen(present, shard, false)), Hold::Leaving(former.clone()))
    } else if let Some(heir) = orphans().find(is_heir) {
        (heir, Hold::Shunned)
    } else if let Some(orphan) = orphans().next() {
        (orphan, Hold::Gone)
    } else {
        (chosen(present, shard, swaps), Hold::Primary)
    };
    ShardHold { primary: node.name.clone(), hold }
}

/// The leaving primary of a shard, and its replica in the shard. Without a replica, it is the leaving node whose slots
/// mostly belong to the shard.
fn former<'p, 's>(
    present: &'p Arrangement<'_>,
    shard: &'s Shard,
) -> Option<(&'p NodeName, Option<&'s Node>)> {
    let heir = |former: &NodeName| shard.nodes().find(|node| present.replicates(&node.name, former));
    let leaving = || present.leaving().map(|member| &member.name);
    let owners = || leaving().filter(|name| !present.slots(name).is_empty());
    let is_of_shard = |name: &&NodeName| {
        let slots = present.slots(name);
        slots.shared_with(&shard.slots).len() * 2 > slots.len()
    };
    let with_heir = owners().find_map(|name| Some((name, Some(heir(name)?))));
    with_heir.or_else(|| owners().find(is_of_shard).map(|name| (name, None)))
}

/// The node that becomes primary of a shard without a primary.
fn chosen<'s>(present: &Arrangement<'_>, shard: &'s Shard, swaps: bool) -> &'s Node {
    if swaps && let Some(replica) = shard.replicas.first() {
        return replica;
    }
    let is_primary = |node: &&Node| present.role(&node.name).is_none_or(|role| *role == ClusterRole::Primary);
    shard.nodes().find(is_primary).unwrap_or(&shard.primary)
}
