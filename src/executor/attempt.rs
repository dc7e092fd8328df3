//! An attempt: a call of a server, or questions to the servers of a condition.

use std::time::Duration;

use tokio::time::Instant;

use futures_util::future::join_all;

use super::{BoxedError, EngineCalls, Executor, ServerCalls, ServerFault, StepFailure, error};
use crate::event::{Event, Missing};
use crate::observation::ObservedServer;
use crate::plan::{Condition, Disagreement, ServerAction, StepId};
use crate::readiness::Answers;
use crate::topology::NodeName;
use crate::waiting::Heard;

/// The event that a step waits for.
#[derive(Clone, Copy)]
pub(super) enum Awaited<'a> {
    /// The node's server executes the action.
    Call(&'a NodeName, &'a ServerAction),
    /// A condition holds.
    Condition(&'a Condition),
}

/// The attempts of a wait.
pub(super) enum Tries<'a> {
    /// Each attempt calls the node's server.
    Call(&'a NodeName, &'a ServerAction),
    /// Each attempt asks the nodes of a condition. The wait began at this time.
    Condition(Heard<'a>, Instant),
}

impl<'a> Tries<'a> {
    /// No attempt is made yet. `own` is the node of the step.
    pub(super) fn new(awaited: Awaited<'a>, own: Option<&'a NodeName>, since: Instant) -> Self {
        match awaited {
            Awaited::Call(node, call) => Self::Call(node, call),
            Awaited::Condition(condition) => Self::Condition(Heard::new(condition, own), since),
        }
    }
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
    pub(super) async fn attempt(&self, id: StepId, tries: &mut Tries<'_>) -> Result<Attempt, StepFailure> {
        match tries {
            Tries::Condition(heard, since) => Ok(self.ask(heard, *since).await),
            Tries::Call(node, call) => {
                let node: &NodeName = node;
                let tell = |progress| self.tell(Event::Moving { step: id, progress });
                let refusal = match self.servers.apply(node, call, &tell).await {
                    Ok(()) => None,
                    Err(ServerFault::Passing(error)) => Some((node.clone(), error)),
                    Err(ServerFault::Final(error)) => return Err(StepFailure::Call(error)),
                };
                Ok(Attempt { refusal, disagreements: Vec::new(), silent: vec![node.clone()] })
            }
        }
    }

    /// Asks the nodes of a condition that are to be asked now.
    async fn ask(&self, heard: &mut Heard<'_>, since: Instant) -> Attempt {
        loop {
            let began = since.elapsed();
            let answers = self.answers(heard.to_ask(began)).await;
            heard.add(answers, began, since.elapsed());
            if !heard.needs_confirmation() {
                let (disagreements, silent) = (heard.disagreements().to_vec(), heard.silent());
                return Attempt { refusal: None, disagreements, silent };
            }
        }
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
