//! The position of a plan whose step waits.

use super::PlanAgain;
use crate::plan::{Action, Condition, EngineAction, Plan, ServerAction, Stage, Step};
use crate::topology::NodeName;

/// A plan with the position of the present stage.
#[derive(Debug, Clone, Copy)]
pub struct Progress<'a> {
    plan: &'a Plan,
    begun: &'a [Stage],
    engine_is_done: bool,
}

impl<'a> Progress<'a> {
    /// The plan at the stage with this position, counted from 0.
    #[must_use]
    pub fn new(plan: &'a Plan, position: usize) -> Self {
        let calls_engine = |stage: &Stage| stage.steps.iter().any(|step| step.action.is_engine_call());
        let engine_is_done = plan.stages.iter().rposition(calls_engine).is_none_or(|last| position > last);
        Self { plan, begun: plan.stages.get(..=position).unwrap_or(&plan.stages), engine_is_done }
    }

    /// Whether the plan has started or unpaused the container of a node.
    pub(super) fn has_started(&self, node: &NodeName) -> bool {
        let starts = |step: &Step| {
            step.node.as_ref() == Some(node)
                && matches!(
                    step.action,
                    Action::Engine(EngineAction::StartContainer | EngineAction::UnpauseContainer)
                )
        };
        self.begun.iter().flat_map(|stage| &stage.steps).any(starts)
    }

    /// Why `newer` must run before a condition can hold; `None` if this plan suffices.
    pub(super) fn needs(&self, newer: &Plan, condition: &Condition) -> Option<PlanAgain> {
        if let Some(primary) = newer.primary_besides(condition) {
            return Some(PlanAgain::OtherPrimary(primary.clone()));
        }
        // A stranger joined by itself. The wait does not expect it.
        if let Some(stake) = self.plan.unknown_stake(newer) {
            return Some(PlanAgain::AtStake(stake.clone()));
        }
        let forgets = |step: &Step| matches!(step.action, Action::Server(ServerAction::Forget { .. }));
        // While containers are still to be replaced, many plans lead to the same result, but none with a stranger.
        let step = self.plan.lacks(newer).find(|step| self.engine_is_done || forgets(step))?;
        Some(PlanAgain::NewStep {
            subject: step.subject(self.plan).to_owned(),
            action: step.action.to_string(),
            cause: step.cause.to_string(),
        })
    }
}
