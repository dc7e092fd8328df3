//! How the nodes of one shard are replaced.

use super::super::replacements::{self, has_no_link};
use super::super::world::World;
use crate::topology::{Node, NodeName, Shard};

/// How one shard's nodes are replaced.
pub(super) struct Roll<'a> {
    /// The primary until it is replaced.
    pub(super) primary: NodeName,
    /// The primary after that.
    pub(super) successor: NodeName,
    /// Replicas that are replaced, one after another. Replicas without a link go first and all at once: nothing is
    /// lost with them.
    pub(super) waves: Vec<Vec<&'a Node>>,
    /// The primary, where it is replaced too.
    pub(super) old_primary: Option<&'a Node>,
}

impl<'a> Roll<'a> {
    pub(super) fn new(world: &World<'_>, shard: &'a Shard, primary: &NodeName) -> Self {
        let is_rolled = |name: &NodeName| world.is_rolled(name);
        let sentinels_choose =
            replacements::chosen_by_sentinels(world, std::slice::from_ref(primary)).is_some();
        let (primaries, replicas): (Vec<&Node>, Vec<&Node>) =
            shard.nodes().partition(|node| node.name == *primary);
        let old_primary =
            primaries.into_iter().find(|node| is_rolled(&node.name)).filter(|_| !sentinels_choose);
        // The first replica: in a shard whose roles are swapped that is the spec's primary.
        let successor = replicas.first().filter(|_| old_primary.is_some()).map_or(primary, |node| &node.name);
        let rolled = replicas.iter().copied().filter(|node| is_rolled(&node.name));
        let (unlinked, linked): (Vec<&Node>, Vec<&Node>) = rolled.partition(|node| has_no_link(world, node));
        let first = Some(unlinked).filter(|unlinked| !unlinked.is_empty());
        Self {
            primary: primary.clone(),
            successor: successor.clone(),
            waves: first.into_iter().chain(linked.into_iter().map(|node| vec![node])).collect(),
            old_primary,
        }
    }

    pub(super) fn hands_over(&self) -> bool {
        self.primary != self.successor
    }

    /// The nodes that replicas copy from while nodes are replaced.
    pub(super) fn sources(&self) -> impl Iterator<Item = &NodeName> {
        let current = (!self.waves.is_empty()).then_some(&self.primary);
        current.into_iter().chain(self.hands_over().then_some(&self.successor))
    }

    /// Whether a node is one of the replicas that are replaced.
    pub(super) fn replaces_replica(&self, name: &NodeName) -> bool {
        self.waves.iter().flatten().any(|node| node.name == *name)
    }
}
