//! What the parts of `status` look at.

use std::collections::BTreeSet;

use super::Condition;
use crate::arrangement::Arrangement;
use crate::observation::{ContainerState, Observation};
use crate::topology::{NodeName, Topology};

/// A deployment, what is observed of it, and what its nodes are by that.
pub(super) struct Reading<'a> {
    pub(super) topology: &'a Topology,
    pub(super) observed: &'a Observation,
    /// By the servers whose containers run.
    pub(super) arrangement: Arrangement<'a>,
}

impl<'a> Reading<'a> {
    pub(super) fn new(topology: &'a Topology, observed: &'a Observation) -> Self {
        let mut reading = Self { topology, observed, arrangement: Arrangement::new(topology, observed) };
        // What a server said before its container ended is not what it says now.
        let names = topology.nodes().into_iter().map(|node| &node.name);
        let gone: BTreeSet<NodeName> =
            names.filter(|name| reading.condition(name) != Condition::Answering).cloned().collect();
        reading.arrangement = reading.arrangement.as_if_new(&gone);
        reading
    }

    /// What can be said of a node from outside.
    pub(super) fn condition(&self, name: &NodeName) -> Condition {
        let Some(container) = self.observed.containers.get(name) else { return Condition::Missing };
        match container.state {
            ContainerState::Created => Condition::Created,
            ContainerState::Exited => Condition::Exited,
            ContainerState::Restarting => Condition::Restarting,
            ContainerState::Paused => Condition::Paused,
            ContainerState::Running if self.observed.view(name).is_some() => Condition::Answering,
            // A container that restarts in a loop runs for a moment each time.
            ContainerState::Running if container.restarts > 0 => Condition::Restarting,
            ContainerState::Running => Condition::Silent,
        }
    }
}
