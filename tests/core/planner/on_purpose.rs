//! Plans that start, stop, restart, kill, pause and unpause nodes on purpose.

use std::collections::BTreeSet;

use redisctl::node_change::NodeVerb;
use redisctl::observation::ContainerState;
use redisctl::plan::Plan;
use redisctl::planner::plan_on_purpose;
use redisctl::topology::NodeName;

use super::*;

const VERBS: [NodeVerb; 6] =
    [NodeVerb::Start, NodeVerb::Stop, NodeVerb::Restart, NodeVerb::Kill, NodeVerb::Pause, NodeVerb::Unpause];

fn planned(world: &World, topology: &Topology, verb: NodeVerb, numbers: &[usize]) -> Plan {
    world.gather_passwords(topology);
    let nodes: BTreeSet<NodeName> = numbers.iter().map(|number| node(topology, *number)).collect();
    plan_on_purpose(topology, &world.observe(topology), &nodes, verb)
}

/// Runs the plan of a verb. Returns its text.
async fn carried_out(world: &World, topology: &Topology, verb: NodeVerb, numbers: &[usize]) -> String {
    let plan = planned(world, topology, verb, numbers);
    run(world, topology, &plan).await.expect("nothing fails");
    plan.to_string()
}

#[tokio::test(start_paused = true)]
async fn each_verb_depends_on_the_state_of_the_container() {
    use ContainerState::{Exited, Paused, Restarting, Running};
    let topology = topology("kind: standalone");
    let world = up(&topology).await;
    let mut table = Vec::new();
    for state in [Running, Paused, Exited, Restarting] {
        world.state().container(&node(&topology, 1)).expect("it exists").state = state;
        for verb in VERBS {
            let plan = planned(&world, &topology, verb, &[1]);
            let actions: Vec<String> = plan.steps().map(|step| step.action.to_string()).collect();
            table.push(format!("{:8} {state:?}: {}", verb.as_str(), actions.join(", ")));
        }
    }
    assert_snapshot!(table.join("\n"));
}

#[tokio::test(start_paused = true)]
async fn a_killed_primary_comes_back_and_up_repairs_the_rest() {
    let topology = topology(CLUSTER);
    let world = up(&topology).await;
    let mut plans = Vec::new();
    for (verb, numbers) in [(NodeVerb::Kill, &[1, 6]), (NodeVerb::Kill, &[1, 6]), (NodeVerb::Start, &[1, 2])]
    {
        plans.push(carried_out(&world, &topology, verb, numbers).await);
    }
    assert_snapshot!(plans.join("\n"), @"
    shop: 2 changes in 1 stage
    kill
      shop-1  kill container  # asked for
      shop-6  kill container  # asked for

    shop: nothing to do

    shop: 1 change in 1 stage
    start
      shop-1  start container        # asked for
      shop-1  wait until it answers  # asked for
    ");
    repair(&world, &topology).await;
}

#[tokio::test(start_paused = true)]
async fn the_shared_network_namespace_ends_with_the_last_node() {
    let topology = topology("{kind: sentinel, replicas: 1, sentinels: 1}");
    let world = up(&topology).await;
    let mut plans = Vec::new();
    for (verb, numbers) in [
        (NodeVerb::Stop, &[1, 3][..]),
        (NodeVerb::Stop, &[1, 2, 3]),
        (NodeVerb::Start, &[1, 2]),
        (NodeVerb::Pause, &[1, 2, 3]),
        (NodeVerb::Restart, &[2]),
    ] {
        plans.push(carried_out(&world, &topology, verb, numbers).await);
    }
    assert_snapshot!(plans.join("\n"), @"
    shop: 2 changes in 1 stage
    stop
      shop-1  stop container  # asked for
      shop-3  stop container  # asked for

    shop: 2 changes in 2 stages
    stop
      shop-2        stop container  # asked for
    end network namespace
      shop-network  stop container  # asked for

    shop: 3 changes in 2 stages
    start network namespace
      shop-network  start container        # not running
    start
      shop-1        start container        # asked for
      shop-1        wait until it answers  # asked for
      shop-2        start container        # asked for
      shop-2        wait until it answers  # asked for

    shop: 2 changes in 1 stage
    pause
      shop-1  pause container  # asked for
      shop-2  pause container  # asked for

    shop: 3 changes in 1 stage
    restart
      shop-2  unpause container      # asked for
      shop-2  stop container         # asked for
      shop-2  start container        # asked for
      shop-2  wait until it answers  # asked for
    ");
    repair(&world, &topology).await;
}
