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

#[tokio::test(start_paused = true)]
async fn the_specs_primary_of_a_shard_takes_over_again() {
    let topology = topology(CLUSTER);
    let world = up(&topology).await;
    world.take_over(&node(&topology, 5));
    settle().await;
    world.put_keys(&node(&topology, 5), 10);
    settle().await;
    assert_snapshot!(reset(&world, &topology).await, @r"
    shop: 2 changes in 4 stages
    empty
      shop-5  remove keys                                        # holds 10 keys
    emptied
      shop    wait until all nodes are empty                     # changed by earlier steps
    take over
      shop-2  take over from its primary                         # primary according to the spec
    agree
      shop    wait until all nodes agree and list every replica  # changed by earlier steps
    ");
    assert_eq!(primary_of(&world, &topology.shards[1]), node(&topology, 2));
}

#[tokio::test(start_paused = true)]
async fn the_specs_primary_gets_its_role_back_with_its_replicas() {
    let topology = topology("{kind: replication, replicas: 2}");
    let world = up(&topology).await;
    let [first, second, third] = [1, 2, 3].map(|number| node(&topology, number));
    world.promote(&second);
    world.follow(&first, &second);
    world.follow(&third, &second);
    settle().await;
    assert_snapshot!(reset(&world, &topology).await, @r"
    shop: 3 changes in 3 stages
    hand over
      shop-2  hand over to shop-1                    # primary according to the spec
      shop-3  follow 172.30.0.11:7001                # the spec has another primary
    files
      shop-1  write files of shop-1, shop-2, shop-3  # roles swapped
    in sync
      shop    wait until all replicas follow         # changed by earlier steps
    ");
    assert_eq!(primary_of(&world, &topology.shards[0]), first);
}

#[tokio::test(start_paused = true)]
async fn sentinels_choose_the_specs_primary_again() {
    let topology = topology("{kind: sentinel, replicas: 2}");
    let world = up(&topology).await;
    world.fail_over(&topology, &node(&topology, 3));
    settle().await;
    assert_snapshot!(reset(&world, &topology).await, @r"
    shop: 6 changes in 5 stages
    choice
      shop-2  set replica-priority 0                              # primary according to the spec
    sentinels
      shop-4  rediscover replicas and sentinels                   # primary according to the spec
      shop-5  rediscover replicas and sentinels                   # primary according to the spec
      shop-6  rediscover replicas and sentinels                   # primary according to the spec
    in sync
      shop    wait until all sentinels agree                      # changed by earlier steps
    hand over
      shop-3  hand over to the replica that the sentinels choose  # primary according to the spec
    usual settings
      shop-2  set replica-priority 100                            # primary according to the spec
    then plan again: the answers of the servers decide the further steps
    shop: 6 changes in 3 stages
    hasten
      shop-1  set repl-diskless-sync-delay 0  # while it is repaired
      shop-2  set repl-diskless-sync-delay 0  # while it is repaired
      shop-3  set repl-diskless-sync-delay 0  # while it is repaired
    ready
      shop    wait until all sentinels agree  # shop-1 does not see shop-2 online
    usual settings
      shop-1  set repl-diskless-sync-delay 5  # while it is repaired
      shop-2  set repl-diskless-sync-delay 5  # while it is repaired
      shop-3  set repl-diskless-sync-delay 5  # while it is repaired
    ");
    assert_eq!(primary_of(&world, &topology.shards[0]), node(&topology, 1));
}

#[tokio::test(start_paused = true)]
async fn moved_slots_return_and_open_slots_are_closed() {
    let topology = topology(CLUSTER);
    let world = up(&topology).await;
    let [first, second, third] = [1, 2, 3].map(|number| node(&topology, number));
    world.move_slots(&second, &(0..100).collect());
    world.open_slot(&third, 16000, &first);
    world.drop_slots(&third, &(12000..12010).collect());
    settle().await;
    world.put_keys(&second, 50);
    settle().await;
    assert_snapshot!(reset(&world, &topology).await, @r"
    shop: 4 changes in 5 stages
    empty
      shop-2  remove keys                                        # holds 50 keys
    emptied
      shop    wait until all nodes are empty                     # changed by earlier steps
    close slots
      shop-3  close slots 16000                                  # open slots
    slots
      shop-1  take back slots 0-99                               # shop-2 owns them
      shop-3  assign slots 12000-12009                           # slots 12000-12009 unassigned
    ready
      shop    wait until all nodes agree and list every replica  # changed by earlier steps
    ");
    for shard in &topology.shards {
        assert_eq!(world.slots(&shard.primary.name), shard.slots);
    }
}

#[tokio::test(start_paused = true)]
async fn a_shard_that_lost_all_slots_gets_them_back() {
    let topology = topology(CLUSTER);
    let world = up(&topology).await;
    world.move_slots(&node(&topology, 2), &topology.shards[0].slots);
    settle().await;
    assert!(world.is_replica(&node(&topology, 1)), "a primary without slots replicates the new owner");
    reset(&world, &topology).await;
    assert_eq!(primary_of(&world, &topology.shards[0]), node(&topology, 1));
}

#[tokio::test(start_paused = true)]
async fn nodes_that_do_not_run_run_again_without_their_keys() {
    let topology = topology(CLUSTER);
    let world = up(&topology).await;
    for number in 1..=3 {
        world.put_keys(&node(&topology, number), 10);
    }
    settle().await;
    world.stop_container(&node(&topology, 1));
    world.pause(&node(&topology, 5));
    reset(&world, &topology).await;
    assert_eq!(primary_of(&world, &topology.shards[0]), node(&topology, 1));
}

#[tokio::test(start_paused = true)]
async fn settings_and_users_of_clients_go_away() {
    let topology = topology("{kind: standalone, config: {maxmemory: 64mb}}");
    let world = up(&topology).await;
    let only = node(&topology, 1);
    world.configure(&only, "maxmemory", "1048576");
    world.configure(&only, "notify-keyspace-events", "KEA");
    world.configure(&only, "min-replicas-to-write", "3");
    world.set_user(&only, "guest", &["on", "nopass", "+get"]);
    world.put_keys(&only, 1);
    assert_snapshot!(reset(&world, &topology).await, @r#"
    shop: 4 changes in 5 stages
    keep users
      shop-1  write files of shop-1                                       # changed by earlier steps
    users
      shop-1  delete user guest                                           # user `guest` is not of the spec
    settings
      shop-1  set maxmemory 64mb, min-replicas-to-write 0, notify-keyspace-events ""  # maxmemory is `1048576`, not `64mb`, min-replicas-to-write is `3`, not `0`, notify-keyspace-events is `KEA`, not ``
    empty
      shop-1  remove keys                                                 # holds 1 key
    emptied
      shop    wait until all nodes are empty                              # changed by earlier steps
    "#);
}
