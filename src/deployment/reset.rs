//! Resetting a deployment: it becomes as `up` left it, without the traces of clients.
//!
//! If clients changed only data, the plan only empties the servers. Any client may do that, so this needs no lease: the
//! two engine calls of a lease would take longer than all else. Other plans run under the lease, from a new observation.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::converge::{self, ConvergeError, ConvergeOptions, RunContext as _, converge};
use super::handle::Deployment;
use super::lease::{Lease, LeaseRequest};
use super::no_listener::NoListener;
use super::{DEFAULT_TIMEOUT, Error};
use crate::event::{Event, Listener, Note};
use crate::executor::ExecuteError;
use crate::observation::{Clients, ObservedServer};
use crate::plan::Plan;
use crate::planner::{self, Options, Traces};
use crate::redis::Servers;
use crate::reset_result::ResetResult;

mod context;
mod tally;

use context::StoredContext;
use tally::Tally;

/// Resets a deployment in place: it becomes as `up` left it, without the traces of clients.
///
/// All databases of all primaries, functions and scripts are removed, also with `data: volume`. The files of the spec's
/// `seed` are applied again, as the deployment keeps them. No container is touched
/// unless a node does not run.
///
/// ```no_run
/// # async fn example() -> Result<(), redisctl::deployment::Error> {
/// use std::time::Duration;
///
/// use redisctl::deployment::{ConnectedEngine, Reset};
///
/// let shop = ConnectedEngine::from_environment().await?.deployment(Some("shop")).await?;
/// let reset = Reset::new(&shop).timeout(Duration::from_secs(10)).run().await?;
/// println!("{} keys removed in {} s", reset.keys, reset.seconds);
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing happens before `run`"]
pub struct Reset<'a> {
    deployment: &'a Deployment,
    clients: bool,
    timeout: Duration,
    listener: &'a dyn Listener,
}

impl<'a> Reset<'a> {
    /// Resets a deployment.
    pub fn new(deployment: &'a Deployment) -> Self {
        Self { deployment, clients: false, timeout: DEFAULT_TIMEOUT, listener: &NoListener }
    }

    /// Whether to end the connections of all clients: in blocking commands, with open transactions, with subscriptions,
    /// and idle ones. Connections of this process are clients, too. Default: no. Then [`ResetResult::clients_left`]
    /// tells what they do.
    pub fn clients(self, clients: bool) -> Self {
        Self { clients, ..self }
    }

    /// The limit of a single wait, also of the wait for another run. Default: [`DEFAULT_TIMEOUT`].
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// Passes events to a listener.
    pub fn listener(self, listener: &'a dyn Listener) -> Self {
        Self { listener, ..self }
    }

    /// Resets the deployment, and proves it: every node is empty.
    ///
    /// # Errors
    /// The step that failed. The deployment does not exist, or another run changes it.
    pub async fn run(&self) -> Result<ResetResult, Error> {
        let started = Instant::now();
        let tally = Tally::new(self.listener);
        let topology = self.deployment.topology();
        let (done, clients) = Box::pin(self.remove_data(&tally)).await?;
        if !done {
            Box::pin(self.run_with_lease(&tally)).await?;
        }
        if topology.seeded
            && let Some(seeded) = Box::pin(self.deployment.seed_again(self.timeout, self.listener)).await?
        {
            self.listener.hear(Event::Note(Note::Seeded(seeded)));
        }
        Ok(ResetResult::new(topology, tally.removed(), clients, started.elapsed()))
    }

    fn options(&self) -> Options {
        let traces = Traces::Removed { end_clients: self.clients };
        Options { traces, discard_keys: true, ..Options::default() }
    }

    /// Removes the data, if that is all to do. `false`: the reset needs the lease. Returns the clients, too.
    async fn remove_data(&self, tally: &Tally<'_>) -> Result<(bool, Clients), Error> {
        let deployment = self.deployment;
        let servers = deployment.servers();
        let context = StoredContext { deployment, servers: &servers };
        let observed = context.observe(true).await?;
        let views = observed.servers.values().filter_map(ObservedServer::view);
        let clients = views.map(|view| view.clients).sum();
        let plan = planner::plan(deployment.topology(), &observed, self.options());
        let of_data = |plan: &Plan| !observed.leased && plan.complete && plan.touches_only_data();
        let Some(plan) = plan.ok().filter(of_data) else { return Ok((false, clients)) };
        let plan = Arc::new(plan);
        tally.hear(Event::Planned { plan: Arc::clone(&plan) });
        match converge::execute(&context, &plan, false, true, self.converge_options(), tally).await {
            Ok(()) => {}
            Err(ExecuteError::Outdated { .. }) => return Ok((false, clients)),
            Err(error) => return Err(Error::Execute(Box::new(error))),
        }
        finish(&servers).await;
        Ok((true, clients))
    }

    /// Takes the lease, then observes, plans and executes until the deployment is as `up` left it.
    async fn run_with_lease(&self, tally: &Tally<'_>) -> Result<(), Error> {
        let request = LeaseRequest::on(self.deployment, "reset", self.timeout, self.listener);
        Lease::during(request, self.return_to_spec(tally)).await
    }

    async fn return_to_spec(&self, tally: &Tally<'_>) -> Result<(), Error> {
        let (engine, name) = (self.deployment.engine(), self.deployment.name());
        // Another run may have changed the spec.
        let deployment = engine.deployment(Some(name.as_str())).await?;
        let servers = deployment.servers();
        let context = StoredContext { deployment: &deployment, servers: &servers };
        let converged = converge(&context, self.converge_options(), tally).await;
        converged.map_err(|error: ConvergeError<Error>| Error::of_convergence(name, error))?;
        finish(&servers).await;
        Ok(())
    }

    fn converge_options(&self) -> ConvergeOptions {
        ConvergeOptions { plan: self.options(), timeout: self.timeout }
    }
}

/// The end of every reset, when all nodes are empty. A seed of the spec belongs here, before the records are emptied.
async fn finish(servers: &Servers<'_>) {
    servers.empty_records().await;
}

impl Deployment {
    /// Resets the deployment in place, for the next test: see [`Reset`].
    ///
    /// ```no_run
    /// # async fn example(shop: redisctl::deployment::Deployment) -> Result<(), redisctl::deployment::Error> {
    /// // Between two tests:
    /// let reset = shop.reset().await?;
    /// println!("{} keys removed in {} s", reset.keys, reset.seconds);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`Reset::run`].
    pub async fn reset(&self) -> Result<ResetResult, Error> {
        Reset::new(self).run().await
    }
}
