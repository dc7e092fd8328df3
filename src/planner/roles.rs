//! The result of a pass that gives every node its role.

use super::draft::{Changes, Stages};
use crate::topology::{NodeName, Topology};

/// The stages that give every node its role.
#[derive(Default)]
pub(super) struct Roles {
    pub(super) stages: Stages,
    pub(super) changes: Changes,
    /// Each shard's primary after the stages.
    pub(super) primaries: Vec<NodeName>,
    /// Whether the plan ends here, and the next plan needs another observation.
    pub(super) look_again: bool,
}

impl Roles {
    /// The one node of a standalone deployment is its primary.
    pub(super) fn of_one_node(topology: &Topology) -> Self {
        let primaries = topology.nodes().into_iter().map(|node| node.name.clone()).collect();
        Self { primaries, ..Self::default() }
    }
}
