//! An attempt: a call of a server, or questions to the servers of a condition.

use std::time::Duration;

use futures_util::future::join_all;

use super::{BoxedError, EngineCalls, Executor, ServerCalls, ServerFault, StepFailure, error};
use crate::event::Missing;
use crate::observation::ObservedServer;
use crate::plan::{Condition, Disagreement, ServerAction, Step};
use crate::readiness::Answers;
use crate::topology::NodeName;
use crate::waiting;

/// The event that a step waits for.
#[derive(Clone, Copy)]
pub(super) enum Awaited<'a> {
    /// The node's server executes the action.
    Call(&'a NodeName, &'a ServerAction),
    /// A condition holds.
    Condition(&'a Condition),
}

/// The result of an attempt.
pub(super) struct Attempt {
    /// A temporary refusal of a server.
    refusal: Option<(NodeName, BoxedError)>,
    /// The disagreements with the condition.
    disagreements: Vec<Disagreement>,
    /// The nodes whose servers do not answer.
    pub(super) silent: Vec<NodeName>,
}

impl Attempt {
    /// The reasons to try again.
    pub(super) fn missing(&self) -> Vec<Missing> {
        let refusal = self.refusal.iter();
        let refusal =
            refusal.map(|(node, error)| Missing::Refusal { node: node.clone(), error: error.to_string() });
        refusal.chain(self.disagreements.iter().cloned().map(Missing::Disagreement)).collect()
    }

    /// The failure of a wait that ends with this attempt.
    pub(super) fn failure(self, waited: Duration) -> StepFailure {
        match self.refusal {
            Some((_, error)) => StepFailure::Call(error),
            None => StepFailure::Wait { waited, disagreements: self.disagreements, silent: self.silent },
        }
    }
}

impl<E: EngineCalls, S: ServerCalls> Executor<'_, E, S> {
    /// Attempts once. A permanent refusal of a server is an error.
    pub(super) async fn attempt(&self, step: &Step, awaited: Awaited<'_>) -> Result<Attempt, StepFailure> {
        match awaited {
            Awaited::Condition(condition) => Ok(self.ask(step, condition).await),
            Awaited::Call(node, call) => {
                let refusal = match self.servers.apply(node, call).await {
                    Ok(()) => None,
                    Err(ServerFault::Passing(error)) => Some((node.clone(), error)),
                    Err(ServerFault::Final(error)) => return Err(StepFailure::Call(error)),
                };
                Ok(Attempt { refusal, disagreements: Vec::new(), silent: vec![node.clone()] })
            }
        }
    }

    /// Asks the nodes of a condition.
    async fn ask(&self, step: &Step, condition: &Condition) -> Attempt {
        let answers = self.answers(waiting::nodes(condition, step.node.as_ref())).await;
        let disagreements = waiting::disagreements(condition, &answers);
        let silent = answers.into_iter().filter(|(_, server)| server.view().is_none());
        Attempt { refusal: None, disagreements, silent: silent.map(|(node, _)| node).collect() }
    }

    async fn answers<'n>(&self, nodes: Vec<&'n NodeName>) -> Answers {
        let ask = |node: &'n NodeName| async move {
            let server = match self.servers.view(node).await {
                Ok(view) => ObservedServer::Answering(Box::new(view)),
                Err(error) => ObservedServer::Silent(error::chain(error.as_ref())),
            };
            (node.clone(), server)
        };
        join_all(nodes.into_iter().map(ask)).await.into_iter().collect()
    }
}
