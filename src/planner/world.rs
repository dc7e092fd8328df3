//! What every pass of the planner looks at.

use super::at_stake::LeftAlone;
use super::fate::Fates;
use super::server_states::ServerStates;
use crate::arrangement::Arrangement;
use crate::observation::{Observation, ServerView};
use crate::topology::{NodeName, Server, Topology};

/// What should be, what is, and what has been decided so far.
#[derive(Clone, Copy)]
pub(super) struct World<'a> {
    pub(super) topology: &'a Topology,
    pub(super) observed: &'a Observation,
    pub(super) arrangement: &'a Arrangement<'a>,
    pub(super) fates: &'a Fates<'a>,
    pub(super) servers: &'a ServerStates<'a>,
    pub(super) left_alone: &'a LeftAlone<'a>,
}

impl World<'_> {
    /// Whether a node is replaced in its turn.
    pub(super) fn is_rolled(&self, node: &NodeName) -> bool {
        self.fates.rolled(node).is_some()
    }
}

/// The server that runs now; until its node is replaced, it may be another one than the topology's.
pub(super) fn running(topology: &Topology, view: &ServerView) -> Server {
    view.server.unwrap_or(topology.server)
}
