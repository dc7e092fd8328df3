//! Runs a plan's stages: calls the engine and the servers, waits, and reports events. It decides nothing: the plan
//! has the actions and their order, and [`waiting`](crate::waiting) decides whether a wait continues.

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::time::Instant;

use crate::event::{Event, Listener, SlotProgress};
use crate::observation::ServerView;
use crate::plan::{Action, EngineAction, Order, Plan, ServerAction, StageId, Step, StepId};
use crate::readiness::Disagreement;
use crate::topology::files::{File, folders};
use crate::topology::{EngineName, NodeName};
use crate::waiting::{PlanAgain, Progress, Unavailable};

mod attempt;
mod error;
mod side_by_side;
mod wait;

use attempt::Awaited;
pub use error::{BoxedError, ExecuteError, causes, chain};

/// The calls of the engine that the executor needs.
pub trait EngineCalls: Sync {
    /// Does an action. `engine` is the step's engine; `None`: the node's, or the only engine. `node` is the step's
    /// node; `None`: the whole deployment.
    fn apply(
        &self,
        engine: Option<&EngineName>,
        node: Option<&NodeName>,
        action: &EngineAction,
        listener: &dyn Listener,
    ) -> impl Future<Output = Result<(), BoxedError>> + Send;

    /// Puts files into the deployment's volume through a container.
    fn write_files(
        &self,
        through: &NodeName,
        files: Vec<File>,
    ) -> impl Future<Output = Result<(), BoxedError>> + Send;

    /// The last lines of a node's log; empty if the engine has none.
    fn log_tail(&self, node: &NodeName) -> impl Future<Output = Vec<String>> + Send;

    /// Why a node's server will never answer, from the state of its container; `None` if it may still answer.
    fn unavailable(
        &self,
        node: &NodeName,
    ) -> impl Future<Output = Result<Option<Unavailable>, BoxedError>> + Send;
}

/// The calls of the servers that the executor needs.
pub trait ServerCalls: Sync {
    /// Does an action at a node. A refusal that may end by itself is [`ServerFault::Passing`]: the server loads its
    /// data, for example. `tell` gets the numbers of a move of slots.
    fn apply(
        &self,
        node: &NodeName,
        action: &ServerAction,
        tell: &Tell<'_>,
    ) -> impl Future<Output = Result<(), ServerFault>> + Send;

    /// Asks a node for all facts except its settings.
    fn view(&self, node: &NodeName) -> impl Future<Output = Result<ServerView, BoxedError>> + Send;
}

/// Why a server action did not succeed.
#[derive(Debug)]
pub enum ServerFault {
    /// A temporary failure: the same call may succeed later.
    Passing(BoxedError),
    /// A permanent failure.
    Final(BoxedError),
}

/// Takes the numbers of a move of slots.
pub type Tell<'a> = dyn Fn(SlotProgress) + Send + Sync + 'a;

/// Renders the files of some nodes.
pub type Render<'a> = dyn Fn(&[NodeName], Option<&NodeName>) -> Vec<File> + Sync + 'a;

/// Observes and plans again; `None` if the observation fails or the planner finds obstacles.
pub type Replan<'a> = dyn Fn() -> BoxFuture<'a, Option<Plan>> + Sync + 'a;

/// The executor's tools.
pub struct Executor<'a, E, S> {
    /// The engine.
    pub engine: &'a E,
    /// The servers.
    pub servers: &'a S,
    /// The files of some nodes, with their secrets. The second argument is the primary, if it differs from the
    /// spec's.
    pub files: &'a Render<'a>,
    /// The plan of this moment. A long wait asks for it.
    pub replan: &'a Replan<'a>,
    /// The listener of all events.
    pub listener: &'a dyn Listener,
    /// The limit of a single wait.
    pub timeout: Duration,
}

