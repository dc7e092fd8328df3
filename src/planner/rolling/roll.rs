//! The order in which the nodes of one shard are replaced.

use super::super::replacements::{self, is_unlinked};
use super::super::world::World;
use crate::topology::{Node, NodeName, Shard};

/// The nodes of one shard, by the order of their replacement.
pub(super) struct Roll<'a> {
    /// The primary before its replacement.
    pub(super) primary: NodeName,
    /// The primary after the replacement.
    pub(super) successor: NodeName,
    /// Replicas without a link that are replaced. They come first, all at once: they hold no current keys.
    pub(super) unlinked: Vec<&'a Node>,
    /// The other replicas that are replaced, one after another.
    pub(super) linked: Vec<&'a Node>,
    /// The primary, if it is replaced too.
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
        // If the roles of the shard are swapped, the first replica is the spec's primary.
        let successor = replicas.first().filter(|_| old_primary.is_some()).map_or(primary, |node| &node.name);
        let rolled = replicas.iter().copied().filter(|node| is_rolled(&node.name));
        let (unlinked, linked) = rolled.partition(|node| is_unlinked(world, node, primary));
        Self { primary: primary.clone(), successor: successor.clone(), unlinked, linked, old_primary }
    }

    pub(super) fn hands_over(&self) -> bool {
        self.primary != self.successor
    }

    /// The nodes that replicas copy from while nodes are replaced.
    pub(super) fn sources(&self) -> impl Iterator<Item = &NodeName> {
        let current = self.replaced().next().is_some().then_some(&self.primary);
        current.into_iter().chain(self.hands_over().then_some(&self.successor))
    }

    /// Whether a node is one of the replicas that are replaced.
    pub(super) fn replaces_replica(&self, name: &NodeName) -> bool {
        self.replaced().any(|node| node.name == *name)
    }

    fn replaced(&self) -> impl Iterator<Item = &&'a Node> {
        self.unlinked.iter().chain(&self.linked)
    }
}
