//! After any interruption, planning and running again ends with a ready deployment and an empty plan.

use std::time::Duration;

use proptest::prelude::*;
use redisctl::executor::{EngineCalls, ExecuteError};
use redisctl::plan::{Action, EngineAction, Plan, ServerAction};
use redisctl::planner::Options;
use redisctl::topology::slots::SLOT_COUNT;
use redisctl::topology::{Kind, NodeName, Topology};

use crate::memory::World;
use crate::rig::{
    PLAIN, Recorder, SWAP, TIMEOUT, assert_ready, changed, converge, plan, primary_of, run, run_and_stop,
    run_with, settle, topology, up,
};

/// The shipped files, and variants that are formed in other ways.
const SPECS: [(&str, &str); 14] = [
    ("standalone", include_str!("../../topologies/standalone.yaml")),
    ("standalone with a volume", "{kind: standalone, data: volume}"),
    ("replica", include_str!("../../topologies/replica.yaml")),
    ("two replicas with volumes", "{kind: replication, replicas: 2, data: volume}"),
    ("secure", include_str!("../../topologies/secure.yaml")),
    ("sentinel", include_str!("../../topologies/sentinel.yaml")),
    ("sentinel in the network", "{kind: sentinel, access: network}"),
    ("sentinel with volumes", "{kind: sentinel, data: volume}"),
    ("cluster", include_str!("../../topologies/cluster.yaml")),
    ("cluster with volumes", "{kind: cluster, data: volume}"),
    ("cluster without replicas", "{kind: cluster, replicas: 0}"),
    ("cluster of one shard", "{kind: cluster, shards: 1, replicas: 2}"),
    ("cluster of one node", "{kind: cluster, shards: 1, replicas: 0}"),
    ("cluster on an old server", "{kind: cluster, image: 'redis:6.2', config: {cluster-node-timeout: 5000}}"),
];

fn paused_time<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(future)
}

#[tokio::test(start_paused = true)]
async fn one_plan_is_enough_and_then_there_is_nothing_left_to_do() {
    for (name, yaml) in SPECS {
        for options in [SWAP, PLAIN] {
            let (topology, world) = (topology(yaml), World::new());
            let plans = converge(&world, &topology, options).await;
            assert_eq!(plans.len(), 1, "{name}");
            assert_ready(&world, &topology);
            assert!(plan(&world, &topology, options).is_empty(), "{name}");
        }
    }
}

async fn survives_being_cut_off(name: &str, topology: &Topology, options: Options) {
    let steps = plan(&World::new(), topology, options).steps().count();
    for cut in 1..=steps {
        let world = World::new();
        run_and_stop(&world, topology, &plan(&world, topology, options), cut).await;
        println!("{name}: cut off after step {cut} of {steps}");
        converge(&world, topology, options).await;
        assert_ready(&world, topology);
    }
}

