//! What the parts of `status` look at.

use std::collections::BTreeSet;

use super::NodeCondition;
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
            names.filter(|name| reading.condition(name) != NodeCondition::Answering).cloned().collect();
        reading.arrangement = reading.arrangement.as_if_new(&gone);
        reading
    }

    /// What can be said of a node from outside.
    pub(super) fn condition(&self, name: &NodeName) -> NodeCondition {
        let Some(container) = self.observed.containers.get(name) else { return NodeCondition::Missing };
        match container.state {
            ContainerState::Created => NodeCondition::Created,
            ContainerState::Exited => NodeCondition::Exited,
            ContainerState::Restarting => NodeCondition::Restarting,
            ContainerState::Paused => NodeCondition::Paused,
            ContainerState::Running if self.observed.view(name).is_some() => NodeCondition::Answering,
            // A container that restarts in a loop runs for a moment each time.
            ContainerState::Running if container.restarts > 0 => NodeCondition::Restarting,
            ContainerState::Running => NodeCondition::Silent,
        }
    }
}
