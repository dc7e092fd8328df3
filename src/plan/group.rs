//! Groups: equal steps at several nodes with the same cause. The short form of a plan shows a group on a line.

use std::collections::BTreeMap;

use super::group_text::{action_of, alike, cause_of};
use super::names::nodes_in_short;
use super::{Order, Plan, StageId, Step, StepId};
use crate::topology::NodeName;

/// Equal steps of several nodes with the same cause.
#[derive(Debug, Clone, PartialEq)]
pub struct Group<'p> {
    /// The first step.
    pub first: (StepId, &'p Step),
    /// The other steps, each of another node.
    pub others: Vec<(StepId, &'p Step)>,
}

impl<'p> Group<'p> {
    fn new(first: (StepId, &'p Step)) -> Self {
        Self { first, others: Vec::new() }
    }

    /// A group of some steps; `None` if there are none.
    #[must_use]
    pub fn from_steps(steps: impl IntoIterator<Item = (StepId, &'p Step)>) -> Option<Self> {
        let mut steps = steps.into_iter();
        Some(Self { first: steps.next()?, others: steps.collect() })
    }

    /// Every step.
    pub fn steps(&self) -> impl Iterator<Item = (StepId, &'p Step)> {
        std::iter::once(self.first).chain(self.others.iter().copied())
    }

    /// The nodes in short, or the deployment. Calls of one of several engines have its name.
    #[must_use]
    pub fn subject(&self, plan: &Plan) -> String {
        let nodes: Vec<&NodeName> = self.steps().filter_map(|(_, step)| step.node.as_ref()).collect();
        let subject = if nodes.is_empty() {
            plan.deployment.to_string()
        } else {
            nodes_in_short(&nodes, &plan.deployment)
        };
        match &self.first.1.engine {
            Some(engine) if self.first.1.action.is_engine_call() => format!("{subject} on {engine}"),
            _ => subject,
        }
    }

    /// The action, in a single text for all nodes.
    #[must_use]
    pub fn action(&self) -> String {
        action_of(&self.plain_steps())
    }

    /// The cause, in a single text for all nodes.
    #[must_use]
    pub fn cause(&self) -> String {
        cause_of(&self.plain_steps())
    }

    fn plain_steps(&self) -> Vec<&'p Step> {
        self.steps().map(|(_, step)| step).collect()
    }

    /// Whether a step is equal to the steps of this group.
    fn takes(&self, step: &Step) -> bool {
        let is_of_another_node =
            step.node.is_some() && self.steps().all(|(_, other)| other.node != step.node);
        is_of_another_node && alike(self.first.1, step)
    }

    /// Whether another group has equal steps.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        alike(self.first.1, other.first.1)
    }

    /// Adds the steps of another group.
    pub(super) fn append(&mut self, other: &Self) {
        self.others.extend(other.steps());
    }
}

impl Plan {
    /// The steps of a stage in groups. Groups keep the order of each node's steps. In a stage in order, they keep the
    /// order of all steps.
    #[must_use]
    pub fn groups(&self, stage: StageId) -> Vec<Group<'_>> {
        let in_turn = self.stage(stage).is_some_and(|stage| stage.order == Order::InTurn);
        let mut groups: Vec<Group<'_>> = Vec::new();
        // For each node, the position of the group with its latest step.
        let mut latest: BTreeMap<Option<&NodeName>, usize> = BTreeMap::new();
        for (id, step) in self.steps_of(stage) {
            let earliest = if in_turn {
                groups.len().saturating_sub(1)
            } else {
                latest.get(&step.node.as_ref()).map_or(0, |position| position + 1)
            };
            let found = groups.iter().skip(earliest).position(|group| group.takes(step));
            let position = found.map_or(groups.len(), |found| earliest + found);
            match groups.get_mut(position) {
                Some(group) => group.others.push((id, step)),
                None => groups.push(Group::new((id, step))),
            }
            latest.insert(step.node.as_ref(), position);
        }
        groups
    }
}
