//! Stages that run at the same time, and the chains that a step awaits meanwhile.

use super::{Order, Plan, StageId, Step};
use crate::topology::NodeName;

/// A chain: its stage and its subject.
pub type ChainId<'p> = (StageId, Option<&'p NodeName>);

impl Plan {
    /// The stages in order. Stages that overlap are together.
    #[must_use]
    pub fn overlaps(&self) -> Vec<Vec<StageId>> {
        let mut overlaps: Vec<Vec<StageId>> = Vec::new();
        for (stage, id) in self.stages.iter().zip(self.stage_ids()) {
            match overlaps.last_mut() {
                Some(last) if stage.order == Order::Overlapping && self.can_be_overlapped(last) => {
                    last.push(id);
                }
                _ => overlaps.push(vec![id]),
            }
        }
        overlaps
    }

    /// The steps of a stage in order have no chains.
    fn can_be_overlapped(&self, stages: &[StageId]) -> bool {
        let in_turn = |id: &StageId| self.stage(*id).is_some_and(|stage| stage.order == Order::InTurn);
        !stages.iter().any(in_turn)
    }

    /// The chains of earlier stages that must end before a step begins: those of the nodes that the step names, and those
    /// of the whole deployment.
    #[must_use]
    pub fn awaited_by<'p>(&'p self, step: &Step, earlier: &[StageId]) -> Vec<ChainId<'p>> {
        let named: Vec<&NodeName> = step.named_nodes().collect();
        let is_awaited = |node: Option<&NodeName>| node.is_none_or(|node| named.contains(&node));
        let chains = |stage: &StageId| -> Vec<ChainId<'p>> {
            let subjects = self.chains(*stage).into_iter().map(|chain| chain.node);
            subjects.filter(|node| is_awaited(*node)).map(|node| (*stage, node)).collect()
        };
        earlier.iter().flat_map(chains).collect()
    }
}
