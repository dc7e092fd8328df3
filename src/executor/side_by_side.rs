//! Runs stages whose subjects are worked on at the same time. Stages that overlap run together.

use std::collections::BTreeSet;

use futures_util::stream::{self, StreamExt as _};
use tokio::sync::watch;
use tokio::time::Instant;

use super::{EngineCalls, ExecuteError, Executor, ServerCalls, StageRun};
use crate::event::Event;
use crate::plan::{Chain, ChainId, StageId};

/// The number of subjects of a stage that run at a time, if the stage calls the engine. With more, an engine on a few
/// cores becomes slower.
const WITH_ENGINE: usize = 12;

/// The same for a stage that only calls servers. They wait for each other most of the time.
const WITH_SERVERS: usize = 100;

/// The chains that have ended without a failure.
type Ended<'p> = watch::Sender<BTreeSet<ChainId<'p>>>;

impl<E: EngineCalls, S: ServerCalls> Executor<'_, E, S> {
    /// Runs stages that overlap; a single stage overlaps no other.
    pub(super) async fn side_by_side(&self, runs: &[StageRun<'_>]) -> Result<(), ExecuteError> {
        let ended = Ended::default();
        let stages: Vec<StageId> = runs.iter().map(|run| run.id).collect();
        let mut streams = Vec::new();
        for (position, run) in runs.iter().enumerate() {
            let chain = |chain| self.chain(run, chain, &stages[..position], &ended);
            let chains: Vec<_> = run.plan.chains(run.id).into_iter().map(chain).collect();
            let steps = run.plan.stage(run.id).map(|stage| stage.steps.iter());
            let calls_engine = steps.into_iter().flatten().any(|step| step.action.is_engine_call());
            let most = if calls_engine { WITH_ENGINE } else { WITH_SERVERS };
            streams.push(stream::iter(chains).buffer_unordered(most));
        }
        let mut running = stream::select_all(streams);
        let (mut first_failure, mut since) = (None, Instant::now());
        let mut unfinished = runs.iter();
        let mut next = unfinished.next();
        // The stages wait until all calls have ended, even after a failure.
        while let Some((chain, result)) = running.next().await {
            match result {
                Ok(()) => {
                    ended.send_modify(|ended| {
                        ended.insert(chain);
                    });
                }
                Err(error) => {
                    runs.iter().for_each(StageRun::fail);
                    // Waiting chains notice the failure.
                    ended.send_modify(|_| ());
                    first_failure.get_or_insert(error);
                }
            }
            while let Some(run) = next.filter(|run| first_failure.is_none() && is_over(run, &ended)) {
                let began = run.begun.get().copied().unwrap_or(since).max(since);
                since = Instant::now();
                self.tell(Event::StageFinished { stage: run.id, took: since - began });
                next = unfinished.next();
            }
        }
        first_failure.map_or(Ok(()), Err)
    }

    /// Does the steps of a subject. It stops when a step of another subject has failed.
    async fn chain<'p>(
        &self,
        run: &StageRun<'p>,
        chain: Chain<'p>,
        earlier: &[StageId],
        ended: &Ended<'p>,
    ) -> (ChainId<'p>, Result<(), ExecuteError>) {
        let id = (run.id, chain.node);
        for (step_id, step) in chain.steps {
            let awaited = run.plan.awaited_by(step, earlier);
            let is_ready = |ended: &BTreeSet<ChainId<'p>>| {
                run.has_failed() || awaited.iter().all(|chain| ended.contains(chain))
            };
            // The sender outlives this wait.
            let _ = ended.subscribe().wait_for(is_ready).await;
            if run.has_failed() {
                break;
            }
            run.begun.get_or_init(|| {
                self.tell(Event::StageStarted { stage: run.id });
                Instant::now()
            });
            if let Err(error) = self.step(run, step_id, step).await {
                return (id, Err(error));
            }
        }
        (id, Ok(()))
    }
}

fn is_over(run: &StageRun<'_>, ended: &Ended<'_>) -> bool {
    let chains = run.plan.chains(run.id);
    let ended = ended.borrow();
    chains.iter().all(|chain| ended.contains(&(run.id, chain.node)))
}
