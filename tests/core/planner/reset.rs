//! Plans of `reset` as text. Following a plan must leave every server empty, and as `up` left it.

use super::*;

/// The plans of a reset, until the plan is empty. All servers are empty then.
async fn reset(world: &World, topology: &Topology) -> String {
    let plans = converge(world, topology, RESET).await;
    settle().await;
    assert_ready(world, topology);
    for node in topology.servers() {
        assert_eq!(world.keys(&node.name), 0, "{}", node.name);
    }
    assert!(plan(world, topology, SWAP).is_empty(), "a reset leaves nothing to `up`");
    plans.iter().map(ToString::to_string).collect()
}

#[tokio::test(start_paused = true)]
async fn only_servers_with_data_are_emptied() {
    let topology = topology(CLUSTER);
    let world = up(&topology).await;
    world.put_keys(&node(&topology, 1), 1);
    world.put_keys(&node(&topology, 3), 1000);
    settle().await;
    assert!(plan(&world, &topology, RESET).touches_only_data());
    assert_snapshot!(reset(&world, &topology).await, @r"
    shop: 2 changes in 2 stages
    empty
      shop-1  remove keys                     # holds 1 key
      shop-3  remove keys                     # holds 1000 keys
    emptied
      shop    wait until all nodes are empty  # changed by earlier steps
    ");
}

#[tokio::test(start_paused = true)]
async fn an_empty_deployment_needs_nothing() {
    for yaml in [CLUSTER, REPLICATION, "kind: sentinel", "kind: standalone"] {
        let topology = topology(yaml);
        let world = up(&topology).await;
        assert!(plan(&world, &topology, RESET).is_empty(), "{yaml}");
    }
}
