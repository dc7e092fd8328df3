//! Common helpers for tests of plans: topologies, running a plan, and judging the result.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use redisctl::event::Listener;
use redisctl::executor::{ExecuteError, Executor};
use redisctl::plan::{Obstacle, Plan};
use redisctl::planner::{self, Forming, Options, Traces};
use redisctl::spec::Spec;
use redisctl::topology::container::{ContainerSettings, containers};
use redisctl::topology::facts::Existing;
use redisctl::topology::files::render;
use redisctl::topology::resolve::{Facts, resolve};
use redisctl::topology::{NodeName, Topology};

use crate::memory::World;

mod context;
mod judgement;
mod recorder;

pub(crate) use context::{UpFailure, is_between_primaries, try_up};
pub(crate) use judgement::{
    assert_ready, cluster_expectation, primary_of, replication_expectation, what_is_wrong,
};
pub(crate) use recorder::Recorder;

/// Longer than any successful wait. The clock of tests is paused, so tests do not wait for it.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(60);

pub(crate) const SWAP: Options =
    Options { forming: Forming::RoleSwap, recreate: false, discard_keys: false, traces: Traces::Kept };
pub(crate) const DISCARD: Options = Options { discard_keys: true, ..SWAP };
pub(crate) const PLAIN: Options = Options { forming: Forming::Plain, ..SWAP };
pub(crate) const RESET: Options =
    Options { discard_keys: true, traces: Traces::Removed { end_clients: false }, ..SWAP };

pub(crate) fn topology(yaml: &str) -> Topology {
    let spec: Spec = serde_yaml::from_str(yaml).expect("a spec");
    resolve(&spec, &Facts::offline("shop")).expect("a good spec")
}

/// The topology of a spec in a world, or the problems of the spec.
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
        adopted: None,
        replacement: None,
    };
    resolve(&spec, &Facts { existing, ..Facts::offline("shop") }).map_err(|problems| format!("{problems:?}"))
}

/// The topology of a changed spec for an existing deployment.
pub(crate) fn changed(before: &Topology, yaml: &str) -> Topology {
    let spec: Spec = serde_yaml::from_str(yaml).expect("a spec");
    let made_from = containers(before).into_iter().map(|container| (container.name.clone(), container));
    let existing = Existing {
        subnet: Some(before.subnet),
        stored: Some(Box::new(before.clone())),
        containers: made_from.collect(),
        adopted: None,
        replacement: None,
    };
    resolve(&spec, &Facts { existing, ..Facts::offline("shop") }).expect("a good spec")
}

pub(crate) fn node(topology: &Topology, number: usize) -> NodeName {
    topology.name.node(number)
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

/// Runs a plan to its end, or to its first failure.
pub(crate) async fn run(world: &World, topology: &Topology, plan: &Plan) -> Result<(), ExecuteError> {
    run_with(&Recorder::new(world, None), world, topology, plan, TIMEOUT).await
}

/// Runs a plan as a process that is killed after this number of steps.
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

/// Brings a world to its topology. The next plan must be empty. Returns the executed plans.
pub(crate) async fn converge(world: &World, topology: &Topology, options: Options) -> Vec<Plan> {
    let plans = try_up(world, topology, options, &Recorder::new(world, None)).await;
    let plans = plans.unwrap_or_else(|failure| match failure {
        UpFailure::Obstacles(text) | UpFailure::Failed(text) => panic!("{text}"),
    });
    let next = plan(world, topology, Options { recreate: false, ..options });
    assert!(next.is_empty(), "there is still something to do:\n{next}");
    plans
}

/// A deployment that is up.
pub(crate) async fn up(topology: &Topology) -> World {
    let world = World::new();
    converge(&world, topology, SWAP).await;
    assert_ready(&world, topology);
    world
}

/// Lets time pass.
pub(crate) async fn settle() {
    tokio::time::sleep(Duration::from_secs(15)).await;
}

/// The obstacles, one per line.
pub(crate) fn obstacles(world: &World, topology: &Topology, options: Options) -> String {
    let obstacles = try_plan(world, topology, options).expect_err("something is in the way");
    obstacles.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}
