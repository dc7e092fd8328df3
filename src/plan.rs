//! A plan: ordered stages of steps. Each step is an action with its cause.

use std::fmt;

use crate::topology::{DeploymentName, EngineName, NodeName};

mod action_text;
mod at_stake;
mod cause;
mod chain;
mod condition;
mod disagreement;
mod document;
pub mod effect;
mod engine_action;
mod group;
mod group_text;
mod id;
mod later_move;
mod listing;
mod move_time;
mod named_nodes;
mod names;
mod obstacle;
mod overlap;
mod server_action;
mod swapped_role;
#[cfg(test)]
pub(crate) mod testing;

pub use at_stake::{AtStake, Holder};
pub use cause::{Cause, StrangerReference, UserDrift, WrongPrimary};
pub use chain::Chain;
pub use condition::{
    ClusterExpectation, ClusterMember, Condition, MemberRole, Milestone, Peer, ReplicationExpectation,
    SentinelExpectation,
};
pub use disagreement::{Deviation, Disagreement};
pub use document::PlanDocument;
pub use effect::Effect;
pub use engine_action::{EngineAction, NetworkSettings, VolumeSettings};
pub use group::Group;
pub use id::{StageId, StepId};
pub use later_move::LaterMove;
pub use listing::{Listing, ListingLine, StepEffect};
pub use obstacle::Obstacle;
pub use overlap::ChainId;
pub use server_action::{HandOverWay, REWRITE, ServerAction};
pub use swapped_role::SwappedRole;

/// The steps that bring a deployment to its spec, in order. The executor makes no decisions.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The deployment.
    pub deployment: DeploymentName,
    /// The stages, in the order in which they run.
    pub stages: Vec<Stage>,
    /// Whether the deployment matches its spec after these stages. Otherwise some servers do not answer yet, and
    /// their answers may need another plan.
    pub complete: bool,
    /// Each shard's primary, before nodes are replaced; empty if not known yet.
    pub primaries: Vec<NodeName>,
    /// Nodes that are primaries in the place of the spec's primaries, and stay primaries.
    pub swapped_roles: Vec<SwappedRole>,
    /// The moves of slots that a later plan makes.
    pub later: Vec<LaterMove>,
    /// Whether the last `up` gave the shards the same slots. Then slots that move were left elsewhere by an interrupted run or somebody else.
    pub keeps_division: bool,
    /// Keys that no other node has, and whether the plan keeps them.
    pub at_stake: Vec<AtStake>,
    /// The consequences of the loss of an engine, a sentence for each engine.
    pub losses: Vec<String>,
    /// The engines with nodes that do not answer, a sentence for each. The plan leaves their nodes alone.
    pub out_of_reach: Vec<String>,
}

/// Steps that belong together.
#[derive(Debug, Clone, PartialEq)]
pub struct Stage {
    /// The purpose of the stage, in one or two words.
    pub name: &'static str,
    /// The order of its steps.
    pub order: Order,
    /// The steps.
    pub steps: Vec<Step>,
}

/// The order of the steps in a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The steps of each subject in order, and all subjects at the same time.
    SideBySide,
    /// The same, while the stages before are still running: a step begins once the nodes that it names have done all
    /// their steps of those stages.
    Overlapping,
    /// All steps in order.
    InTurn,
}

/// An action with its cause.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// The engine, if the deployment stands on several.
    pub engine: Option<EngineName>,
    /// The node; `None`: the whole deployment.
    pub node: Option<NodeName>,
    /// The action.
    pub action: Action,
    /// The cause.
    pub cause: Cause,
}

/// A call, or a wait.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// A call to the engine.
    Engine(EngineAction),
    /// A call to the step's node.
    Server(ServerAction),
    /// A wait.
    Await(Condition),
}

impl Action {
    /// Whether the action is the other, or does more. While slots move, their number and that of their keys change.
    fn does_the_work_of(&self, other: &Self) -> bool {
        match (self, other) {
            (
                Self::Server(ServerAction::MoveSlots { to, .. }),
                Self::Server(ServerAction::MoveSlots { to: other, .. }),
            ) => to == other,
            (one, other) => one == other,
        }
    }
}

impl Plan {
    /// A complete plan of these stages, without notes. It names no primaries.
    #[must_use]
    pub fn of_stages(deployment: &DeploymentName, stages: Vec<Stage>) -> Self {
        Self {
            deployment: deployment.clone(),
            stages,
            complete: true,
            primaries: Vec::new(),
            swapped_roles: Vec::new(),
            later: Vec::new(),
            keeps_division: false,
            at_stake: Vec::new(),
            losses: Vec::new(),
            out_of_reach: Vec::new(),
        }
    }

