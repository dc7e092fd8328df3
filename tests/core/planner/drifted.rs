//! Plans for deployments that people or accidents have changed, and that following them helps.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_container_that_ended_is_started() {
    let topology = topology(CLUSTER);
    let world = up(&topology).await;
    world.stop_container(&node(&topology, 5));
    assert_snapshot!(repair(&world, &topology).await, @"
    shop: 1 change in 1 stage
    start
      shop-5  start container        # not running
      shop-5  wait until it answers  # not running
    then look again: what the servers say once they run decides what else is needed
    shop: 13 changes in 5 stages
    hasten
      shop-1  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is mended
      shop-2  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is mended
      shop-3  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is mended
      shop-4  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is mended
      shop-5  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is mended
      shop-6  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is mended
    agree
      shop    wait until all nodes agree                                  # shop-5 says that the cluster is down
    announce replicas
      shop-2  write a short-lived key                                     # a replica that saw no write is not listed
    ready
      shop    wait until all nodes agree and list every replica           # shop-2 hears nothing from its replica shop-5
    usual settings
      shop-1  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is mended
      shop-2  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is mended
      shop-3  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is mended
      shop-4  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is mended
      shop-5  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is mended
      shop-6  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is mended
    ");
}

#[tokio::test(start_paused = true)]
async fn a_paused_container_goes_on() {
    let topology = topology(CLUSTER);
    let world = up(&topology).await;
    world.pause(&node(&topology, 2));
    settle().await;
    assert_snapshot!(repair(&world, &topology).await, @r"
    shop: 1 change in 1 stage
    start
      shop-2  unpause container      # paused
      shop-2  wait until it answers  # paused
    then look again: what the servers say once they run decides what else is needed
    shop: 0 changes in 1 stage
    ready
      shop  wait until all nodes agree and list every replica  # shop-1 thinks that shop-2 is down
    ");
}

#[tokio::test(start_paused = true)]
async fn a_removed_container_is_made_again_with_its_identity() {
    let topology = topology(CLUSTER);
    let world = up(&topology).await;
    world.remove_container(&node(&topology, 2));
    settle().await;
    assert_snapshot!(repair(&world, &topology).await, @"
    shop: 3 changes in 2 stages
    containers
      shop-2  create container, image redis:8, address 172.30.0.12:7002  # not found
      shop-2  write files of shop-2                                      # new
    start
      shop-2  start container                                            # new
      shop-2  wait until it answers                                      # new
    then look again: what the servers say once they run decides what else is needed
    shop: 0 changes in 1 stage
    ready
      shop  wait until all nodes agree and list every replica  # shop-1 thinks that shop-2 is down
    ");
}

#[tokio::test(start_paused = true)]
async fn a_lost_network_is_made_again() {
    let topology = topology(REPLICATION);
    let world = up(&topology).await;
    world.lose_network();
    assert_snapshot!(repair(&world, &topology).await, @r"
    shop: 3 changes in 3 stages
    network and volumes
      shop    create network, subnet 172.30.0.0/24  # not found
    start primary
      shop-1  attach to the network at 172.30.0.11  # detached from the network
      shop-1  wait until it answers                 # does not answer: connection refused
    start replicas
      shop-2  attach to the network at 172.30.0.12  # detached from the network
      shop-2  wait until it answers                 # does not answer: connection refused
    then look again: what the servers say once they run decides what else is needed
    ");
}

#[tokio::test(start_paused = true)]
async fn a_slot_without_an_owner_is_assigned() {
    let topology = topology(CLUSTER);
    let world = up(&topology).await;
    let slots: SlotSet = [0, 1, 7].into_iter().collect();
    world.drop_slots(&node(&topology, 1), &slots);
    assert_snapshot!(repair(&world, &topology).await, @r"
    shop: 1 change in 2 stages
    slots
      shop-1  assign slots 0-1,7                                 # slots 0-1,7 unassigned
    ready
      shop    wait until all nodes agree and list every replica  # changed by the steps before
    ");
}

#[tokio::test(start_paused = true)]
async fn a_primary_that_was_reset_comes_back_as_the_replica_of_who_has_its_keys() {
    let topology = topology(CLUSTER);
    let world = up(&topology).await;
    world.put_keys(&node(&topology, 2), 100);
    settle().await;
    world.reset(&node(&topology, 2));
    settle().await;
    assert_snapshot!(repair(&world, &topology).await, @"
    shop: 27 changes in 10 stages
    hasten
      shop-1  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is mended
      shop-2  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is mended
      shop-3  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is mended
      shop-4  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is mended
      shop-5  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is mended
      shop-6  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is mended
    take over
      shop-5  take over from its primary                                  # replicates a node that is gone
    forget
      shop-1  forget 3c6ef372                                             # knows node 3c6ef372, which is not of this deployment
      shop-3  forget 3c6ef372                                             # knows node 3c6ef372, which is not of this deployment
      shop-4  forget 3c6ef372                                             # knows node 3c6ef372, which is not of this deployment
      shop-6  forget 3c6ef372                                             # knows node 3c6ef372, which is not of this deployment
    slots
      shop-2  set config epoch 11                                         # new
    meet
      shop-1  meet shop-2                                                 # shop-2 not known
      shop-2  meet shop-1 … shop-6 (5 nodes)                              # shop-1 … shop-6 (5 nodes) not known
      shop-3  meet shop-2                                                 # shop-2 not known
      shop-4  meet shop-2                                                 # shop-2 not known
      shop-5  meet shop-2                                                 # shop-2 not known
      shop-6  meet shop-2                                                 # shop-2 not known
      shop-2  replicate shop-5                                            # is a primary without slots
    forget
      shop-5  forget 3c6ef372                                             # knows node 3c6ef372, which is not of this deployment
    agree
      shop    wait until all nodes agree                                  # changed by the steps before
    announce replicas
      shop-5  write a short-lived key                                     # a replica that saw no write is not listed
    ready
      shop    wait until all nodes agree and list every replica           # changed by the steps before
    usual settings
      shop-1  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is mended
      shop-2  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is mended
      shop-3  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is mended
      shop-4  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is mended
      shop-5  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is mended
      shop-6  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is mended
    note: roles are swapped, and stay so: shop-5 is primary in the place of shop-2
    ");
    assert_eq!(world.keys(&node(&topology, 5)), 100);
}

#[tokio::test(start_paused = true)]
async fn a_primary_without_replica_that_was_reset_gets_its_slots_back() {
    let topology = topology("{kind: cluster, replicas: 0}");
    let world = up(&topology).await;
    world.reset(&node(&topology, 3));
    settle().await;
    assert_snapshot!(repair(&world, &topology).await, @r"
    shop: 7 changes in 4 stages
    forget
      shop-1  forget daa66d2c                                    # knows node daa66d2c, which is not of this deployment
      shop-2  forget daa66d2c                                    # knows node daa66d2c, which is not of this deployment
    slots
      shop-3  set config epoch 6                                 # new
      shop-3  assign slots 10923-16383                           # slots 10923-16383 unassigned
    meet
      shop-1  meet shop-3                                        # shop-3 not known
      shop-2  meet shop-3                                        # shop-3 not known
      shop-3  meet shop-1, shop-2                                # shop-1, shop-2 not known
    ready
      shop    wait until all nodes agree and list every replica  # changed by the steps before
    ");
}

#[tokio::test(start_paused = true)]
async fn a_replica_that_was_reset_is_met_and_replicates_again() {
    let topology = topology("{kind: cluster, replicas: 2}");
    let world = up(&topology).await;
    world.reset(&node(&topology, 4));
    settle().await;
    assert_snapshot!(repair(&world, &topology).await, @"
    shop: 38 changes in 8 stages
    hasten
      shop-1  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is mended
      shop-2  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is mended
      shop-3  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is mended
      shop-4  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is mended
      shop-5  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is mended
      shop-6  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is mended
      shop-7  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is mended
      shop-8  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is mended
      shop-9  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is mended
    forget
      shop-1  forget 78dde6e5                                             # knows node 78dde6e5, which is not of this deployment
      shop-2  forget 78dde6e5                                             # knows node 78dde6e5, which is not of this deployment
      shop-3  forget 78dde6e5                                             # knows node 78dde6e5, which is not of this deployment
      shop-5  forget 78dde6e5                                             # knows node 78dde6e5, which is not of this deployment
      shop-6  forget 78dde6e5                                             # knows node 78dde6e5, which is not of this deployment
      shop-7  forget 78dde6e5                                             # knows node 78dde6e5, which is not of this deployment
      shop-8  forget 78dde6e5                                             # knows node 78dde6e5, which is not of this deployment
      shop-9  forget 78dde6e5                                             # knows node 78dde6e5, which is not of this deployment
    slots
      shop-4  set config epoch 16                                         # new
    meet
      shop-1  meet shop-4                                                 # shop-4 not known
      shop-2  meet shop-4                                                 # shop-4 not known
      shop-3  meet shop-4                                                 # shop-4 not known
      shop-4  meet shop-1 … shop-9 (8 nodes)                              # shop-1 … shop-9 (8 nodes) not known
      shop-5  meet shop-4                                                 # shop-4 not known
      shop-6  meet shop-4                                                 # shop-4 not known
      shop-7  meet shop-4                                                 # shop-4 not known
      shop-8  meet shop-4                                                 # shop-4 not known
      shop-9  meet shop-4                                                 # shop-4 not known
      shop-4  replicate shop-1                                            # is a primary without slots
    agree
      shop    wait until all nodes agree                                  # changed by the steps before
    announce replicas
      shop-1  write a short-lived key                                     # a replica that saw no write is not listed
    ready
      shop    wait until all nodes agree and list every replica           # changed by the steps before
    usual settings
      shop-1  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is mended
      shop-2  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is mended
      shop-3  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is mended
      shop-4  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is mended
      shop-5  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is mended
      shop-6  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is mended
      shop-7  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is mended
      shop-8  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is mended
      shop-9  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is mended
    ");
}

#[tokio::test(start_paused = true)]
async fn a_setting_that_was_changed_at_run_time_is_set_back() {
    let topology = topology("{kind: standalone, config: {maxmemory: 64mb}}");
    let world = up(&topology).await;
    world.configure(&node(&topology, 1), "maxmemory", "1048576");
    assert_snapshot!(repair(&world, &topology).await, @r"
    shop: 1 change in 1 stage
    settings
      shop-1  set maxmemory 64mb  # maxmemory is `1048576`, not `64mb`
    ");
}

#[tokio::test(start_paused = true)]
async fn a_replica_that_was_promoted_by_hand_follows_again() {
    let topology = topology("{kind: replication, replicas: 2}");
    let world = up(&topology).await;
    world.promote(&node(&topology, 3));
    assert_snapshot!(repair(&world, &topology).await, @"
    shop: 8 changes in 5 stages
    hasten
      shop-1  set repl-diskless-sync-delay 0         # while it is mended
      shop-2  set repl-diskless-sync-delay 0         # while it is mended
      shop-3  set repl-diskless-sync-delay 0         # while it is mended
    replication
      shop-3  follow 172.30.0.11:7001                # is a primary of its own
    files
      shop-1  write files of shop-1, shop-2, shop-3  # roles swapped
    ready
      shop    wait until all replicas follow         # changed by the steps before
    usual settings
      shop-1  set repl-diskless-sync-delay 5         # while it is mended
      shop-2  set repl-diskless-sync-delay 5         # while it is mended
      shop-3  set repl-diskless-sync-delay 5         # while it is mended
    ");
}

#[tokio::test(start_paused = true)]
async fn swapped_roles_are_accepted() {
    for yaml in [CLUSTER, REPLICATION] {
        let topology = topology(yaml);
        let world = up(&topology).await;
        let (primary, replica) = (&topology.shards[0].primary.name, &topology.shards[0].replicas[0].name);
        if topology.kind == Kind::Cluster {
            world.take_over(replica);
        } else {
            world.promote(replica);
            world.follow(primary, replica);
        }
        settle().await;
        assert_eq!(primary_of(&world, &topology.shards[0]), *replica);
        assert!(plan(&world, &topology, SWAP).is_empty(), "{yaml}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_restart_of_the_old_primary_after_swapped_roles_costs_no_keys() {
    let topology = topology(REPLICATION);
    let world = up(&topology).await;
    let (old, new) = (node(&topology, 1), node(&topology, 2));
    world.promote(&new);
    world.follow(&old, &new);
    settle().await;
    world.put_keys(&new, 10);
    world.stop_container(&old);
    assert_snapshot!(repair(&world, &topology).await, @"
    shop: 1 change in 1 stage
    start primary
      shop-1  start container        # not running
      shop-1  wait until it answers  # not running
    then look again: what the servers say once they run decides what else is needed
    shop: 6 changes in 5 stages
    hasten
      shop-1  set repl-diskless-sync-delay 0                 # while it is mended
      shop-2  set repl-diskless-sync-delay 0                 # while it is mended
    replication
      shop-1  follow 172.30.0.12:7002                        # is a primary of its own
    files
      shop-2  write files of shop-1, shop-2, primary shop-2  # roles swapped
    ready
      shop    wait until all replicas follow                 # changed by the steps before
    usual settings
      shop-1  set repl-diskless-sync-delay 5                 # while it is mended
      shop-2  set repl-diskless-sync-delay 5                 # while it is mended
    note: roles are swapped, and stay so: shop-2 is primary in the place of shop-1
    ");
    assert_eq!((world.keys(&old), world.keys(&new)), (10, 10));
}

#[tokio::test(start_paused = true)]
async fn a_primary_that_ended_is_succeeded_by_who_has_its_keys() {
    for yaml in [CLUSTER, "{kind: replication, replicas: 2}"] {
        for remove in [false, true] {
            let topology = topology(yaml);
            let world = up(&topology).await;
            let primary = node(&topology, 1);
            world.put_keys(&primary, 100);
            settle().await;
            if remove {
                world.remove_container(&primary);
            } else {
                world.stop_container(&primary);
            }
            let plans = repair(&world, &topology).await;
            assert_eq!(world.keys(&primary_of(&world, &topology.shards[0])), 100, "{plans}");
            assert_eq!(world.keys(&primary), 100, "{plans}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_replica_that_was_forgotten_comes_back_under_another_id() {
    let topology = topology("{kind: cluster, shards: 1, replicas: 2}");
    let world = up(&topology).await;
    world.forget(&node(&topology, 1), &node(&topology, 3));
    world.forget(&node(&topology, 2), &node(&topology, 3));
    settle().await;
    assert_snapshot!(repair(&world, &topology).await, @"
    shop: 13 changes in 8 stages
    hasten
      shop-1  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is mended
      shop-2  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is mended
      shop-3  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is mended
    reset
      shop-3  reset, with its copy of the keys                            # forgotten by others
    slots
      shop-3  set config epoch 7                                          # new
    meet
      shop-1  meet shop-3                                                 # shop-3 not known
      shop-2  meet shop-3                                                 # shop-3 not known
      shop-3  meet shop-1, shop-2                                         # shop-1, shop-2 not known
      shop-3  replicate shop-1                                            # new
    agree
      shop    wait until all nodes agree                                  # changed by the steps before
    announce replicas
      shop-1  write a short-lived key                                     # a replica that saw no write is not listed
    ready
      shop    wait until all nodes agree and list every replica           # changed by the steps before
    usual settings
      shop-1  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is mended
      shop-2  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is mended
      shop-3  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is mended
    ");
}

#[tokio::test(start_paused = true)]
async fn a_primary_that_is_kept_out_comes_back_as_the_replica_of_who_has_its_keys() {
    let topology = topology(CLUSTER);
    let world = up(&topology).await;
    world.put_keys(&node(&topology, 2), 100);
    settle().await;
    world.forget_everywhere(&node(&topology, 2));
    settle().await;
    assert_snapshot!(repair(&world, &topology).await, @"
    shop: 24 changes in 10 stages
    hasten
      shop-1  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is mended
      shop-2  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is mended
      shop-3  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is mended
      shop-4  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is mended
      shop-5  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is mended
      shop-6  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is mended
    hand over
      shop-2  hand over to shop-5                                         # forgotten by others
    reset
      shop-2  reset, with its copy of the keys                            # forgotten by others
    slots
      shop-2  set config epoch 11                                         # new
    meet
      shop-1  meet shop-2                                                 # shop-2 not known
      shop-2  meet shop-1 … shop-6 (5 nodes)                              # shop-1 … shop-6 (5 nodes) not known
      shop-3  meet shop-2                                                 # shop-2 not known
      shop-4  meet shop-2                                                 # shop-2 not known
      shop-5  meet shop-2                                                 # shop-2 not known
      shop-6  meet shop-2                                                 # shop-2 not known
      shop-2  replicate shop-5                                            # new
    forget
      shop-5  forget 3c6ef372                                             # knows a node at 172.30.0.12:7002, which is not of this deployment
    agree
      shop    wait until all nodes agree                                  # changed by the steps before
    announce replicas
      shop-5  write a short-lived key                                     # a replica that saw no write is not listed
    ready
      shop    wait until all nodes agree and list every replica           # changed by the steps before
    usual settings
      shop-1  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is mended
      shop-2  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is mended
      shop-3  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is mended
      shop-4  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is mended
      shop-5  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is mended
      shop-6  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is mended
    note: roles are swapped, and stay so: shop-5 is primary in the place of shop-2
    ");
    assert_eq!(world.keys(&node(&topology, 5)), 100);
    assert_eq!(world.keys(&node(&topology, 2)), 100);
}

#[tokio::test(start_paused = true)]
async fn a_primary_that_is_kept_out_and_has_no_replica_is_met_until_it_stays_known() {
    let topology = topology("{kind: cluster, replicas: 0}");
    let world = up(&topology).await;
    world.forget_everywhere(&node(&topology, 3));
    settle().await;
    assert_snapshot!(repair(&world, &topology).await, @"
    shop: 8 changes in 4 stages
    hasten
      shop-1  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is mended
      shop-2  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is mended
      shop-3  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is mended
    meet
      shop-1  meet shop-3, until it stays known: up to a minute           # forgotten by others
      shop-2  meet shop-3, until it stays known: up to a minute           # forgotten by others
    ready
      shop    wait until all nodes agree and list every replica           # changed by the steps before
    usual settings
      shop-1  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is mended
      shop-2  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is mended
      shop-3  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is mended
    ");
}

#[tokio::test(start_paused = true)]
async fn a_takeover_that_nobody_has_heard_of_yet_is_no_obstacle() {
    let topology = topology("{kind: cluster, replicas: 2}");
    let world = up(&topology).await;
    world.take_over(&node(&topology, 4));
    assert_snapshot!(repair(&world, &topology).await, @"
    shop: 20 changes in 6 stages
    hasten
      shop-1  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is mended
      shop-2  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is mended
      shop-3  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is mended
      shop-4  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is mended
      shop-5  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is mended
      shop-6  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is mended
      shop-7  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is mended
      shop-8  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is mended
      shop-9  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is mended
    replicate
      shop-7  replicate shop-4                                            # replicates shop-1
    agree
      shop    wait until all nodes agree                                  # changed by the steps before
    announce replicas
      shop-4  write a short-lived key                                     # a replica that saw no write is not listed
    ready
      shop    wait until all nodes agree and list every replica           # changed by the steps before
    usual settings
      shop-1  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is mended
      shop-2  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is mended
      shop-3  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is mended
      shop-4  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is mended
      shop-5  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is mended
      shop-6  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is mended
      shop-7  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is mended
      shop-8  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is mended
      shop-9  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is mended
    note: roles are swapped, and stay so: shop-4 is primary in the place of shop-1
    ");
}

#[tokio::test(start_paused = true)]
async fn containers_that_are_all_gone_come_back_with_their_identities() {
    let topology = topology(CLUSTER);
    let world = up(&topology).await;
    topology.nodes().iter().for_each(|node| world.remove_container(&node.name));
    let plans = converge(&world, &topology, SWAP).await;
    assert_ready(&world, &topology);
    assert!(!plans.iter().any(redisctl::plan::Plan::swaps_roles));
}

#[tokio::test(start_paused = true)]
async fn kept_volumes_bring_their_cluster_back() {
    let topology = topology("{kind: cluster, data: volume}");
    let world = up(&topology).await;
    world.put_keys(&node(&topology, 1), 10);
    world.take_down(&topology);
    let moved = crate::rig::topology("{kind: cluster, data: volume, network: {subnet: 10.9.0.0/24}}");
    converge(&world, &moved, SWAP).await;
    assert_ready(&world, &moved);
    assert_eq!(world.keys(&primary_of(&world, &moved.shards[0])), 10);
}

#[tokio::test(start_paused = true)]
async fn an_image_that_is_gone_behind_running_containers_is_not_pulled() {
    let topology = topology("kind: standalone");
    let world = up(&topology).await;
    world.lose_image();
    assert!(plan(&world, &topology, SWAP).is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_half_formed_cluster_is_taken_up_calmly() {
    let topology = topology(CLUSTER);
    let world = World::new();
    let first = plan(&world, &topology, SWAP);
    let before: usize = first
        .stages
        .iter()
        .take_while(|stage| stage.name != "take over")
        .map(|stage| stage.steps.len())
        .sum();
    run_and_stop(&world, &topology, &first, before).await;
    let next = plan(&world, &topology, SWAP);
    let hasten = next.stages.first().expect("it is not done");
    assert_eq!((hasten.name, hasten.steps.len()), ("hasten", 6), "{next}");
    converge(&world, &topology, SWAP).await;
    assert_ready(&world, &topology);
}
