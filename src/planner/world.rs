//! The input that every pass of the planner reads.

use super::at_stake::LeftAlone;
use super::fate::Fates;
use super::server_states::ServerStates;
use crate::arrangement::Arrangement;
use crate::observation::{Observation, ServerView};
use crate::topology::{NodeName, Server, Topology};

/// The wanted topology, the observation, and the decisions so far.
#[derive(Clone, Copy)]
pub(super) struct World<'a> {
    pub(super) topology: &'a Topology,
    pub(super) observed: &'a Observation,
    pub(super) arrangement: &'a Arrangement<'a>,
    pub(super) fates: &'a Fates<'a>,
    pub(super) servers: &'a ServerStates<'a>,
    pub(super) left_alone: &'a LeftAlone<'a>,
    /// Whether the traces of clients are removed.
    pub(super) removes_traces: bool,
}

impl World<'_> {
    /// Whether a node is replaced in turn.
    pub(super) fn is_rolled(&self, node: &NodeName) -> bool {
        self.fates.rolled(node).is_some()
    }
}

/// The server that runs now. Until the node is replaced, it may differ from the topology's.
pub(super) fn running(topology: &Topology, view: &ServerView) -> Server {
    view.server.unwrap_or(topology.server)
}
