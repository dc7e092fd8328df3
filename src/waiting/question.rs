//! The nodes of a condition, and the reasons why the condition does not hold.

use std::iter::once;

use crate::plan::{Condition, Disagreement, Peer};
use crate::readiness::{self, Answers};
use crate::topology::NodeName;

/// The nodes of a condition. `own` is the node of the waiting step.
pub(super) fn nodes<'a>(condition: &'a Condition, own: Option<&'a NodeName>) -> Vec<&'a NodeName> {
    let names = |peers: &mut dyn Iterator<Item = &'a Peer>| peers.map(|peer| &peer.node).collect();
    match condition {
        Condition::Answers | Condition::ClusterIsUp => own.into_iter().collect(),
        Condition::Empty(nodes) => nodes.iter().collect(),
        Condition::ClusterAgrees(expectation) => {
            expectation.members.iter().map(|member| &member.node).collect()
        }
        Condition::ReplicasFollow(expectation) => {
            names(&mut once(&expectation.primary).chain(&expectation.replicas))
        }
        Condition::SentinelsAgree(expectation) => {
            let watched = &expectation.watched;
            names(&mut once(&watched.primary).chain(&watched.replicas).chain(&expectation.sentinels))
        }
    }
}

/// The reasons why a condition does not hold, from the answers of its nodes; empty: it holds.
pub(super) fn disagreements(condition: &Condition, answers: &Answers) -> Vec<Disagreement> {
    match condition {
        Condition::Answers => readiness::answering(answers),
        Condition::ClusterIsUp => readiness::cluster_up(answers),
        Condition::Empty(nodes) => readiness::empty(nodes, answers),
        Condition::ClusterAgrees(expectation) => readiness::cluster(expectation, answers),
        Condition::ReplicasFollow(expectation) => readiness::replication(expectation, answers),
        Condition::SentinelsAgree(expectation) => readiness::sentinels(expectation, answers),
    }
}
