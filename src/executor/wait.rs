//! Waits: until a server can do what it is told, and until a condition holds. Each has its limit, says after a
//! while what is missing, and ends where going on would be in vain.

use std::time::Duration;

use tokio::time::Instant;

use super::look::Sight;
use super::{EngineCalls, Executor, Failure, Place, ServerCalls, ServerFault};
use crate::event::{Event, Missing};
use crate::plan::{ClusterExpectation, Condition, Milestone, ServerAction, Step, StepId};
use crate::topology::NodeName;

/// How often a wait looks again: some waits follow each other, and each is late by half of this.
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// How often a wait looks again that goes on for long: looking costs the servers time too.
const LATER_INTERVAL: Duration = Duration::from_millis(50);

/// How long a wait goes on before it is worth a word.
const QUIET: Duration = Duration::from_secs(2);

/// How often it is looked whether the containers of servers that do not answer have ended; as long may a
/// server take to answer before the first time.
const GRACE: Duration = Duration::from_millis(500);

/// How often it is looked, while a wait goes on, whether what is awaited needs more than was planned.
const SECOND_THOUGHTS: Duration = Duration::from_secs(5);

impl<E: EngineCalls, S: ServerCalls> Executor<'_, E, S> {
    /// Calls a server, again and again while the reason not to succeed is a passing one.
    pub(super) async fn server(
        &self,
        place: &Place<'_>,
        id: StepId,
        step: &Step,
        call: &ServerAction,
    ) -> Result<(), Failure> {
        let Some(node) = &step.node else {
            return Err(Failure::Call("a server action needs a node".into()));
        };
        let limit = self.timeout + call.longer();
        let started = Instant::now();
        let mut quiet = true;
        let mut asked_engine = started;
        loop {
            let error = match self.servers.apply(node, call).await {
                Ok(()) => return Ok(()),
                Err(ServerFault::Final(error)) => return Err(Failure::Call(error)),
                Err(ServerFault::Passing(error)) => error,
            };
            if asked_engine.elapsed() >= GRACE {
                asked_engine = Instant::now();
                self.assert_alive(place, std::slice::from_ref(node)).await?;
            }
            if place.has_failed() || started.elapsed() >= limit {
                return Err(Failure::Call(error));
            }
            if quiet && started.elapsed() >= QUIET {
                quiet = false;
                let missing = vec![Missing::Refusal { node: node.clone(), error: error.to_string() }];
                self.tell(Event::Waiting { step: id, missing });
            }
            until_next_look(started).await;
        }
    }

    /// Looks again and again until a condition holds or its time is over.
    pub(super) async fn wait(
        &self,
        place: &Place<'_>,
        id: StepId,
        step: &Step,
        condition: &Condition,
    ) -> Result<(), Failure> {
        let subject = step.subject(place.plan);
        let (limit, another_way) = match condition {
            Condition::ClusterAgrees(ClusterExpectation {
                milestone: Milestone::Barrier(patience), ..
            }) => (self.timeout.min(*patience), true),
            _ => (self.timeout, false),
        };
        let started = Instant::now();
        let mut said = Vec::new();
        let (mut asked_engine, mut thought) = (started, started);
        loop {
            let Sight { disagreements, silent } = self.look(step, condition).await;
            if disagreements.is_empty() {
                return Ok(());
            }
            let waited = started.elapsed();
            tracing::debug!(subject, %condition, waited_ms = waited.as_millis(), still = ?disagreements.iter().map(ToString::to_string).collect::<Vec<_>>());
            if asked_engine.elapsed() >= GRACE {
                asked_engine = Instant::now();
                self.assert_alive(place, &silent).await?;
            }
            if place.has_failed() || waited >= limit {
                return Err(Failure::Wait { waited, disagreements, silent });
            }
            if !another_way && thought.elapsed() >= SECOND_THOUGHTS {
                thought = Instant::now();
                if let Some(reason) = self.think_again(place, condition).await {
                    return Err(Failure::Outdated { reason });
                }
            }
            if waited >= QUIET && said != disagreements {
                let missing = disagreements.iter().cloned().map(Missing::Disagreement).collect();
                self.tell(Event::Waiting { step: id, missing });
                said = disagreements;
            }
            until_next_look(started).await;
        }
    }

    /// Why a condition is awaited in vain, if it is: servers learn from each other, and choose their primaries,
    /// in ways that no plan foresees.
    async fn think_again(&self, place: &Place<'_>, condition: &Condition) -> Option<String> {
        let newer = (self.replan)().await?;
        if let Some(primary) = newer.primary_besides(condition) {
            return Some(format!("{primary} is primary by now"));
        }
        // While containers are still to be replaced, the same end may be reached in many ways.
        let step = place.plan.lacks(&newer).filter(|_| place.engine_is_done)?;
        Some(format!("{}: {} ({})", step.subject(place.plan), step.action, step.cause))
    }

    /// Fails where the container of a node has ended that does not answer: it is waited for in vain. One that
    /// ran before, and so was to be left alone, is seen to by another plan: an earlier redisctl may have
    /// asked the engine to stop it.
    async fn assert_alive(&self, place: &Place<'_>, silent: &[NodeName]) -> Result<(), Failure> {
        for node in silent {
            let Some(how) = self.engine.ended(node).await.map_err(Failure::Call)? else { continue };
            return Err(if place.has_started(node) {
                Failure::Ended { node: node.clone(), how }
            } else {
                Failure::Outdated { reason: format!("{node}: {how}") }
            });
        }
        Ok(())
    }
}

/// Lets the time between two looks go by, for a wait that began then.
async fn until_next_look(started: Instant) {
    let interval = if started.elapsed() < QUIET { POLL_INTERVAL } else { LATER_INTERVAL };
    tokio::time::sleep(interval).await;
}
