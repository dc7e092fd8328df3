//! What the tests of plans share: topologies, running a plan, and judging where it led.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use redisctl::arrangement::Arrangement;
use redisctl::deployment::converge::{self, ConvergeError, ConvergeOptions, Site};
use redisctl::event::{Event, Listener};
use redisctl::executor::{ExecuteError, Executor};
use redisctl::observation::{Observation, Replication};
use redisctl::plan::{
    ClusterExpectation, ClusterMember, MemberRole, Milestone, Obstacle, Peer, Plan, ReplicationExpectation,
    SentinelExpectation, StageId,
};
use redisctl::planner::{self, Forming, Options};
use redisctl::readiness::{self, Disagreement};
use redisctl::spec::Spec;
use redisctl::topology::container::{ContainerSettings, containers};
use redisctl::topology::facts::Existing;
use redisctl::topology::files::render;
use redisctl::topology::resolve::{Facts, resolve};
use redisctl::topology::settings::values::same_value;
use redisctl::topology::settings::{server_default, while_forming};
use redisctl::topology::{Credentials, Kind, Node, NodeName, Shard, Topology};

use crate::memory::World;

/// Longer than anything takes that comes about at all; tests do not wait for it.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(60);

pub(crate) const SWAP: Options = Options { forming: Forming::RoleSwap, recreate: false, discard_keys: false };
pub(crate) const DISCARD: Options = Options { discard_keys: true, ..SWAP };
pub(crate) const PLAIN: Options = Options { forming: Forming::Plain, recreate: false, discard_keys: false };

pub(crate) fn topology(yaml: &str) -> Topology {
    let spec: Spec = serde_yaml::from_str(yaml).expect("a spec");
    resolve(&spec, &Facts::offline("shop")).expect("a good spec")
}

/// The topology of a spec for what there is in a world; or what is wrong with the spec.
pub(crate) fn topology_in(world: &World, yaml: &str) -> Result<Topology, String> {
    let spec: Spec = serde_yaml::from_str(yaml).expect("a spec");
    let state = world.state();
    let containers = state.engine.containers.iter();
    let containers: BTreeMap<NodeName, ContainerSettings> =
        containers.map(|(name, container)| (name.clone(), container.settings.clone())).collect();
    // Files are read through a container.
    let stored = state.stored().filter(|_| !containers.is_empty());
    let existing = Existing {
        subnet: state.engine.network.as_ref().map(|network| network.subnet),
        stored: stored.map(|(topology, _)| Box::new(topology.clone())),
        containers,
    };
    resolve(&spec, &Facts { existing, ..Facts::offline("shop") }).map_err(|problems| format!("{problems:?}"))
}

/// The topology that a changed spec comes to where the deployment stands already.
pub(crate) fn changed(before: &Topology, yaml: &str) -> Topology {
    let spec: Spec = serde_yaml::from_str(yaml).expect("a spec");
    let made_from = containers(before).into_iter().map(|container| (container.name.clone(), container));
    let existing = Existing {
        subnet: Some(before.subnet),
        stored: Some(Box::new(before.clone())),
        containers: made_from.collect(),
    };
    resolve(&spec, &Facts { existing, ..Facts::offline("shop") }).expect("a good spec")
}

pub(crate) fn node(topology: &Topology, number: usize) -> NodeName {
    topology.name.node(number)
}

type Accident<'a> = Box<dyn Fn() + Send + Sync + 'a>;

/// Hears every event, and may stop the world after so many steps.
pub(crate) struct Recorder<'a> {
    pub(crate) events: Mutex<Vec<Event>>,
    /// The plan that runs.
    plan: Mutex<Option<Arc<Plan>>>,
    world: &'a World,
    finished: AtomicUsize,
    stop_after: Option<usize>,
    /// What happens once a stage has ended.
    accident: Option<(&'static str, Accident<'a>)>,
    /// What happens after so many steps.
    accident_after: Option<(usize, Accident<'a>)>,
}

