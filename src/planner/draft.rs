//! A plan in the making: stages, the steps in them, and what a pass has changed.

use crate::plan::{Action, Cause, Condition, EngineAction, Order, ServerAction, Stage, Step};
use crate::topology::NodeName;

/// Stages in their order; a stage without steps is left out.
#[derive(Debug, Default)]
pub(super) struct Stages(Vec<Stage>);

/// What a pass plans, and what its steps change.
#[derive(Debug, Default)]
pub(super) struct Pass {
    pub(super) stages: Stages,
    pub(super) changes: Changes,
}

/// What steps change, for the passes that come after them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each change is independent of the others")]
pub(super) struct Changes {
    /// Replicas begin to follow another primary, and need a first copy.
    pub(super) links: bool,
    /// Links between replicas and primaries open again, logged in as another user.
    pub(super) logins: bool,
    /// Nodes that the cluster has forgotten are let in again.
    pub(super) readmissions: bool,
    /// Replicas are to be seen by clients once they have heard a write.
    pub(super) announcements: bool,
    /// Nodes tell clients another host to dial.
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

/// A call to the engine.
pub(super) fn engine(node: Option<&NodeName>, action: EngineAction, cause: Cause) -> Step {
    Step { node: node.cloned(), action: Action::Engine(action), cause }
}

/// A call to a node's server.
pub(super) fn server(node: &NodeName, action: ServerAction, cause: Cause) -> Step {
    Step { node: Some(node.clone()), action: Action::Server(action), cause }
}

/// A wait.
pub(super) fn wait(node: Option<&NodeName>, condition: Condition, cause: Cause) -> Step {
    Step { node: node.cloned(), action: Action::Await(condition), cause }
}
