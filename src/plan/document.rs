//! A plan as a document for programs: `plan --output json`.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Plan, StageId, StepId};
use crate::topology::{DeploymentName, EngineName, NodeName};

/// The steps of `up` with their causes.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PlanDocument {
    /// The deployment.
    deployment: DeploymentName,
    /// The number of steps that change the deployment.
    changes: usize,
    /// The stages, in the order in which they run.
    stages: Vec<StageDocument>,
    /// Sentences about keys at stake, swapped roles, and slots that a later plan moves.
    notes: Vec<String>,
}

/// Steps that run at the same time, except steps of the same node.
#[derive(Debug, Serialize, JsonSchema)]
struct StageDocument {
    /// Its name.
    name: &'static str,
    /// Its steps.
    steps: Vec<StepDocument>,
}

/// One step.
#[derive(Debug, Serialize, JsonSchema)]
struct StepDocument {
    /// Its number in the plan, from 1.
    id: StepId,
    /// The action, in words.
    action: String,
    /// The node; `null`: the whole deployment.
    node: Option<NodeName>,
    /// The engine, if the deployment stands on several.
    #[serde(skip_serializing_if = "Option::is_none")]
    engine: Option<EngineName>,
    /// The reason for the step, in words.
    cause: String,
}

impl PlanDocument {
    /// The document of a plan.
    #[must_use]
    pub fn new(plan: &Plan) -> Self {
        let steps = |id: StageId| {
            let step = |(id, step): (StepId, &super::Step)| StepDocument {
                id,
                action: step.action.to_string(),
                node: step.node.clone(),
                engine: step.engine.clone(),
                cause: step.cause.to_string(),
            };
            plan.steps_of(id).map(step).collect()
        };
        let stages = plan.stages.iter().zip(plan.stage_ids());
        Self {
            deployment: plan.deployment.clone(),
            changes: plan.changes(),
            stages: stages.map(|(stage, id)| StageDocument { name: stage.name, steps: steps(id) }).collect(),
            notes: plan.notes().collect(),
        }
    }
}
