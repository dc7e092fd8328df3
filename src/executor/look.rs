//! One look at the servers: what they say of a condition.

use futures_util::future::join_all;

use super::{EngineCalls, Executor, ServerCalls, error};
use crate::observation::ObservedServer;
use crate::plan::{Condition, Step};
use crate::readiness::{self, Answers, Disagreement};
use crate::topology::NodeName;

/// What one look at the servers shows.
pub(super) struct Sight {
    /// What keeps a wait from being over.
    pub(super) disagreements: Vec<Disagreement>,
    /// Who does not answer.
    pub(super) silent: Vec<NodeName>,
}

impl<E: EngineCalls, S: ServerCalls> Executor<'_, E, S> {
    /// Asks the nodes that a condition is about.
    pub(super) async fn look(&self, step: &Step, condition: &Condition) -> Sight {
        let (disagreements, answers) = match condition {
            Condition::Answers => {
                let answers = self.answers(step.node.iter()).await;
                (readiness::answering(&answers), answers)
            }
            Condition::ClusterAgrees(expectation) => {
                let nodes = expectation.members.iter().map(|member| &member.node);
                let answers = self.answers(nodes).await;
                (readiness::cluster(expectation, &answers), answers)
            }
            Condition::SentinelsAgree(expectation) => {
                let watched = &expectation.watched;
                let servers = std::iter::once(&watched.primary).chain(&watched.replicas);
                let nodes = servers.chain(&expectation.sentinels).map(|peer| &peer.node);
                let answers = self.answers(nodes).await;
                (readiness::sentinels(expectation, &answers), answers)
            }
            Condition::ReplicasFollow(expectation) => {
                let replicas = expectation.replicas.iter().map(|replica| &replica.node);
                let nodes = std::iter::once(&expectation.primary.node).chain(replicas);
                let answers = self.answers(nodes).await;
                (readiness::replication(expectation, &answers), answers)
            }
        };
        let silent = answers.into_iter().filter(|(_, server)| server.view().is_none());
        Sight { disagreements, silent: silent.map(|(node, _)| node).collect() }
    }

    async fn answers<'n>(&self, nodes: impl Iterator<Item = &'n NodeName>) -> Answers {
        let ask = |node: &'n NodeName| async move {
            let server = match self.servers.view(node).await {
                Ok(view) => ObservedServer::Answering(Box::new(view)),
                Err(error) => ObservedServer::Silent(error::chain(error.as_ref())),
            };
            (node.clone(), server)
        };
        join_all(nodes.map(ask)).await.into_iter().collect()
    }
}
