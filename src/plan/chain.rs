//! Chains: the steps of a stage that have the same subject and run in order.

use super::{Plan, StageId, Step, StepId};
use crate::topology::NodeName;

/// The steps of one subject in a stage, in order.
#[derive(Debug, Clone, PartialEq)]
pub struct Chain<'p> {
    /// The node; `None`: the whole deployment.
    pub node: Option<&'p NodeName>,
    /// Its steps.
    pub steps: Vec<(StepId, &'p Step)>,
}

impl Plan {
    /// The chains of a stage, in the order of their first steps.
    #[must_use]
    pub fn chains(&self, stage: StageId) -> Vec<Chain<'_>> {
        let mut chains: Vec<Chain<'_>> = Vec::new();
        for (id, step) in self.steps_of(stage) {
            let node = step.node.as_ref();
            match chains.iter_mut().find(|chain| chain.node == node) {
                Some(chain) => chain.steps.push((id, step)),
                None => chains.push(Chain { node, steps: vec![(id, step)] }),
            }
        }
        chains
    }

    /// The nodes of a stage, in the order of their first steps.
    #[must_use]
    pub fn nodes_of(&self, stage: StageId) -> Vec<&NodeName> {
        self.chains(stage).into_iter().filter_map(|chain| chain.node).collect()
    }
}