impl<E: EngineCalls, S: ServerCalls> Executor<'_, E, S> {
    /// Runs a plan to its end, or to its first failure.
    ///
    /// # Errors
    /// The first step that failed. Earlier steps are not undone.
    pub async fn run(&self, plan: &Arc<Plan>) -> Result<(), ExecuteError> {
        self.tell(Event::PlanStarted { plan: Arc::clone(plan) });
        for stages in plan.overlaps() {
            let failed = AtomicBool::new(false);
            let runs: Vec<StageRun<'_>> =
                stages.into_iter().map(|id| StageRun::new(plan, id, &failed)).collect();
            match runs.as_slice() {
                [only] if plan.stage(only.id).is_some_and(|stage| stage.order == Order::InTurn) => {
                    self.in_turn(only).await?;
                }
                runs => self.side_by_side(runs).await?,
            }
        }
        Ok(())
    }

    fn tell(&self, event: Event) {
        self.listener.hear(event);
    }

    async fn in_turn(&self, run: &StageRun<'_>) -> Result<(), ExecuteError> {
        let started = Instant::now();
        self.tell(Event::StageStarted { stage: run.id });
        for (id, step) in run.plan.steps_of(run.id) {
            self.step(run, id, step).await?;
        }
        self.tell(Event::StageFinished { stage: run.id, took: started.elapsed() });
        Ok(())
    }

    async fn step(&self, run: &StageRun<'_>, id: StepId, step: &Step) -> Result<(), ExecuteError> {
        let started = Instant::now();
        self.tell(Event::StepStarted { step: id });
        let result = match &step.action {
            Action::Engine(EngineAction::WriteFiles { through, nodes, primary }) => {
                let files = (self.files)(nodes, primary.as_ref());
                self.engine.write_files(through, files).await.map_err(StepFailure::Call)
            }
            Action::Engine(EngineAction::PrepareDataFolder) => match &step.node {
                Some(node) => {
                    self.engine.write_files(node, folders(node).into()).await.map_err(StepFailure::Call)
                }
                None => Err(StepFailure::Call("a data folder needs a node".into())),
            },
            Action::Engine(call) => {
                let at = step.engine.as_ref();
                let done = self.engine.apply(at, step.node.as_ref(), call, self.listener).await;
                done.map_err(StepFailure::Call)
            }
            Action::Server(call) => match &step.node {
                Some(node) => self.wait(run, id, step, Awaited::Call(node, call)).await,
                None => Err(StepFailure::Call("a server action needs a node".into())),
            },
            Action::Await(condition) => self.wait(run, id, step, Awaited::Condition(condition)).await,
        };
        match result {
            Ok(()) => {
                self.tell(Event::StepFinished { step: id, took: started.elapsed() });
                Ok(())
            }
            Err(failure) => {
                let subject = step.subject(run.plan).to_owned();
                let error = self.explain(step, subject, failure).await;
                // A wait that needs another plan is no failure.
                if !matches!(error, ExecuteError::Outdated { .. }) {
                    let error = error::messages(&error);
                    self.tell(Event::StepFailed { step: id, error });
                }
                Err(error)
            }
        }
    }

    /// Converts a failure to an error, with the last log lines of the node.
    async fn explain(&self, step: &Step, subject: String, failure: StepFailure) -> ExecuteError {
        let action = Box::new(step.action.clone());
        match failure {
            StepFailure::Call(source) => {
                let log = self.log_tail(step.node.as_ref()).await;
                ExecuteError::Call { subject, action, source, log }
            }
            StepFailure::Unavailable { node, why } => {
                let log = self.log_tail(Some(&node)).await;
                ExecuteError::Unavailable { subject: node.to_string(), why, log }
            }
            StepFailure::Outdated { reason } => ExecuteError::Outdated { reason },
            StepFailure::Wait { waited, disagreements, silent } => {
                // Only the log of the first node: the logs of thirty nodes would hide the reason.
                let log = self.log_tail(disagreements.first().map(|first| &first.node)).await;
                ExecuteError::Wait { subject, action, waited, disagreements, silent, log }
            }
        }
    }

    async fn log_tail(&self, node: Option<&NodeName>) -> Vec<String> {
        match node {
            Some(node) => self.engine.log_tail(node).await,
            None => Vec::new(),
        }
    }
}

/// A running stage.
struct StageRun<'a> {
    plan: &'a Plan,
    id: StageId,
    progress: Progress<'a>,
    /// When its first step began.
    begun: OnceLock<Instant>,
    /// Whether another step of the stage has failed, or a step of a stage that it overlaps.
    failed: &'a AtomicBool,
}

impl<'a> StageRun<'a> {
    fn new(plan: &'a Plan, id: StageId, failed: &'a AtomicBool) -> Self {
        Self { plan, id, progress: Progress::new(plan, id.position()), begun: OnceLock::new(), failed }
    }

    fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
    }

    fn fail(&self) {
        self.failed.store(true, Ordering::Relaxed);
    }
}

/// Why a step failed, before its log lines are read.
enum StepFailure {
    Call(BoxedError),
    Wait { waited: Duration, disagreements: Vec<Disagreement>, silent: Vec<NodeName> },
    Unavailable { node: NodeName, why: Unavailable },
    Outdated { reason: PlanAgain },
}