impl<'a> Recorder<'a> {
    pub(crate) fn new(world: &'a World, stop_after: Option<usize>) -> Self {
        let (events, plan, finished) = (Mutex::default(), Mutex::default(), AtomicUsize::new(0));
        Self { events, plan, world, finished, stop_after, accident: None, accident_after: None }
    }

    fn stage_name(&self, stage: StageId) -> Option<&'static str> {
        Some(self.plan.lock().expect("no panic").as_ref()?.stage(stage)?.name)
    }

    /// Something happens once a stage has ended.
    pub(crate) fn with_accident(self, after: &'static str, accident: impl Fn() + Send + Sync + 'a) -> Self {
        Self { accident: Some((after, Box::new(accident))), ..self }
    }

    /// Something happens after so many steps.
    pub(crate) fn with_accident_after(self, steps: usize, accident: impl Fn() + Send + Sync + 'a) -> Self {
        Self { accident_after: Some((steps, Box::new(accident))), ..self }
    }

    /// Nobody hears a node any more once a stage has ended.
    pub(crate) fn silencing(self, node: NodeName, after: &'static str) -> Self {
        let world = self.world;
        self.with_accident(after, move || world.silence(&node))
    }
}

impl Listener for Recorder<'_> {
    fn hear(&self, event: Event) {
        if matches!(event, Event::StepFinished { .. }) {
            let finished = self.finished.fetch_add(1, Ordering::Relaxed) + 1;
            if self.stop_after == Some(finished) {
                self.world.stop();
            }
            if let Some((_, accident)) = self.accident_after.as_ref().filter(|(steps, _)| *steps == finished)
            {
                accident();
            }
        }
        if let Event::PlanStarted { plan } = &event {
            *self.plan.lock().expect("no panic") = Some(Arc::clone(plan));
        }
        if let (Some((after, accident)), Event::StageFinished { stage, .. }) = (&self.accident, &event)
            && self.stage_name(*stage) == Some(*after)
        {
            accident();
        }
        self.events.lock().expect("no test panics while it listens").push(event);
    }
}

pub(crate) async fn run_with(
    listener: &dyn Listener,
    world: &World,
    topology: &Topology,
    plan: &Plan,
    timeout: Duration,
) -> Result<(), ExecuteError> {
    world.gather_passwords(topology);
    let credentials = world.state().credentials.clone();
    let files =
        |names: &[NodeName], primary: Option<&NodeName>| render(topology, &credentials, names, primary);
    let replan = || {
        let newer = try_plan(world, topology, SWAP).ok();
        Box::pin(async move { newer }) as _
    };
    let executor =
        Executor { engine: world, servers: world, files: &files, replan: &replan, listener, timeout };
    executor.run(&Arc::new(plan.clone())).await
}

/// Runs a plan to its end or first failure.
pub(crate) async fn run(world: &World, topology: &Topology, plan: &Plan) -> Result<(), ExecuteError> {
    run_with(&Recorder::new(world, None), world, topology, plan, TIMEOUT).await
}

/// Runs a plan as by a process that is killed after so many steps.
pub(crate) async fn run_and_stop(world: &World, topology: &Topology, plan: &Plan, steps: usize) {
    let recorder = Recorder::new(world, Some(steps));
    tokio::select! {
        biased;
        () = world.stopped() => {}
        result = run_with(&recorder, world, topology, plan, TIMEOUT) => {
            result.expect("nothing fails");
        }
    }
    world.heal();
}

pub(crate) fn try_plan(world: &World, topology: &Topology, options: Options) -> Result<Plan, Vec<Obstacle>> {
    world.gather_passwords(topology);
    planner::plan(topology, &world.observe(topology), options)
}

pub(crate) fn plan(world: &World, topology: &Topology, options: Options) -> Plan {
    try_plan(world, topology, options).unwrap_or_else(|obstacles| {
        let obstacles: Vec<String> = obstacles.iter().map(ToString::to_string).collect();
        panic!("obstacles: {}", obstacles.join("; "))
    })
}