    /// Whether the plan has no step.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.stages.iter().all(|stage| stage.steps.is_empty())
    }

    /// Whether the plan only removes data and connections of clients.
    #[must_use]
    pub fn touches_only_data(&self) -> bool {
        self.steps().all(|step| {
            matches!(
                step.action,
                Action::Server(
                    ServerAction::Empty { .. } | ServerAction::FlushScripts | ServerAction::EndClients
                ) | Action::Await(Condition::Empty(_))
            )
        })
    }

    /// Whether the plan forms a cluster by the role swap.
    #[must_use]
    pub fn swaps_roles(&self) -> bool {
        self.steps().any(|step| step.cause == Cause::RoleSwap)
    }

    /// Whether the plan makes the volume of the deployment, so that the deployment is new.
    #[must_use]
    pub fn makes_deployment(&self) -> bool {
        self.steps().any(|step| {
            step.node.is_none() && matches!(step.action, Action::Engine(EngineAction::CreateVolume(_)))
        })
    }

    /// The number of steps that change the deployment. Waits do not count.
    #[must_use]
    pub fn changes(&self) -> usize {
        self.steps().filter(|step| step.changes()).count()
    }

    /// The steps of a newer plan that change the deployment and are missing in this plan. Temporary settings do not
    /// count, because they only serve other steps.
    pub fn lacks<'a>(&'a self, newer: &'a Self) -> impl Iterator<Item = &'a Step> {
        let has = |wanted: &Step| {
            self.steps().any(|step| step.node == wanted.node && step.action.does_the_work_of(&wanted.action))
        };
        let is_needed = |step: &Step| step.changes() && step.cause != Cause::Mending;
        newer.steps().filter(move |step| is_needed(step) && !has(step))
    }

    /// Keys that a newer plan would lose, at a server that this plan does not know.
    #[must_use]
    pub fn unknown_stake<'a>(&self, newer: &'a Self) -> Option<&'a AtStake> {
        let known: Vec<_> = self.at_stake.iter().filter_map(AtStake::stranger).collect();
        newer.at_stake.iter().find(|stake| stake.stranger().is_some_and(|at| !known.contains(&at)))
    }

    /// A primary of this plan that is missing among the primaries of a condition.
    #[must_use]
    pub fn primary_besides(&self, condition: &Condition) -> Option<&NodeName> {
        let named = condition.primaries();
        self.primaries.iter().find(|primary| !named.is_empty() && !named.contains(primary))
    }

    /// Notes beside the steps: engines out of reach and keys at stake first.
    pub fn notes(&self) -> impl Iterator<Item = String> {
        let swapped = self.swapped_roles.iter().map(ToString::to_string);
        let first = self.out_of_reach.iter().cloned().chain(self.at_stake.iter().map(ToString::to_string));
        first.chain(swapped).chain(self.about_slots())
    }

    /// The same notes, with a single sentence for all swapped roles.
    pub fn notes_in_short(&self) -> impl Iterator<Item = String> {
        let swapped = swapped_role::in_short(&self.swapped_roles, &self.deployment);
        let first = self.out_of_reach.iter().cloned().chain(self.at_stake.iter().map(ToString::to_string));
        first.chain(swapped).chain(self.about_slots())
    }

    fn about_slots(&self) -> impl Iterator<Item = String> {
        let time = self.move_time().map(|time| time.to_string());
        let left_elsewhere = self.keeps_division && self.steps().any(|step| step.cause == Cause::Misplaced);
        let adopt = "an interrupted `up` or somebody else left slots at other shards; `--adopt-slots` keeps them there";
        let adopt = left_elsewhere.then(|| adopt.to_owned());
        let slots = self.later.iter().map(ToString::to_string).chain(time).chain(adopt);
        slots.chain(self.losses.iter().cloned())
    }

    /// Every step, in order.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.stages.iter().flat_map(|stage| &stage.steps)
    }

    /// Every step with its id.
    pub fn numbered(&self) -> impl Iterator<Item = (StepId, &Step)> {
        self.steps().enumerate().map(|(position, step)| (StepId(position + 1), step))
    }

    /// The ids of all stages, in order.
    pub fn stage_ids(&self) -> impl Iterator<Item = StageId> {
        (0..self.stages.len()).map(StageId)
    }

    /// The stage with this id.
    #[must_use]
    pub fn stage(&self, id: StageId) -> Option<&Stage> {
        self.stages.get(id.0)
    }

    /// The step with this id.
    #[must_use]
    pub fn step(&self, id: StepId) -> Option<&Step> {
        self.steps().nth(id.0.checked_sub(1)?)
    }

    /// The stage of a step.
    #[must_use]
    pub fn stage_of(&self, step: StepId) -> Option<StageId> {
        self.stage_ids().find(|stage| self.steps_of(*stage).any(|(id, _)| id == step))
    }

    /// The steps of a stage with their ids.
    pub fn steps_of(&self, stage: StageId) -> impl Iterator<Item = (StepId, &Step)> {
        let before = self.stages.iter().take(stage.0).map(|stage| stage.steps.len()).sum();
        let count = self.stage(stage).map_or(0, |stage| stage.steps.len());
        self.numbered().skip(before).take(count)
    }

    /// A step's subject as text: the node, or the deployment.
    #[must_use]
    pub fn subject<'a>(&'a self, node: Option<&'a NodeName>) -> &'a str {
        node.map_or(self.deployment.as_str(), NodeName::as_str)
    }

    /// The plan as JSON, for `plan --output json`.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::json!(PlanDocument::new(self))
    }
}

impl Action {
    /// Whether the engine does the action.
    #[must_use]
    pub fn is_engine_call(&self) -> bool {
        matches!(self, Self::Engine(_))
    }
}

impl Step {
    /// Whether the step changes the deployment.
    #[must_use]
    pub fn changes(&self) -> bool {
        self.effect() != StepEffect::Waits
    }

    /// The effect of the step on the deployment.
    #[must_use]
    pub fn effect(&self) -> StepEffect {
        match &self.action {
            Action::Await(_) | Action::Server(ServerAction::LetClientsMoveOn) => StepEffect::Waits,
            Action::Engine(
                EngineAction::RemoveContainer
                | EngineAction::RemoveNetwork(_)
                | EngineAction::RemoveVolume { .. },
            )
            | Action::Server(
                ServerAction::Forget { .. } | ServerAction::Empty { .. } | ServerAction::FlushScripts,
            ) => StepEffect::Removes,
            Action::Engine(_) | Action::Server(_) => StepEffect::Changes,
        }
    }

    /// The step's subject as text: the node, or the deployment.
    #[must_use]
    pub fn subject<'a>(&'a self, plan: &'a Plan) -> &'a str {
        plan.subject(self.node.as_ref())
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.listing().fmt(formatter)
    }
}
