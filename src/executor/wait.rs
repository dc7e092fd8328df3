//! Waits: attempts, collects the facts that [`waiting`](crate::waiting) asks for, pauses, and repeats this until
//! `waiting` decides to end.

use std::time::Duration;

use futures_util::future::try_join_all;
use tokio::time::Instant;

use super::attempt::{Attempt, Awaited, Tries};
use super::{BoxedError, EngineCalls, Executor, ServerCalls, StageRun, StepFailure};
use crate::event::Event;
use crate::plan::{Step, StepId};
use crate::topology::NodeName;
use crate::waiting::{Look, NewerPlan, Next, Unavailable, Waiting};

/// The decision after an attempt.
enum After {
    Over,
    LookAgain,
    GiveUp,
}

impl<E: EngineCalls, S: ServerCalls> Executor<'_, E, S> {
    /// Waits until the awaited state, or until the wait is hopeless.
    pub(super) async fn wait(
        &self,
        run: &StageRun<'_>,
        id: StepId,
        step: &Step,
        awaited: Awaited<'_>,
    ) -> Result<(), StepFailure> {
        let mut waiting = match awaited {
            Awaited::Call(_, call) => Waiting::for_call(run.progress, call, self.timeout),
            Awaited::Condition(condition) => Waiting::for_condition(run.progress, condition, self.timeout),
        };
        let started = Instant::now();
        let mut tries = Tries::new(awaited, step.node.as_ref(), started);
        loop {
            let began = started.elapsed();
            let attempt = self.attempt(id, &mut tries).await?;
            let waited = started.elapsed();
            let took = waited.saturating_sub(began);
            match self.go_on(run, id, &mut waiting, &attempt, (waited, took)).await? {
                After::Over => return Ok(()),
                After::LookAgain => {}
                After::GiveUp => return Err(attempt.failure(waited)),
            }
        }
    }

    /// Decides after an attempt.
    async fn go_on(
        &self,
        run: &StageRun<'_>,
        id: StepId,
        waiting: &mut Waiting<'_>,
        attempt: &Attempt,
        (waited, took): (Duration, Duration),
    ) -> Result<After, StepFailure> {
        let mut look = Look {
            waited,
            took,
            missing: attempt.missing(),
            silent: attempt.silent.clone(),
            other_step_failed: run.has_failed(),
            containers: None,
            newer: NewerPlan::NotAsked,
        };
        tracing::debug!(step = %id, waited_ms = waited.as_millis(), missing = ?look.missing);
        loop {
            match waiting.next(&look) {
                Next::Over => return Ok(After::Over),
                Next::AskEngine => {
                    let containers = self.containers(&look.silent).await.map_err(StepFailure::Call)?;
                    look.containers = Some(containers);
                }
                Next::AskForPlan => {
                    look.newer = (self.replan)().await.map_or(NewerPlan::Impossible, NewerPlan::Made);
                }
                Next::GoOn { pause, tell } => {
                    if tell {
                        self.tell(Event::Waiting { step: id, missing: look.missing });
                    }
                    tokio::time::sleep(pause).await;
                    return Ok(After::LookAgain);
                }
                Next::GiveUp => return Ok(After::GiveUp),
                Next::Vain { node, why } => return Err(StepFailure::Unavailable { node, why }),
                Next::PlanAgain(reason) => return Err(StepFailure::Outdated { reason }),
            }
        }
    }

    /// Asks the engine why some servers do not answer.
    async fn containers(
        &self,
        silent: &[NodeName],
    ) -> Result<Vec<(NodeName, Option<Unavailable>)>, BoxedError> {
        let answers = try_join_all(silent.iter().map(|node| self.engine.unavailable(node))).await?;
        Ok(silent.iter().cloned().zip(answers).collect())
    }
}
