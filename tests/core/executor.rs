//! The executor's events, failures and order of work.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use redisctl::event::Event;
use redisctl::executor::{ExecuteError, chain};
use redisctl::plan::{Action, EngineAction, Plan, ServerAction, StageId, Step, StepId};
use redisctl::topology::{Shard, Topology};

use crate::memory::World;
use crate::rig::{PLAIN, Recorder, SWAP, TIMEOUT, node, plan, run, run_with, settle, topology, up};

/// Runs a plan and returns the events.
async fn heard(world: &World, topology: &Topology, plan: &Plan, timeout: Duration) -> Heard {
    listened(Recorder::new(world, None), world, topology, plan, timeout).await
}

/// Runs a plan and returns the events of this recorder.
async fn listened(
    recorder: Recorder<'_>,
    world: &World,
    topology: &Topology,
    plan: &Plan,
    timeout: Duration,
) -> Heard {
    let result = run_with(&recorder, world, topology, plan, timeout).await;
    Heard { events: recorder.events.into_inner().expect("nothing panicked"), result }
}

/// An error as printed: the causes, then the log lines.
fn said(error: &ExecuteError) -> String {
    format!("{}\n{}", chain(error), error.log())
}

struct Heard {
    events: Vec<Event>,
    result: Result<(), ExecuteError>,
}

impl Heard {
    fn position(&self, wanted: impl Fn(&Event) -> bool) -> usize {
        self.events.iter().position(wanted).expect("it was heard")
    }
}

#[tokio::test(start_paused = true)]
async fn every_step_begins_and_ends_within_its_stage() {
    let (topology, world) = (topology("{kind: replication, replicas: 2}"), World::new());
    let plan = plan(&world, &topology, SWAP);
    let heard = heard(&world, &topology, &plan, TIMEOUT).await;
    assert!(heard.result.is_ok());
    assert_eq!(heard.events[0], Event::PlanStarted { plan: Arc::new(plan.clone()) });
    let mut from = 0;
    for (stage, id) in plan.stages.iter().zip(plan.stage_ids()) {
        let begins = heard.position(|event| *event == Event::StageStarted { stage: id });
        let ends =
            heard.position(|event| matches!(event, Event::StageFinished { stage, .. } if *stage == id));
        assert!(from < begins && begins < ends, "{}", stage.name);
        for (id, step) in plan.steps_of(id) {
            let start = heard.position(|event| *event == Event::StepStarted { step: id });
            let finish =
                heard.position(|event| matches!(event, Event::StepFinished { step, .. } if *step == id));
            assert!(begins < start && start < finish && finish < ends, "{step:?}");
        }
        from = ends;
    }
}

#[tokio::test(start_paused = true)]
async fn a_failing_call_names_its_subject_its_action_and_the_cause() {
    let (topology, world) = (topology("kind: standalone"), World::new());
    let plan = plan(&world, &topology, SWAP);
    world.add_foreign("container", "shop-1");
    let heard = heard(&world, &topology, &plan, TIMEOUT).await;
    let error = heard.result.expect_err("the name is in use");
    insta::assert_snapshot!(
        chain(&error),
        @"`shop-1`: could not create container, image redis:8, address 172.30.0.11:7001: the name is in use"
    );
    let Some(Event::StepFailed { step, error: messages }) = heard.events.last() else {
        panic!("nothing follows the failure: {:?}", heard.events.last());
    };
    assert_eq!(messages.join(": "), chain(&error));
    let failed = plan.step(*step).expect("a step of the plan");
    assert_eq!(failed.action.to_string(), "create container, image redis:8, address 172.30.0.11:7001");
}

