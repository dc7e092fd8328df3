//! The state of each node's server before a plan runs.

use super::fate::Fates;
use crate::observation::{ContainerState, Observation};
use crate::plan::Cause;
use crate::topology::container::shared_volume;
use crate::topology::{Node, NodeName, Topology};

/// The state of a node's server before the plan runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ServerState {
    /// This plan starts the server for the first time.
    New,
    /// The server answers: the observation has its view.
    Answering,
    /// The server exists but does not answer. Its state after the start is not known.
    Unknown,
}

/// The state of each node's server.
pub(super) struct ServerStates<'a> {
    topology: &'a Topology,
    states: Vec<(NodeName, ServerState)>,
}

impl<'a> ServerStates<'a> {
    pub(super) fn new(topology: &'a Topology, observed: &Observation, fates: &Fates<'_>) -> Self {
        let is_there = |volume: String| observed.volumes.contains(&volume);
        // The shared volume can only be read through a container. If this run has begun and there is no container,
        // the volume is empty.
        let may_hold_some = observed.containers.is_empty() && !observed.begun;
        let folders_exist =
            is_there(shared_volume(&topology.name)) && (observed.stored.is_some() || may_hold_some);
        // The volume of a lost container may still hold its keys and its cluster id.
        let may_have_lived = |node: &Node| folders_exist || observed.keeps_data_of(topology, &node.name);
        let judge = |node: &Node| {
            let answers = observed.view(&node.name).is_some();
            match observed.containers.get(&node.name) {
                None if observed.is_out_of_reach(topology, &node.name) && answers => ServerState::Answering,
                None if observed.is_out_of_reach(topology, &node.name) => ServerState::Unknown,
                None if may_have_lived(node) => ServerState::Unknown,
                None => ServerState::New,
                Some(_) if fates.is_made(&node.name) => ServerState::Unknown,
                Some(container) if container.state == ContainerState::Created && !may_have_lived(node) => {
                    ServerState::New
                }
                // A container that lost its network is started again.
                Some(container)
                    if container.state == ContainerState::Running && container.attached && answers =>
                {
                    ServerState::Answering
                }
                Some(_) => ServerState::Unknown,
            }
        };
        let states = topology.nodes().into_iter().map(|node| (node.name.clone(), judge(node))).collect();
        Self { topology, states }
    }

    pub(super) fn state(&self, name: &NodeName) -> ServerState {
        let found = self.states.iter().find(|(node, _)| node == name);
        found.map_or(ServerState::Unknown, |(_, state)| *state)
    }

    pub(super) fn all_known(&self) -> bool {
        self.states.iter().all(|(_, state)| *state != ServerState::Unknown)
    }

    pub(super) fn all_new(&self) -> bool {
        self.states.iter().all(|(_, state)| *state == ServerState::New)
    }

    /// The cause of a wait for the plan's own steps.
    pub(super) fn cause_to_wait(&self) -> Cause {
        if self.all_new() { Cause::New } else { Cause::Changed }
    }

    /// The nodes whose servers this plan starts for the first time.
    pub(super) fn new_nodes(&self) -> impl Iterator<Item = &Node> {
        self.topology.nodes().into_iter().filter(|node| self.state(&node.name) == ServerState::New)
    }
}
