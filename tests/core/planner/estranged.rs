//! Plans for clusters whose nodes do not know each other, or whose slots have wrong owners.

use redisctl::plan::{Action, ServerAction};

use super::*;

#[tokio::test(start_paused = true)]
async fn a_slot_without_an_owner_is_assigned() {
    let topology = topology(CLUSTER);
    let world = up(&topology).await;
    let slots: SlotSet = [0, 1, 7].into_iter().collect();
    world.drop_slots(&node(&topology, 1), &slots);
    assert_snapshot!(repair(&world, &topology).await, @"
    shop: 1 change in 2 stages
    slots
      shop-1  assign slots 0-1,7                                 # slots 0-1,7 unassigned
    ready
      shop    wait until all nodes agree and list every replica  # changed by earlier steps
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
      shop-1  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is repaired
      shop-2  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is repaired
      shop-3  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is repaired
      shop-4  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is repaired
      shop-5  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is repaired
      shop-6  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is repaired
    take over
      shop-5  take over from its primary                                  # replicates a node that is gone
    forget
      shop-1  forget 3c6ef372                                             # knows node 3c6ef372, which is not of this deployment
      shop-3  forget 3c6ef372                                             # knows node 3c6ef372, which is not of this deployment
      shop-4  forget 3c6ef372                                             # knows node 3c6ef372, which is not of this deployment
      shop-6  forget 3c6ef372                                             # knows node 3c6ef372, which is not of this deployment
    slots
      shop-2  set config epoch 16                                         # new
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
      shop    wait until all nodes agree                                  # changed by earlier steps
    announce replicas
      shop-5  make its replicas known                                     # clients see a replica after its first write
    ready
      shop    wait until all nodes agree and list every replica           # changed by earlier steps
    usual settings
      shop-1  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is repaired
      shop-2  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is repaired
      shop-3  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is repaired
      shop-4  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is repaired
      shop-5  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is repaired
      shop-6  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is repaired
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
    assert_snapshot!(repair(&world, &topology).await, @"
    shop: 7 changes in 4 stages
    forget
      shop-1  forget daa66d2c                                    # knows node daa66d2c, which is not of this deployment
      shop-2  forget daa66d2c                                    # knows node daa66d2c, which is not of this deployment
    slots
      shop-3  set config epoch 8                                 # new
      shop-3  assign slots 10923-16383                           # slots 10923-16383 unassigned
    meet
      shop-1  meet shop-3                                        # shop-3 not known
      shop-2  meet shop-3                                        # shop-3 not known
      shop-3  meet shop-1, shop-2                                # shop-1, shop-2 not known
    ready
      shop    wait until all nodes agree and list every replica  # changed by earlier steps
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
      shop-1  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is repaired
      shop-2  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is repaired
      shop-3  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is repaired
      shop-4  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is repaired
      shop-5  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is repaired
      shop-6  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is repaired
      shop-7  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is repaired
      shop-8  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is repaired
      shop-9  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is repaired
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
      shop-4  set config epoch 24                                         # new
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
      shop    wait until all nodes agree                                  # changed by earlier steps
    announce replicas
      shop-1  make its replicas known                                     # clients see a replica after its first write
    ready
      shop    wait until all nodes agree and list every replica           # changed by earlier steps
    usual settings
      shop-1  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is repaired
      shop-2  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is repaired
      shop-3  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is repaired
      shop-4  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is repaired
      shop-5  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is repaired
      shop-6  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is repaired
      shop-7  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is repaired
      shop-8  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is repaired
      shop-9  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is repaired
    ");
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
      shop-1  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is repaired
      shop-2  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is repaired
      shop-3  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is repaired
    reset
      shop-3  reset, and drop its copy of the keys                        # forgotten by others
    slots
      shop-3  set config epoch 9                                          # new
    meet
      shop-1  meet shop-3                                                 # shop-3 not known
      shop-2  meet shop-3                                                 # shop-3 not known
      shop-3  meet shop-1, shop-2                                         # shop-1, shop-2 not known
      shop-3  replicate shop-1                                            # new
    agree
      shop    wait until all nodes agree                                  # changed by earlier steps
    announce replicas
      shop-1  make its replicas known                                     # clients see a replica after its first write
    ready
      shop    wait until all nodes agree and list every replica           # changed by earlier steps
    usual settings
      shop-1  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is repaired
      shop-2  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is repaired
      shop-3  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is repaired
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
      shop-1  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is repaired
      shop-2  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is repaired
      shop-3  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is repaired
      shop-4  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is repaired
      shop-5  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is repaired
      shop-6  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is repaired
    hand over
      shop-2  hand over to shop-5                                         # forgotten by others
    reset
      shop-2  reset, and drop its copy of the keys                        # forgotten by others
    slots
      shop-2  set config epoch 16                                         # new
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
      shop    wait until all nodes agree                                  # changed by earlier steps
    announce replicas
      shop-5  make its replicas known                                     # clients see a replica after its first write
    ready
      shop    wait until all nodes agree and list every replica           # changed by earlier steps
    usual settings
      shop-1  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is repaired
      shop-2  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is repaired
      shop-3  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is repaired
      shop-4  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is repaired
      shop-5  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is repaired
      shop-6  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is repaired
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
      shop-1  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is repaired
      shop-2  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is repaired
      shop-3  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is repaired
    meet
      shop-1  meet shop-3 again until it stays known, for up to a minute  # forgotten by others
      shop-2  meet shop-3 again until it stays known, for up to a minute  # forgotten by others
    ready
      shop    wait until all nodes agree and list every replica           # changed by earlier steps
    usual settings
      shop-1  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is repaired
      shop-2  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is repaired
      shop-3  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is repaired
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
      shop-1  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is repaired
      shop-2  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is repaired
      shop-3  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is repaired
      shop-4  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is repaired
      shop-5  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is repaired
      shop-6  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is repaired
      shop-7  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is repaired
      shop-8  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is repaired
      shop-9  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is repaired
    replicate
      shop-7  replicate shop-4                                            # replicates shop-1
    agree
      shop    wait until all nodes agree                                  # changed by earlier steps
    announce replicas
      shop-4  make its replicas known                                     # clients see a replica after its first write
    ready
      shop    wait until all nodes agree and list every replica           # changed by earlier steps
    usual settings
      shop-1  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is repaired
      shop-2  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is repaired
      shop-3  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is repaired
      shop-4  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is repaired
      shop-5  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is repaired
      shop-6  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is repaired
      shop-7  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is repaired
      shop-8  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is repaired
      shop-9  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is repaired
    note: roles are swapped, and stay so: shop-4 is primary in the place of shop-1
    ");
}

#[tokio::test(start_paused = true)]
async fn a_half_formed_cluster_is_taken_up_calmly() {
    let topology = topology(CLUSTER);
    let world = World::new();
    let first = plan(&world, &topology, SWAP);
    let before: usize =
        first.stages.iter().take_while(|stage| stage.name != "meet").map(|stage| stage.steps.len()).sum();
    run_and_stop(&world, &topology, &first, before).await;
    let next = plan(&world, &topology, SWAP);
    let hasten = next.stages.first().expect("it is not done");
    assert_eq!((hasten.name, hasten.steps.len()), ("hasten", 6), "{next}");
    converge(&world, &topology, SWAP).await;
    assert_ready(&world, &topology);
}

#[tokio::test(start_paused = true)]
async fn a_primary_that_others_have_a_higher_epoch_for_gets_a_new_one() {
    let topology = topology(CLUSTER);
    let world = up(&topology).await;
    world.set_epoch_back(&node(&topology, 2));
    settle().await;
    assert_snapshot!(repair(&world, &topology).await, @"
    shop: 1 change in 2 stages
    epochs
      shop-2  raise its config epoch                             # shop-1 has a higher config epoch for it
    ready
      shop    wait until all nodes agree and list every replica  # changed by earlier steps
    ");
}

#[tokio::test(start_paused = true)]
async fn a_node_that_is_just_being_introduced_is_not_taken_for_a_forgotten_one() {
    let topology = topology(CLUSTER);
    let world = up(&topology).await;
    for primary in 1..=3 {
        world.forget(&node(&topology, primary), &node(&topology, 5));
        world.introduce(&node(&topology, primary), &node(&topology, 5));
    }
    let plan = plan(&world, &topology, SWAP);
    assert!(!plan.steps().any(|step| step.action == Action::Server(ServerAction::Reset)), "{plan}");
}