#[tokio::test(start_paused = true)]
async fn subjects_are_worked_on_side_by_side_and_all_end_before_the_failure_is_told() {
    let (topology, world) = (topology("kind: cluster"), World::new());
    let plan = plan(&world, &topology, SWAP);
    world.add_foreign("container", "shop-1");
    let heard = heard(&world, &topology, &plan, TIMEOUT).await;
    assert!(heard.result.is_err());
    assert_eq!(world.most_in_flight.load(Ordering::Relaxed), 6);
    let is_creation = |step: StepId| {
        let action = &plan.step(step).expect("a step of the plan").action;
        matches!(action, Action::Engine(EngineAction::CreateContainer(_)))
    };
    let created = |event: &&Event| matches!(event, Event::StepFinished { step, .. } if is_creation(*step));
    assert_eq!(heard.events.iter().filter(created).count(), 5);
    let starts = |stage: &StageId| plan.stage(*stage).expect("a stage of the plan").name == "start";
    let started = |event: &Event| matches!(event, Event::StageStarted { stage } if starts(stage));
    assert!(!heard.events.iter().any(started));
}

#[tokio::test(start_paused = true)]
async fn the_engine_works_on_a_dozen_subjects_at_a_time_and_servers_on_all() {
    let (topology, world) = (topology("{kind: cluster, shards: 10, replicas: 1}"), World::new());
    let plan = plan(&world, &topology, SWAP);
    let most = || world.most_in_flight.load(Ordering::Relaxed);
    let with_engine = AtomicUsize::new(0);
    let note = || with_engine.store(most(), Ordering::Relaxed);
    let recorder = Recorder::new(&world, None).with_accident("containers", note);
    assert!(listened(recorder, &world, &topology, &plan, TIMEOUT).await.result.is_ok());
    assert_eq!((with_engine.load(Ordering::Relaxed), most()), (12, 20));
}

#[tokio::test(start_paused = true)]
async fn takeovers_in_a_small_cluster_happen_one_after_another() {
    let (topology, world) = (topology("kind: cluster"), World::new());
    let plan = plan(&world, &topology, SWAP);
    let heard = heard(&world, &topology, &plan, TIMEOUT).await;
    let takeovers: Vec<bool> = heard
        .events
        .iter()
        .filter_map(|event| match event {
            Event::StepStarted { step } if takes_over(&plan, *step) => Some(true),
            Event::StepFinished { step, .. } if takes_over(&plan, *step) => Some(false),
            _ => None,
        })
        .collect();
    assert_eq!(takeovers, [true, false, true, false, true, false]);
}

/// Of two primaries with the same epoch, a server raises the epoch of either.
#[tokio::test(start_paused = true)]
async fn shards_of_a_large_cluster_take_over_side_by_side_and_get_config_epochs_of_their_own() {
    let (topology, world) = (topology("{kind: cluster, shards: 5, replicas: 2}"), World::new());
    let plan = plan(&world, &topology, SWAP);
    let heard = heard(&world, &topology, &plan, TIMEOUT).await;
    assert!(heard.result.is_ok());
    assert!(plan.stages.iter().all(|stage| stage.name != "take over"));
    let epoch = |shard: &Shard| world.with_cluster(&shard.primary.name, |cluster| cluster.own().epoch);
    let epochs: BTreeSet<u64> = topology.shards.iter().map(epoch).collect();
    assert_eq!(epochs.len(), topology.shards.len());
    let set = plan.stages.iter().flat_map(|stage| &stage.steps).filter_map(|step| match step.action {
        Action::Server(ServerAction::SetConfigEpoch(epoch)) => Some(epoch),
        _ => None,
    });
    assert!(epochs.is_disjoint(&set.collect()));
}

/// A shard of a large cluster forms as soon as its own nodes answer, and meets the shards before it.
#[tokio::test(start_paused = true)]
async fn shards_form_while_a_node_of_another_shard_does_not_answer_yet() {
    let (topology, world) = (topology("{kind: cluster, shards: 7}"), World::new());
    let plan = plan(&world, &topology, SWAP);
    let recorder = Recorder::new(&world, None).silencing(node(&topology, 9), "containers");
    let heard = listened(recorder, &world, &topology, &plan, TIMEOUT).await;
    assert!(heard.result.is_err(), "a node is silent");
    let done = |is_wanted: fn(&Action) -> bool| -> Vec<&str> {
        let finished = heard.events.iter().filter_map(|event| match event {
            Event::StepFinished { step, .. } => plan.step(*step),
            _ => None,
        });
        let nodes: BTreeSet<&str> = finished
            .filter(|step| is_wanted(&step.action))
            .filter_map(|step| Some(step.node.as_ref()?.as_str()))
            .collect();
        nodes.into_iter().collect()
    };
    let took_over = done(|action| matches!(action, Action::Server(ServerAction::TakeOver { .. })));
    assert_eq!(took_over, ["shop-1", "shop-3", "shop-4", "shop-5", "shop-6", "shop-7"]);
    // The other shards wait for the second shard, to which node 9 belongs.
    let met = done(|action| matches!(action, Action::Server(ServerAction::Meet(peers)) if peers.len() > 1));
    assert!(met.is_empty(), "{met:?}");
    let finished = heard.events.iter().filter_map(|event| match event {
        Event::StageFinished { stage, .. } => plan.stage(*stage),
        _ => None,
    });
    let finished: Vec<&str> = finished.map(|stage| stage.name).collect();
    assert_eq!(finished, ["network and volumes", "containers"], "stages end in order");
}

