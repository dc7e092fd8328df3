//! Failovers on purpose: take the lease, observe, plan, execute, and watch what servers and a client make of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::{join, join_all, try_join};
use rand::RngExt as _;
use rand::distr::Alphanumeric;

use super::answers::answers;
use super::handle::Deployment;
use super::lease::{Lease, LeaseRequest};
use super::no_listener::NoListener;
use super::observe::observe_stored;
use super::step_clock::StepClock;
use super::write_client::WriteClient;
use super::{DEFAULT_TIMEOUT, Error};
use crate::event::{Event, Listener};
use crate::executor::Executor;
use crate::failover::{FailedOver, ShardChoice, Swap, key_in, swaps};
use crate::node_change::Watch;
use crate::observation::Observation;
use crate::plan::Plan;
use crate::planner::{plan_agreement, plan_failover};
use crate::poll::Wait;
use crate::redis::{Servers, WriteProbe};
use crate::topology::{NodeName, files};

/// The interval at which servers are asked. It is the precision of the reported times.
const POLL_INTERVAL: Duration = Duration::from_millis(25);

/// The time limit for a server's answer. The other servers' answers are enough.
const PATIENCE: Duration = Duration::from_millis(500);

/// The interval of the writes of a client.
const WRITE_INTERVAL: Duration = Duration::from_millis(2);

/// A failover on purpose: primaries are swapped with replicas, without the loss of a write.
///
/// ```no_run
/// # async fn example(shop: redisctl::deployment::Deployment) -> Result<(), redisctl::deployment::Error> {
/// use redisctl::deployment::Failover;
///
/// let done = Failover::new(&shop).shard(Some(1)).run().await?;
/// for swapped in &done.swapped {
///     println!("{} took over from {}", swapped.taken_over.to, swapped.taken_over.from);
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing happens before `run`"]
pub struct Failover<'a> {
    deployment: &'a Deployment,
    choice: ShardChoice,
    timeout: Duration,
    listener: &'a dyn Listener,
}

impl<'a> Failover<'a> {
    /// A failover of every shard of a deployment, one after another.
    pub fn new(deployment: &'a Deployment) -> Self {
        Self { deployment, choice: ShardChoice::default(), timeout: DEFAULT_TIMEOUT, listener: &NoListener }
    }

    /// Fails over only this shard of a cluster, counted from 1 in the order of the slots.
    pub fn shard(self, shard: Option<usize>) -> Self {
        Self { choice: ShardChoice { shard, ..self.choice }, ..self }
    }

    /// Fails over only the shard of the owner of this key's slot.
    pub fn key(self, key: Option<String>) -> Self {
        Self { choice: ShardChoice { key, ..self.choice }, ..self }
    }

    /// The limit of each wait, including the wait for another run that changes the deployment. Default:
    /// [`DEFAULT_TIMEOUT`].
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// Passes events to a listener.
    pub fn listener(self, listener: &'a dyn Listener) -> Self {
        Self { listener, ..self }
    }

    /// Fails over. A client writes to each shard meanwhile, and changes no key.
    ///
    /// # Errors
    /// A chosen shard has no replica that can take over: then nothing is changed. Another run changes the deployment,
    /// or a server refused a command.
    pub async fn run(&self) -> Result<FailedOver, Error> {
        self.choice.check(self.deployment.topology())?;
        let request = LeaseRequest::on(self.deployment, "failover", self.timeout, self.listener);
        let lease = Box::pin(Lease::take(request)).await?;
        let work = async {
            let deployment = lease.present(self.deployment).await?;
            Box::pin(self.fail_over(&deployment)).await
        };
        let result = lease.keep(Box::pin(work)).await;
        lease.release().await;
        result
    }

    async fn fail_over(&self, deployment: &Deployment) -> Result<FailedOver, Error> {
        let topology = deployment.topology();
        let servers = deployment.servers();
        let before = observe_stored(topology, deployment.engine(), &servers).await?;
        let swaps = swaps(topology, &before, &self.choice)?;
        let word = random_word();
        let begun = swaps.iter().map(|swap| {
            let nodes = std::iter::once(&swap.from).chain(&swap.replicas).cloned().collect();
            WriteClient::begin(WriteProbe::new(&servers, nodes, key_in(&swap.slots, &word)))
        });
        let clients = join_all(begun).await;
        let over = AtomicBool::new(false);
        let pace = WRITE_INTERVAL * u32::try_from(swaps.len()).unwrap_or(u32::MAX);
        let clients = join_all(clients.into_iter().map(|client| client.go_on(&over, pace)));
        let change = async {
            let result = self.execute(deployment, &before, &swaps, &servers).await;
            over.store(true, Ordering::Relaxed);
            result
        };
        let (watch, clients) = join(Box::pin(change), clients).await;
        let watch = watch?;
        let done = FailedOver::new(topology, &swaps, &watch, clients);
        if !done.is_unsettled() {
            let plan = plan_agreement(topology, &before, &done.primaries(topology, &before));
            self.run_plan(deployment, &servers, &Arc::new(plan), self.listener).await?;
        }
        Ok(done)
    }

    /// Executes a plan.
    async fn run_plan(
        &self,
        deployment: &Deployment,
        servers: &Servers<'_>,
        plan: &Arc<Plan>,
        listener: &dyn Listener,
    ) -> Result<(), Error> {
        if plan.is_empty() {
            return Ok(());
        }
        listener.hear(Event::Planned { plan: Arc::clone(plan) });
        let (topology, credentials) = (deployment.topology(), deployment.credentials());
        let executor = Executor {
            engine: deployment.engine().api.as_ref(),
            servers,
            files: &|nodes, primary| files::render(topology, credentials, nodes, primary),
            replan: &|| Box::pin(async { None }),
            listener,
            timeout: self.timeout,
        };
        executor.run(plan).await.map_err(|error| Error::Execute(Box::new(error)))
    }

    /// Executes the plan, and watches the servers meanwhile.
    async fn execute<'d>(
        &self,
        deployment: &'d Deployment,
        before: &Observation,
        swaps: &[Swap],
        servers: &Servers<'_>,
    ) -> Result<Watch<'d>, Error> {
        let topology = deployment.topology();
        let plan = Arc::new(plan_failover(topology, before, swaps));
        let clock = StepClock::new(Arc::clone(&plan));
        let primaries = swaps.iter().map(|swap| swap.from.clone()).collect();
        let mut watch = Watch::for_swaps(topology, before, primaries);
        let timekeeper = clock.listen(self.listener);
        let run = self.run_plan(deployment, servers, &plan, &timekeeper);
        // The step of a swap belongs to its primary or its replica.
        let since = |primary: &NodeName| {
            let swap = swaps.iter().find(|swap| swap.from == *primary);
            let heir = swap.and_then(|swap| swap.to.as_ref());
            heir.map(|heir| clock.since(heir)).unwrap_or_default().max(clock.since(primary))
        };
        // A step may hold the requests of its connection.
        let asked = deployment.servers();
        let limit = self.timeout * u32::try_from(swaps.len()).unwrap_or(u32::MAX);
        let look = async {
            let wait = Wait::new("the roles after the failover", limit, POLL_INTERVAL);
            loop {
                watch.look(&answers(watch.asked(), &asked, PATIENCE).await, since);
                if watch.is_over() || wait.pause().await.is_err() {
                    return Ok(());
                }
            }
        };
        try_join(run, look).await?;
        Ok(watch)
    }
}

/// A word that no other key has.
fn random_word() -> String {
    rand::rng().sample_iter(Alphanumeric).take(16).map(char::from).collect()
}
