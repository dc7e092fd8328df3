//! The parts of an unfinished plan: stages, steps, and the changes that a pass makes.

use crate::plan::{Action, Cause, Condition, EngineAction, Order, ServerAction, Stage, Step};
use crate::topology::{EngineName, NodeName};

/// Stages in order. A stage without steps is left out.
#[derive(Debug, Default)]
pub(super) struct Stages(Vec<Stage>);

/// The stages of a pass, and the changes that its steps make.
#[derive(Debug, Default)]
pub(super) struct Pass {
    pub(super) stages: Stages,
    pub(super) changes: Changes,
}

/// Changes that steps make. Later passes read them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each change is independent of the others")]
pub(super) struct Changes {
    /// Replicas begin to replicate another primary, and need a full sync.
    pub(super) links: bool,
    /// Replicas connect to their primaries again with another login.
    pub(super) logins: bool,
    /// Nodes that the cluster has forgotten join again.
    pub(super) readmissions: bool,
    /// Replicas become visible to clients with the next write that they receive.
    pub(super) announcements: bool,
    /// Nodes announce another host to clients.
    pub(super) endpoints: bool,
}

impl Stages {
    /// A single stage.
    pub(super) fn one(name: &'static str, order: Order, steps: Vec<Step>) -> Self {
        let mut stages = Self::default();
        stages.push(name, order, steps);
        stages
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn push(&mut self, name: &'static str, order: Order, steps: Vec<Step>) {
        if !steps.is_empty() {
            self.0.push(Stage { name, order, steps });
        }
    }

    pub(super) fn append(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    pub(super) fn into_vec(self) -> Vec<Stage> {
        self.0
    }
}

/// A step that calls the engine.
pub(super) fn engine(node: Option<&NodeName>, action: EngineAction, cause: Cause) -> Step {
    Step { engine: None, node: node.cloned(), action: Action::Engine(action), cause }
}

/// A step that calls one of the deployment's engines; `None`: its only engine.
pub(super) fn engine_at(at: Option<&EngineName>, action: EngineAction, cause: Cause) -> Step {
    Step { engine: at.cloned(), ..engine(None, action, cause) }
}

/// A step that sends commands to a node's server.
pub(super) fn server(node: &NodeName, action: ServerAction, cause: Cause) -> Step {
    Step { engine: None, node: Some(node.clone()), action: Action::Server(action), cause }
}

/// A step that waits.
pub(super) fn wait(node: Option<&NodeName>, condition: Condition, cause: Cause) -> Step {
    Step { engine: None, node: node.cloned(), action: Action::Await(condition), cause }
}
