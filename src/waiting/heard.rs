//! The answers that the nodes of a condition have given, and the nodes to ask next.
//!
//! In a large cluster, the questions to all nodes cost the servers more time than they need to agree. So nodes that
//! agree are left alone for a while. A condition holds only if all nodes agree in one attempt.

use std::collections::BTreeSet;
use std::time::Duration;

use super::question;
use crate::plan::{Condition, Disagreement};
use crate::readiness::Answers;
use crate::topology::NodeName;

/// Questions to all nodes take one part in this many of the time, if some nodes disagree.
const PART: u32 = 4;

/// The answers of a wait so far.
#[derive(Debug)]
pub struct Heard<'a> {
    condition: &'a Condition,
    nodes: BTreeSet<&'a NodeName>,
    answers: Answers,
    disagreements: Vec<Disagreement>,
    /// The end of the last attempt that asked all nodes, and its duration.
    all_asked: Option<(Duration, Duration)>,
    /// Whether the last attempt asked all nodes.
    is_whole: bool,
}

impl<'a> Heard<'a> {
    /// Nothing is heard yet. `own` is the node of the waiting step.
    #[must_use]
    pub fn new(condition: &'a Condition, own: Option<&'a NodeName>) -> Self {
        let nodes = question::nodes(condition, own).into_iter().collect();
        let (answers, disagreements) = (Answers::new(), Vec::new());
        Self { condition, nodes, answers, disagreements, all_asked: None, is_whole: false }
    }

    /// The nodes to ask at this time of the wait.
    #[must_use]
    pub fn to_ask(&self, now: Duration) -> Vec<&'a NodeName> {
        let left_alone = |(asked, took): (Duration, Duration)| now < asked + took * PART;
        if self.disagreements.is_empty() || !self.all_asked.is_some_and(left_alone) {
            return self.nodes.iter().copied().collect();
        }
        let disagree: BTreeSet<&NodeName> = self.disagreements.iter().map(|found| &found.node).collect();
        self.nodes.iter().copied().filter(|node| disagree.contains(node)).collect()
    }

    /// Adds the answers of an attempt that lasted between these times.
    pub fn add(&mut self, answers: Answers, began: Duration, ended: Duration) {
        self.is_whole = self.nodes.iter().all(|node| answers.contains_key(*node));
        if self.is_whole {
            self.all_asked = Some((ended, ended.saturating_sub(began)));
        }
        self.answers.extend(answers);
        self.disagreements = question::disagreements(self.condition, &self.answers);
    }

    /// Whether all nodes agree, but not in one attempt. Then all of them are asked at once.
    #[must_use]
    pub fn needs_confirmation(&self) -> bool {
        self.disagreements.is_empty() && !self.is_whole
    }

    /// The disagreements with the condition.
    #[must_use]
    pub fn disagreements(&self) -> &[Disagreement] {
        &self.disagreements
    }

    /// The nodes whose servers did not answer.
    #[must_use]
    pub fn silent(&self) -> Vec<NodeName> {
        let silent = self.answers.iter().filter(|(_, server)| server.view().is_none());
        silent.map(|(node, _)| node.clone()).collect()
    }
}