fn takes_over(plan: &Plan, step: StepId) -> bool {
    let action = plan.step(step).map(|step| &step.action);
    matches!(action, Some(Action::Server(ServerAction::TakeOver { .. })))
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_runs_out_names_who_disagrees_and_shows_a_log() {
    let topology = topology("kind: replication");
    let world = up(&topology).await;
    world.promote(&node(&topology, 2));
    let plan = plan(&world, &topology, SWAP);
    let recorder = Recorder::new(&world, None).silencing(node(&topology, 1), "hasten");
    let heard = listened(recorder, &world, &topology, &plan, Duration::from_secs(5)).await;
    let error = heard.result.expect_err("the primary is silent");
    assert!(matches!(error, ExecuteError::Wait { .. }));
    insta::assert_snapshot!(said(&error), @r"
        `shop`: gave up after 5 s: wait until all replicas follow
          shop-1 does not answer: connection refused
          shop-2 has no link to shop-1
        last log lines of `shop-1`:
          the last line of shop-1
        ");
    let waiting = |event: &Event| matches!(event, Event::Waiting { missing, .. } if missing.len() == 2);
    assert!(heard.events.iter().any(waiting), "a long wait says what is missing");
}

#[tokio::test(start_paused = true)]
async fn a_server_whose_container_ended_is_not_waited_for() {
    let (topology, world) = (topology("kind: replication"), World::new());
    let plan = plan(&world, &topology, SWAP);
    let stop = || world.stop_container(&node(&topology, 1));
    let recorder = Recorder::new(&world, None).with_accident("start primary", stop);
    let started = tokio::time::Instant::now();
    let heard = listened(recorder, &world, &topology, &plan, TIMEOUT).await;
    insta::assert_snapshot!(said(&heard.result.expect_err("it ended")), @r"
        `shop-1`: its container ended with exit code 0
        last log lines of `shop-1`:
          the last line of shop-1
        ");
    assert!(started.elapsed() < Duration::from_secs(3));
}

/// An earlier run asked for the stop, and was killed.
#[tokio::test(start_paused = true)]
async fn where_a_container_ends_that_was_to_be_left_alone_another_plan_starts_it() {
    let topology = topology("kind: standalone");
    let world = up(&topology).await;
    world.silence(&node(&topology, 1));
    let plan = plan(&world, &topology, SWAP);
    world.stop_container(&node(&topology, 1));
    let heard = heard(&world, &topology, &plan, TIMEOUT).await;
    insta::assert_snapshot!(heard.result.expect_err("it ended"), @"another plan is needed: shop-1: its container ended with exit code 0");
    world.heal();
    let plans = crate::rig::converge(&world, &topology, SWAP).await;
    assert!(plans[0].to_string().contains("start container"), "{}", plans[0]);
    crate::rig::assert_ready(&world, &topology);
}

#[tokio::test(start_paused = true)]
async fn a_passing_fault_is_tried_again_until_time_is_over() {
    let topology = topology("{kind: cluster, replicas: 0}");
    let world = up(&topology).await;
    world.reset(&node(&topology, 1));
    settle().await;
    let plan = plan(&world, &topology, PLAIN);
    // No node can meet a silent node.
    world.silence(&node(&topology, 2));
    let started = tokio::time::Instant::now();
    let heard = heard(&world, &topology, &plan, Duration::from_secs(5)).await;
    assert!(started.elapsed() >= Duration::from_secs(5));
    let error = heard.result.expect_err("nobody can meet it");
    assert!(matches!(error, ExecuteError::Call { .. }));
    insta::assert_snapshot!(said(&error), @r"
        `shop-2`: could not forget 9e3779b9: connection refused
        last log lines of `shop-2`:
          the last line of shop-2
        ");
}

#[tokio::test(start_paused = true)]
async fn the_wait_of_the_role_swap_gives_up_early() {
    let (topology, world) = (topology("kind: cluster"), World::new());
    let plan = plan(&world, &topology, SWAP);
    // The primary of the last shard becomes silent when its replica waits for it.
    let replicates = |step: &Step| {
        let is_last = step.node.as_ref().is_some_and(|node| node.as_str() == "shop-3");
        is_last && matches!(step.action, Action::Server(ServerAction::Replicate(_)))
    };
    let recorder = Recorder::new(&world, None).silencing_at(node(&topology, 6), replicates);
    let started = tokio::time::Instant::now();
    let result = run_with(&recorder, &world, &topology, &plan, TIMEOUT).await;
    assert!(matches!(result, Err(ExecuteError::Wait { .. })));
    assert!(started.elapsed() < Duration::from_secs(12));
    // The cluster forms without a swap from here.
    world.heal();
    crate::rig::converge(&world, &topology, PLAIN).await;
    crate::rig::assert_ready(&world, &topology);
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_needs_more_than_was_planned_ends_for_another_plan() {
    let (topology, world) = (topology("kind: cluster"), World::new());
    let first = plan(&world, &topology, SWAP);
    let stranger = || world.remember_a_stranger(&node(&topology, 2));
    let recorder = Recorder::new(&world, None).with_accident("announce replicas", stranger);
    let started = tokio::time::Instant::now();
    let heard = listened(recorder, &world, &topology, &first, TIMEOUT).await;
    insta::assert_snapshot!(heard.result.expect_err("nothing in the plan ends that"), @"another plan is needed: shop-2: forget 4a11bdd0 (knows node 4a11bdd0, which is not of this deployment)");
    assert!(started.elapsed() < TIMEOUT / 4);
    assert!(
        !heard.events.iter().any(|event| matches!(event, Event::StepFailed { .. })),
        "nothing has failed"
    );
    crate::rig::converge(&world, &topology, SWAP).await;
    crate::rig::assert_ready(&world, &topology);
}

/// This holds even while containers are still to be replaced.
#[tokio::test(start_paused = true)]
async fn a_wait_for_who_is_no_primary_any_more_ends_for_another_plan() {
    let before = topology("kind: cluster");
    let world = up(&before).await;
    let after = topology("{kind: cluster, resources: {memory: 128mb}}");
    let first = plan(&world, &after, SWAP);
    let failover = || world.take_over(&node(&after, 5));
    let recorder = Recorder::new(&world, None).with_accident("replace replicas", failover);
    let heard = listened(recorder, &world, &after, &first, TIMEOUT).await;
    insta::assert_snapshot!(heard.result.expect_err("the plan has the former primary"), @"another plan is needed: shop-5 is primary by now");
    crate::rig::converge(&world, &after, SWAP).await;
    crate::rig::assert_ready(&world, &after);
}

#[tokio::test(start_paused = true)]
async fn settings_for_a_while_alone_are_no_reason_for_another_plan() {
    let topology = topology("kind: cluster");
    let world = up(&topology).await;
    world.stop_container(&node(&topology, 5));
    run(&world, &topology, &plan(&world, &topology, SWAP)).await.expect("it starts");
    let newer = plan(&world, &topology, SWAP);
    let without = |stages: &[&str]| {
        let mut plan = newer.clone();
        plan.stages.retain(|stage| !stages.contains(&stage.name));
        plan
    };
    assert_eq!(without(&["hasten", "usual settings"]).lacks(&newer).next(), None);
    let needed = without(&["announce replicas"]).lacks(&newer).next().expect("a write").action.to_string();
    assert_eq!(needed, "make its replicas known");
}
