//! What gives every node its role: the result of the pass of a kind.

use super::draft::{Changes, Stages};
use crate::topology::{NodeName, Topology};

/// The stages that give every node its role.
#[derive(Default)]
pub(super) struct Roles {
    pub(super) stages: Stages,
    pub(super) changes: Changes,
    /// Each shard's primary after them.
    pub(super) primaries: Vec<NodeName>,
    /// Whether nothing else is planned before another look.
    pub(super) look_again: bool,
}

impl Roles {
    /// The one node of a standalone deployment is its primary.
    pub(super) fn of_one_node(topology: &Topology) -> Self {
        let primaries = topology.nodes().into_iter().map(|node| node.name.clone()).collect();
        Self { primaries, ..Self::default() }
    }
}
