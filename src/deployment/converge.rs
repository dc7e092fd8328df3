//! Observes, plans and executes until the plan is empty. The loop works on any [`RunContext`]: a real engine with
//! servers, or an engine and servers in memory.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::event::{Event, Listener, Note, Warning};
use crate::executor::{EngineCalls, ExecuteError, Executor, ServerCalls};
use crate::observation::Observation;
use crate::plan::{AtStake, Obstacle, Plan};
use crate::planner::{self, Forming, Options};
use crate::topology::files::{self, File};
use crate::topology::{Credentials, NodeName, Topology};

/// The maximum number of rounds. One round starts containers whose servers must be asked, and one awaits owners of
/// slots that leave. Two move slots: open slots first go to the node at their other end. One uses the servers'
/// answers, and each way of forming needs one. One is spare.
pub const MOST_ROUNDS: usize = 8;

/// The engine and servers of one deployment, and its wanted topology.
pub trait RunContext: Sync {
    /// The engine.
    type Engine: EngineCalls;
    /// The servers.
    type Servers: ServerCalls;
    /// Why the context cannot be observed.
    type Error: Send;

    /// The engine.
    fn engine(&self) -> &Self::Engine;

    /// The servers.
    fn servers(&self) -> &Self::Servers;

    /// The wanted topology.
    fn topology(&self) -> &Topology;

    /// The wanted passwords and certificates.
    fn credentials(&self) -> &Credentials;

    /// The modules that servers load and that are not in the image. They are written with the files of the first node.
    fn module_files(&self) -> &[File] {
        &[]
    }

    /// Files that a new deployment keeps. They are written with the files of the first node.
    fn first_files(&self) -> &[File] {
        &[]
    }

    /// Observes engine and servers. With `written`, a plan of this run has written the deployment's file, so the
    /// stored topology is that of this run.
    fn observe(&self, written: bool) -> impl Future<Output = Result<Observation, Self::Error>> + Send;
}

/// Options of a convergence.
#[derive(Debug, Clone, Copy)]
pub struct ConvergeOptions {
    /// The changes that the planner may plan, and the way to form clusters.
    pub plan: Options,
    /// The limit of a single wait.
    pub timeout: Duration,
}

/// Why a deployment did not converge.
#[derive(Debug)]
pub enum ConvergeError<E> {
    /// The context could not be observed.
    Context(E),
    /// The planner found obstacles.
    Obstacles(Vec<Obstacle>),
    /// A step failed.
    Execute(Box<ExecuteError>),
    /// The plan was not empty after [`MOST_ROUNDS`].
    Unsettled,
}

/// The result of a convergence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Converged {
    /// The number of steps that changed the deployment.
    pub changes: usize,
    /// Whether a plan has written the deployment's file.
    pub written: bool,
    /// The engines out of reach and the nodes that wait for them, a sentence for each.
    pub out_of_reach: Vec<String>,
}

/// Brings the deployment of a context to its topology.
///
/// # Errors
/// The context cannot be observed, a step fails, or the plans do not become empty.
pub async fn converge<S: RunContext>(
    context: &S,
    mut options: ConvergeOptions,
    listener: &dyn Listener,
) -> Result<Converged, ConvergeError<S::Error>> {
    let topology = context.topology();
    let mut end = Converged { changes: 0, written: false, out_of_reach: Vec::new() };
    let mut warned: Vec<AtStake> = Vec::new();
    for _ in 0..MOST_ROUNDS {
        let observed = context.observe(end.written).await.map_err(ConvergeError::Context)?;
        let next = planner::plan(topology, &observed, options.plan).map_err(ConvergeError::Obstacles)?;
        let next = Arc::new(next);
        let news: Vec<AtStake> =
            next.at_stake.iter().filter(|news| !warned.contains(news)).cloned().collect();
        for news in &news {
            listener.hear(Event::Warning(Warning::KeysAtStake(news.clone())));
        }
        warned.extend(news);
        listener.hear(Event::Planned { plan: Arc::clone(&next) });
        end.out_of_reach.clone_from(&next.out_of_reach);
        if next.is_empty() {
            return Ok(end);
        }
        end.changes += next.changes();
        let is_new = next.makes_deployment() || observed.stored.is_none();
        match execute(context, &next, is_new, end.written, options, listener).await {
            Ok(()) if next.complete => return Ok(Converged { written: true, ..end }),
            Ok(()) => {}
            Err(ExecuteError::Outdated { reason }) => {
                listener.hear(Event::Note(Note::PlanOutdated { reason: reason.to_string() }));
            }
            Err(error @ ExecuteError::Wait { .. })
                if options.plan.forming == Forming::RoleSwap && next.swaps_roles() =>
            {
                let warning = Warning::NoSwapOfRoles { cause: error.to_string() };
                listener.hear(Event::Warning(warning));
                options.plan.forming = Forming::Plain;
            }
            Err(error) => return Err(ConvergeError::Execute(Box::new(error))),
        }
        // With `recreate`, the plan has removed the deployment. The next plan builds on the rest.
        options.plan.recreate = false;
        end.written = true;
    }
    Err(ConvergeError::Unsettled)
}

/// Executes one plan. With `written`, a plan of this run has written the deployment's file.
///
/// # Errors
/// The step that failed.
pub async fn execute<S: RunContext>(
    context: &S,
    plan: &Arc<Plan>,
    is_new: bool,
    written: bool,
    options: ConvergeOptions,
    listener: &dyn Listener,
) -> Result<(), ExecuteError> {
    let (topology, credentials) = (context.topology(), context.credentials());
    // With `recreate`, the plan has removed the deployment before later steps check it.
    let later = Options { recreate: false, ..options.plan };
    let replan = || -> BoxFuture<'_, Option<Plan>> {
        Box::pin(async move {
            let observed = context.observe(written).await.ok()?;
            planner::plan(topology, &observed, later).ok()
        })
    };
    let executor = Executor {
        engine: context.engine(),
        servers: context.servers(),
        files: &|nodes: &[NodeName], primary: Option<&NodeName>| {
            let with_modules = topology.nodes().first().is_some_and(|first| nodes.contains(&first.name));
            let modules = if with_modules { context.module_files() } else { &[] };
            let first = if with_modules && is_new { context.first_files() } else { &[] };
            let files = files::render(topology, credentials, nodes, primary);
            modules.iter().chain(first).cloned().chain(files).collect()
        },
        replan: &replan,
        listener,
        timeout: options.timeout,
    };
    executor.run(plan).await
}