async fn survives_a_failing_call(name: &str, topology: &Topology, options: Options) {
    for call in 1.. {
        let world = World::new();
        world.state().faults.fail_at = Some(call);
        let outcome = run(&world, topology, &plan(&world, topology, options)).await;
        let failed = world.calls() >= call;
        assert_eq!(outcome.is_err(), failed, "{name}: call {call}");
        world.heal();
        println!("{name}: call {call} failed");
        converge(&world, topology, options).await;
        assert_ready(&world, topology);
        if !failed {
            break;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_cut_off_after_any_step_is_taken_up_again() {
    for (name, yaml) in SPECS {
        survives_being_cut_off(name, &topology(yaml), SWAP).await;
    }
    survives_being_cut_off("plain cluster", &topology("kind: cluster"), PLAIN).await;
}

/// Removes all parts of the deployment in an observation.
async fn remove(world: &World, topology: &Topology) {
    let (observed, listener) = (world.observe(topology), Recorder::new(world, None));
    for node in observed.containers.keys() {
        let removed =
            EngineCalls::apply(world, None, Some(node), &EngineAction::RemoveContainer, &listener).await;
        removed.expect("what is seen can be removed");
    }
    let network = observed.network.map(|_| EngineAction::RemoveNetwork(topology.name.clone()));
    let volumes = observed.volumes.into_iter().map(|name| EngineAction::RemoveVolume { name });
    for action in network.into_iter().chain(volumes) {
        let removed = EngineCalls::apply(world, None, None, &action, &listener).await;
        removed.expect("what is seen can be removed");
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_run_leaves_that_is_cut_off_after_any_step_is_seen_and_can_be_removed() {
    for (name, yaml) in SPECS {
        let topology = topology(yaml);
        let plan = plan(&World::new(), &topology, SWAP);
        for cut in 1..=plan.steps().count() {
            let world = World::new();
            run_and_stop(&world, &topology, &plan, cut).await;
            remove(&world, &topology).await;
            let left = &world.state().engine;
            let is_empty = left.containers.is_empty() && left.network.is_none() && left.volumes.is_empty();
            assert!(is_empty, "{name}: cut off after step {cut}: {left:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_in_which_any_call_fails_is_taken_up_again() {
    for (name, yaml) in SPECS {
        survives_a_failing_call(name, &topology(yaml), SWAP).await;
    }
    survives_a_failing_call("plain cluster", &topology("kind: cluster"), PLAIN).await;
}

/// Runs a plan while a node is silent for longer than a wait takes to ask for another plan.
async fn run_with_a_lapse(
    world: &World,
    topology: &Topology,
    plan: &Plan,
    quiet: &NodeName,
    after: &'static str,
) {
    let recorder = Recorder::new(world, None).silencing(quiet.clone(), after);
    let outcome = tokio::select! {
        outcome = run_with(&recorder, world, topology, plan, TIMEOUT) => outcome,
        never = world.end_silences(Duration::from_secs(14)) => match never {},
    };
    world.heal();
    // A delay alone must not lead to another plan.
    assert!(!matches!(outcome, Err(ExecuteError::Outdated { .. })), "{outcome:?}");
}

#[tokio::test(start_paused = true)]
async fn a_run_in_which_a_node_is_not_heard_for_a_while_comes_to_its_end() {
    for (name, yaml) in SPECS {
        let topology = topology(yaml);
        let stages = plan(&World::new(), &topology, SWAP).stages;
        for (stage, quiet) in stages.iter().zip(topology.nodes().into_iter().cycle()) {
            let world = World::new();
            println!("{name}: {} is not heard after {}", quiet.name, stage.name);
            run_with_a_lapse(&world, &topology, &plan(&world, &topology, SWAP), &quiet.name, stage.name)
                .await;
            converge(&world, &topology, PLAIN).await;
            assert_ready(&world, &topology);
        }
    }
    for (from, to) in CHANGES {
        let before = topology(from);
        let after = changed(&before, to);
        let stages = plan(&up_with_keys(&before, false).await, &after, SWAP).stages;
        for (stage, quiet) in stages.iter().zip(after.nodes().into_iter().cycle()) {
            let world = up_with_keys(&before, false).await;
            println!("{to}: {} is not heard after {}", quiet.name, stage.name);
            run_with_a_lapse(&world, &after, &plan(&world, &after, SWAP), &quiet.name, stage.name).await;
            converge(&world, &after, SWAP).await;
            assert_ready(&world, &after);
        }
    }
}

/// Changes of a spec while the deployment serves.
const CHANGES: [(&str, &str); 10] = [
    ("{kind: cluster, shards: 2, image: 'redis:7.0'}", "{kind: cluster, shards: 2, image: 'redis:8.0'}"),
    ("{kind: replication, image: 'redis:7.0'}", "{kind: replication, image: 'redis:8.0'}"),
    ("{kind: replication, replicas: 2}", "{kind: replication, replicas: 2, resources: {memory: 128mb}}"),
    ("{kind: cluster, shards: 2, data: volume}", "{kind: cluster, shards: 2, data: volume, replicas: 0}"),
    ("{kind: replication, replicas: 2}", "{kind: replication, replicas: 1}"),
    (
        "{kind: sentinel, replicas: 2, image: 'redis:7.0'}",
        "{kind: sentinel, replicas: 2, image: 'redis:8.0'}",
    ),
    ("{kind: sentinel, access: network}", "{kind: sentinel, access: network, resources: {memory: 128mb}}"),
    ("{kind: sentinel, data: volume, sentinels: 1}", "{kind: sentinel, data: volume, replicas: 2}"),
    (
        "{kind: sentinel, access: network, replicas: 2}",
        "{kind: sentinel, access: network, replicas: 1, sentinels: 5}",
    ),
    (
        "{kind: cluster, shards: 2, replicas: 0, data: volume, image: 'redis:7.0'}",
        "{kind: cluster, shards: 2, replicas: 0, data: volume, image: 'redis:8.0'}",
    ),
];

/// A deployment with keys; with `swapped` roles in its first shard.
async fn up_with_keys(topology: &Topology, swapped: bool) -> World {
    let world = up(topology).await;
    for shard in &topology.shards {
        let mut primary = &shard.primary.name;
        let last = shard.replicas.last().map_or(primary, |last| &last.name);
        if swapped && last != primary && primary.as_str().ends_with("-1") {
            match topology.kind {
                Kind::Cluster => world.take_over(last),
                Kind::Sentinel => world.fail_over(topology, last),
                Kind::Standalone | Kind::Replication => {
                    world.promote(last);
                    let others = shard.nodes().filter(|node| node.name != *last);
                    others.for_each(|node| world.follow(&node.name, last));
                }
            }
            primary = last;
            settle().await;
        }
        world.put_keys(primary, 100);
    }
    settle().await;
    world
}

#[tokio::test(start_paused = true)]
async fn a_change_that_is_cut_off_after_any_step_loses_no_key() {
    for ((from, to), swapped) in CHANGES.into_iter().zip([false, true].into_iter().cycle()) {
        let before = topology(from);
        let after = changed(&before, to);
        let steps = plan(&up_with_keys(&before, swapped).await, &after, SWAP).steps().count();
        for cut in 1..=steps {
            let world = up_with_keys(&before, swapped).await;
            run_and_stop(&world, &after, &plan(&world, &after, SWAP), cut).await;
            println!("{to}: cut off after step {cut} of {steps}");
            converge(&world, &after, SWAP).await;
            assert_ready(&world, &after);
            for shard in &after.shards {
                assert_eq!(world.keys(&primary_of(&world, shard)), 100);
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_role_swap_gets_under_the_start_up_delay_and_the_plain_way_does_not() {
    let topology = topology("kind: cluster");
    let mut took = Vec::new();
    for options in [SWAP, PLAIN] {
        let (world, started) = (World::new(), tokio::time::Instant::now());
        converge(&world, &topology, options).await;
        took.push(started.elapsed().as_millis());
    }
    assert!(took[0] < 1500 && took[1] > 2000, "{took:?} ms");
}

/// Every slot is assigned exactly once.
fn assert_slots_are_divided(plan: &Plan) {
    let mut owners = vec![0; usize::from(SLOT_COUNT)];
    for step in plan.steps() {
        if let Action::Server(ServerAction::AssignSlots(slots)) = &step.action {
            slots.slots().for_each(|slot| owners[usize::from(slot)] += 1);
        }
    }
    assert!(owners.iter().all(|count| *count == 1));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_shape_is_formed_by_one_plan_and_survives_one_cut(
        kind in prop_oneof![Just("standalone"), Just("replication"), Just("cluster")],
        shards in 1_u32..=6,
        replicas in 0_u32..=2,
        volume in any::<bool>(),
        swap in any::<bool>(),
        cut in any::<prop::sample::Index>(),
    ) {
        let data = if volume { "volume" } else { "ephemeral" };
        let counts = match kind {
            "standalone" => String::new(),
            "replication" => format!(", replicas: {replicas}"),
            _ => format!(", shards: {shards}, replicas: {replicas}"),
        };
        let topology = topology(&format!("{{kind: {kind}, data: {data}{counts}}}"));
        let options = if swap { SWAP } else { PLAIN };
        paused_time(async {
            let world = World::new();
            let first = plan(&world, &topology, options);
            assert_eq!(first, plan(&world, &topology, options), "planning is deterministic");
            if topology.kind == Kind::Cluster {
                assert_slots_are_divided(&first);
            }
            run(&world, &topology, &first).await.expect("it runs");
            assert_ready(&world, &topology);
            assert!(plan(&world, &topology, options).is_empty());

            let world = World::new();
            run_and_stop(&world, &topology, &first, 1 + cut.index(first.steps().count())).await;
            converge(&world, &topology, options).await;
            assert_ready(&world, &topology);
        });
    }
}
