//! The input for the parts of `status`.

use std::collections::BTreeSet;

use super::NodeCondition;
use crate::arrangement::Arrangement;
use crate::observation::{ContainerState, Observation};
use crate::topology::{NodeName, Topology};

/// A deployment, its observation, and its arrangement.
pub(super) struct Reading<'a> {
    pub(super) topology: &'a Topology,
    pub(super) observed: &'a Observation,
    /// The arrangement of the servers whose containers run.
    pub(super) arrangement: Arrangement<'a>,
}

impl<'a> Reading<'a> {
    pub(super) fn new(topology: &'a Topology, observed: &'a Observation) -> Self {
        let mut reading = Self { topology, observed, arrangement: Arrangement::new(topology, observed) };
        // The answers of a server are outdated once its container has ended.
        let names = topology.nodes().into_iter().map(|node| &node.name);
        let gone: BTreeSet<NodeName> =
            names.filter(|name| reading.condition(name) != NodeCondition::Answering).cloned().collect();
        reading.arrangement = reading.arrangement.as_if_new(&gone);
        reading
    }

    /// The condition of a node's container and server.
    pub(super) fn condition(&self, name: &NodeName) -> NodeCondition {
        let Some(container) = self.observed.containers.get(name) else {
            let engine = self.topology.engine_of(name);
            let is_lost = engine.is_some_and(|engine| self.observed.lost_engines.contains_key(engine));
            return match (is_lost, self.observed.view(name).is_some()) {
                (false, _) => NodeCondition::Missing,
                (true, true) => NodeCondition::Answering,
                (true, false) => NodeCondition::OutOfReach,
            };
        };
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
