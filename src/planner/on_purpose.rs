//! The steps that change nodes on purpose: start, stop, restart, kill, pause and unpause.

use std::collections::BTreeSet;

use super::draft::{Stages, engine, wait};
use crate::node_change::NodeVerb;
use crate::observation::{ContainerState, Observation};
use crate::plan::{Cause, Condition, EngineAction, Order, Plan, Step};
use crate::topology::{NodeName, Topology};

/// Plans a change of nodes. A node that needs no change has no steps.
#[must_use]
pub fn plan_on_purpose(
    topology: &Topology,
    observed: &Observation,
    nodes: &BTreeSet<NodeName>,
    verb: NodeVerb,
) -> Plan {
    let change = Change { topology, observed, nodes, verb };
    let mut stages = Stages::default();
    stages.push("start network namespace", Order::InTurn, change.start_namespace());
    let steps = nodes.iter().flat_map(|node| change.steps(node));
    stages.push(verb.as_str(), Order::SideBySide, steps.collect());
    stages.push("end network namespace", Order::InTurn, change.end_namespace());
    Plan::of_stages(&topology.name, stages.into_vec())
}

struct Change<'a> {
    topology: &'a Topology,
    observed: &'a Observation,
    nodes: &'a BTreeSet<NodeName>,
    verb: NodeVerb,
}

impl Change<'_> {
    /// The steps of a node.
    fn steps(&self, node: &NodeName) -> Vec<Step> {
        let Some(state) = self.state(node) else { return Vec::new() };
        let actions = actions(self.verb, state);
        let asked = |action: &EngineAction| engine(Some(node), action.clone(), Cause::AskedFor);
        let mut steps: Vec<Step> = actions.iter().map(asked).collect();
        let runs =
            matches!(actions.last(), Some(EngineAction::StartContainer | EngineAction::UnpauseContainer));
        if runs {
            steps.push(wait(Some(node), Condition::Answers, Cause::AskedFor));
        }
        steps
    }

    fn state(&self, node: &NodeName) -> Option<ContainerState> {
        Some(self.observed.containers.get(node)?.state)
    }

    /// Starts the container that holds the network namespace of all nodes. A node without its namespace cannot start.
    fn start_namespace(&self) -> Vec<Step> {
        let starts = |node: &NodeName| {
            let actions = self.state(node).map(|state| actions(self.verb, state));
            actions.is_some_and(|actions| actions.contains(&EngineAction::StartContainer))
        };
        match self.anchor() {
            Some((anchor, state)) if !is_alive(state) && self.nodes.iter().any(starts) => {
                vec![engine(Some(anchor), EngineAction::StartContainer, Cause::NotRunning)]
            }
            _ => Vec::new(),
        }
    }

    /// Ends the container that holds the network namespace, if no node runs any more: so its ports refuse connections,
    /// as the ports of other stopped deployments do.
    fn end_namespace(&self) -> Vec<Step> {
        let ends = |node: &NodeName| {
            let state = self.state(node);
            !state.is_some_and(is_alive) || self.nodes.contains(node)
        };
        let action = match self.verb {
            NodeVerb::Stop => EngineAction::StopContainer,
            NodeVerb::Kill => EngineAction::KillContainer,
            NodeVerb::Start | NodeVerb::Restart | NodeVerb::Pause | NodeVerb::Unpause => return Vec::new(),
        };
        match self.anchor() {
            Some((anchor, ContainerState::Running))
                if self.topology.nodes().into_iter().all(|node| ends(&node.name)) =>
            {
                vec![engine(Some(anchor), action, Cause::AskedFor)]
            }
            _ => Vec::new(),
        }
    }

    fn anchor(&self) -> Option<(&NodeName, ContainerState)> {
        let anchor = &self.topology.anchor.as_ref()?.name;
        Some((anchor, self.state(anchor)?))
    }
}

/// Whether a container has a process, or is about to get one.
fn is_alive(state: ContainerState) -> bool {
    matches!(state, ContainerState::Running | ContainerState::Paused | ContainerState::Restarting)
}

/// The actions that change a container; none if it needs no change.
fn actions(verb: NodeVerb, state: ContainerState) -> &'static [EngineAction] {
    use ContainerState::{Created, Exited, Paused, Restarting, Running};
    use EngineAction::{KillContainer, PauseContainer, StartContainer, StopContainer, UnpauseContainer};
    match (verb, state) {
        (NodeVerb::Start | NodeVerb::Unpause, Paused) => &[UnpauseContainer],
        (NodeVerb::Start | NodeVerb::Restart, Created | Exited) => &[StartContainer],
        // The engine waits before it starts such a container again. A stop ends the loop.
        (NodeVerb::Start | NodeVerb::Restart, Restarting) | (NodeVerb::Restart, Running) => {
            &[StopContainer, StartContainer]
        }
        // Some engines do not stop paused containers.
        (NodeVerb::Restart, Paused) => &[UnpauseContainer, StopContainer, StartContainer],
        (NodeVerb::Stop, Paused) => &[UnpauseContainer, StopContainer],
        // Between two starts, there is no process that a signal could reach.
        (NodeVerb::Stop, Running | Restarting) | (NodeVerb::Kill, Restarting) => &[StopContainer],
        (NodeVerb::Kill, Running | Paused) => &[KillContainer],
        (NodeVerb::Pause, Running) => &[PauseContainer],
        (NodeVerb::Start | NodeVerb::Unpause, Running)
        | (NodeVerb::Stop | NodeVerb::Kill | NodeVerb::Pause | NodeVerb::Unpause, Created | Exited)
        | (NodeVerb::Pause, Paused)
        | (NodeVerb::Pause | NodeVerb::Unpause, Restarting) => &[],
    }
}
