//! `up` with the library's own convergence, on an engine and servers in memory.

use std::convert::Infallible;
use std::sync::Mutex;
use std::time::Duration;

use redisctl::arrangement::Arrangement;
use redisctl::deployment::converge::{self, ConvergeError, ConvergeOptions, RunContext};
use redisctl::event::{Event, Listener};
use redisctl::observation::Observation;
use redisctl::plan::Plan;
use redisctl::planner::Options;
use redisctl::topology::{Credentials, Topology};

use super::TIMEOUT;
use crate::memory::World;

/// The context of a convergence on an engine and servers in memory.
struct WorldContext<'a> {
    world: &'a World,
    topology: &'a Topology,
    credentials: Credentials,
}

impl RunContext for WorldContext<'_> {
    type Engine = World;
    type Servers = World;
    type Error = Infallible;

    fn engine(&self) -> &World {
        self.world
    }

    fn servers(&self) -> &World {
        self.world
    }

    fn topology(&self) -> &Topology {
        self.topology
    }

    fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    async fn observe(&self, _: bool) -> Result<Observation, Infallible> {
        wait_for_rest(self.world, self.topology).await;
        Ok(self.world.observe(self.topology))
    }
}

/// Records the executed plans, and passes every event on.
struct Plans<'a> {
    plans: Mutex<Vec<Plan>>,
    inner: &'a dyn Listener,
}

impl Listener for Plans<'_> {
    fn hear(&self, event: Event) {
        if let Event::PlanStarted { plan } = &event {
            self.plans.lock().expect("no panic").push(plan.as_ref().clone());
        }
        self.inner.hear(event);
    }
}

/// Whether a server is becoming primary in another server's place at this moment.
pub(crate) fn is_between_primaries(observed: &Observation, topology: &Topology) -> bool {
    Arrangement::new(topology, observed).is_between_primaries()
}

/// Observes again while roles change, as `up` does.
async fn wait_for_rest(world: &World, topology: &Topology) {
    const PATIENCE: Duration = Duration::from_secs(2);
    let started = tokio::time::Instant::now();
    let is_in_motion = || Arrangement::new(topology, &world.observe(topology)).is_in_motion();
    while is_in_motion() && started.elapsed() < PATIENCE {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Why `up` failed.
#[derive(Debug)]
pub(crate) enum UpFailure {
    /// The planner found obstacles, and nothing was done.
    Obstacles(String),
    /// A step failed.
    Failed(String),
}

/// Brings a world to its topology with the library's own convergence. Returns the executed plans.
pub(crate) async fn try_up(
    world: &World,
    topology: &Topology,
    options: Options,
    listener: &dyn Listener,
) -> Result<Vec<Plan>, UpFailure> {
    world.begin_run();
    world.gather_passwords(topology);
    let credentials = world.state().credentials.clone();
    let context = WorldContext { world, topology, credentials };
    let heard = Plans { plans: Mutex::default(), inner: listener };
    let options = ConvergeOptions { plan: options, timeout: TIMEOUT };
    let result = converge::converge(&context, options, &heard).await;
    let plans = heard.plans.into_inner().expect("no panic");
    let failure = match result {
        Ok(_) => return Ok(plans),
        Err(ConvergeError::Obstacles(obstacles)) => {
            let obstacles: Vec<String> = obstacles.iter().map(ToString::to_string).collect();
            return Err(UpFailure::Obstacles(obstacles.join("; ")));
        }
        Err(ConvergeError::Execute(error)) => redisctl::executor::chain(&*error),
        Err(ConvergeError::Unsettled) => "no end in sight".to_owned(),
        Err(ConvergeError::Context(never)) => match never {},
    };
    let past: String = plans.iter().map(ToString::to_string).collect();
    Err(UpFailure::Failed(format!("{failure}\nafter\n{past}")))
}