/// Brings a world to its topology; the next plan must be empty. Gives the plans that were run.
pub(crate) async fn converge(world: &World, topology: &Topology, options: Options) -> Vec<Plan> {
    let plans = try_up(world, topology, options, &Recorder::new(world, None)).await;
    let plans = plans.unwrap_or_else(|failure| match failure {
        UpFailure::Obstacles(text) | UpFailure::Failed(text) => panic!("{text}"),
    });
    let next = plan(world, topology, Options { recreate: false, ..options });
    assert!(next.is_empty(), "there is still something to do:\n{next}");
    plans
}

/// An engine and servers in memory, as the library's convergence sees them.
struct WorldSite<'a> {
    world: &'a World,
    topology: &'a Topology,
    credentials: Credentials,
}

impl Site for WorldSite<'_> {
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

    async fn permit(&self) -> Result<(), Infallible> {
        Ok(())
    }
}

/// Keeps the plans that were run, and passes every event on.
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

/// Whether one server takes another one's place at this moment.
pub(crate) fn is_between_primaries(observed: &Observation, topology: &Topology) -> bool {
    Arrangement::new(topology, observed).is_between_primaries()
}

/// Looks again while the servers are in motion, as `up` does.
async fn wait_for_rest(world: &World, topology: &Topology) {
    const PATIENCE: Duration = Duration::from_secs(2);
    let started = tokio::time::Instant::now();
    let is_in_motion = || Arrangement::new(topology, &world.observe(topology)).is_in_motion();
    while is_in_motion() && started.elapsed() < PATIENCE {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Why `up` did not come to its end.
#[derive(Debug)]
pub(crate) enum UpFailure {
    /// Something stands in the way, and nothing was done.
    Obstacles(String),
    /// A step failed.
    Failed(String),
}

/// Brings a world to its topology by the library's own convergence. Gives the plans that were run.
pub(crate) async fn try_up(
    world: &World,
    topology: &Topology,
    options: Options,
    listener: &dyn Listener,
) -> Result<Vec<Plan>, UpFailure> {
    world.begin_run();
    world.gather_passwords(topology);
    let credentials = world.state().credentials.clone();
    let site = WorldSite { world, topology, credentials };
    let heard = Plans { plans: Mutex::default(), inner: listener };
    let options = ConvergeOptions { plan: options, timeout: TIMEOUT };
    let result = converge::converge(&site, options, &heard).await;
    let plans = heard.plans.into_inner().expect("no panic");
    let failure = match result {
        Ok(_) => return Ok(plans),
        Err(ConvergeError::Obstacles(obstacles)) => {
            let obstacles: Vec<String> = obstacles.iter().map(ToString::to_string).collect();
            return Err(UpFailure::Obstacles(obstacles.join("; ")));
        }
        Err(ConvergeError::Execute(error)) => redisctl::executor::chain(&*error),
        Err(ConvergeError::Unsettled) => "no end in sight".to_owned(),
        Err(ConvergeError::Site(never)) => match never {},
    };
    let past: String = plans.iter().map(ToString::to_string).collect();
    Err(UpFailure::Failed(format!("{failure}\nafter\n{past}")))
}

/// A deployment that is up.
pub(crate) async fn up(topology: &Topology) -> World {
    let world = World::new();
    converge(&world, topology, SWAP).await;
    assert_ready(&world, topology);
    world
}

/// Lets time go by.
pub(crate) async fn settle() {
    tokio::time::sleep(Duration::from_secs(15)).await;
}

/// What every node of a cluster must say, given each shard's primary.
pub(crate) fn cluster_expectation(topology: &Topology, acting: &[NodeName]) -> ClusterExpectation {
    let role = |shard: &Shard, primary: &NodeName, name: &NodeName| {
        if name == primary {
            MemberRole::Primary(shard.slots.clone())
        } else {
            MemberRole::Replica(primary.clone())
        }
    };
    let members = topology.shards.iter().zip(acting).flat_map(|(shard, primary)| {
        shard.nodes().map(move |node| ClusterMember {
            node: node.name.clone(),
            address: node.address,
            role: role(shard, primary, &node.name),
        })
    });
    ClusterExpectation {
        members: members.collect(),
        strangers: std::collections::BTreeSet::new(),
        milestone: Milestone::Ready,
    }
}

fn peer(node: &Node) -> Peer {
    Peer { node: node.name.clone(), address: node.address }
}

/// Who watches whom, given the primary.
fn sentinel_expectation(topology: &Topology, primary: &NodeName) -> SentinelExpectation {
    SentinelExpectation {
        watched: replication_expectation(topology, primary),
        sentinels: topology.sentinels.iter().map(peer).collect(),
    }
}

/// Who follows whom, given the primary.
pub(crate) fn replication_expectation(topology: &Topology, primary: &NodeName) -> ReplicationExpectation {
    let (primaries, replicas): (Vec<&Node>, Vec<&Node>) =
        topology.servers().into_iter().partition(|node| node.name == *primary);
    ReplicationExpectation { primary: peer(primaries[0]), replicas: replicas.into_iter().map(peer).collect() }
}

/// Asserts that everything is as the topology says, whichever nodes are primaries now.
pub(crate) fn assert_ready(world: &World, topology: &Topology) {
    let wrong = what_is_wrong(world, topology);
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// In what the deployment differs from the topology, whichever nodes are primaries now; judged without the planner.
pub(crate) fn what_is_wrong(world: &World, topology: &Topology) -> Vec<String> {
    let observed = world.observe(topology);
    let acting: Result<Vec<NodeName>, String> =
        topology.shards.iter().map(|shard| only_primary_of(world, shard)).collect();
    let acting = match acting {
        Ok(acting) => acting,
        Err(wrong) => return vec![wrong],
    };
    let disagreements: Vec<Disagreement> = match topology.kind {
        Kind::Standalone => Vec::new(),
        Kind::Replication => {
            readiness::replication(&replication_expectation(topology, &acting[0]), &observed.servers)
        }
        Kind::Sentinel => {
            readiness::sentinels(&sentinel_expectation(topology, &acting[0]), &observed.servers)
        }
        Kind::Cluster => readiness::cluster(&cluster_expectation(topology, &acting), &observed.servers),
    };
    let mut wrong: Vec<String> = disagreements.iter().map(ToString::to_string).collect();
    if observed.servers.len() != topology.nodes().len() {
        wrong.push(format!("{} servers run", observed.servers.len()));
    }
    if observed.stored.as_deref() != Some(topology) {
        wrong.push("another topology is stored".to_owned());
    }
    let forming = while_forming(topology);
    for node in topology.nodes() {
        let Some(view) = observed.view(&node.name) else {
            wrong.push(format!("{} does not answer", node.name));
            continue;
        };
        for (name, found) in view.settings.iter().filter(|(name, _)| *name != "replicaof") {
            let has_known_default = topology.server.has_measured_defaults() || forming.get(name).is_some();
            let default = server_default(name).filter(|_| has_known_default);
            let wanted = node.settings.get(name).or(default);
            if wanted.is_some_and(|wanted| !same_value(name, wanted, found)) {
                wrong.push(format!("{}: {name} {found}", node.name));
            }
        }
    }
    wrong
}

/// The node that acts as a shard's primary.
pub(crate) fn primary_of(world: &World, shard: &Shard) -> NodeName {
    only_primary_of(world, shard).expect("a primary")
}

fn only_primary_of(world: &World, shard: &Shard) -> Result<NodeName, String> {
    let mut primaries = Vec::new();
    for node in shard.nodes() {
        let view = world.state().view(&node.name).map_err(|error| format!("{}: {error}", node.name))?;
        if matches!(view.replication, Replication::Primary { .. }) {
            primaries.push(node.name.clone());
        }
    }
    match primaries.as_slice() {
        [primary] => Ok(primary.clone()),
        _ => Err(format!("of a shard, {} nodes are primaries: {primaries:?}", primaries.len())),
    }
}

/// What stands in the way, a line for each.
pub(crate) fn obstacles(world: &World, topology: &Topology, options: Options) -> String {
    let obstacles = try_plan(world, topology, options).expect_err("something is in the way");
    obstacles.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}
