//! Plans for deployments with a changed number of replicas.

use super::*;

#[tokio::test(start_paused = true)]
async fn replicas_can_be_added() {
    changed_without_loss("{kind: cluster, replicas: 0}", CLUSTER).await;
    changed_without_loss(REPLICATION, "{kind: replication, replicas: 3}").await;
}

#[tokio::test(start_paused = true)]
async fn replicas_that_the_spec_does_not_have_any_more_leave() {
    let to = "{kind: cluster, replicas: 0}";
    assert_snapshot!(changed_without_loss(CLUSTER, to).await, @"
    shop: 13 changes in 4 stages
    files
      shop-1  write files of shop-1, shop-2, shop-3              # spec changed: settings
    remove
      shop-4  remove container                                   # not in the spec
      shop-5  remove container                                   # not in the spec
      shop-6  remove container                                   # not in the spec
    forget
      shop-1  forget 1715609f                                    # knows shop-5, which is not of this deployment
      shop-1  forget 78dde6e5                                    # knows shop-4, which is not of this deployment
      shop-1  forget b54cda58                                    # knows shop-6, which is not of this deployment
      shop-2  forget 1715609f                                    # knows shop-5, which is not of this deployment
      shop-2  forget 78dde6e5                                    # knows shop-4, which is not of this deployment
      shop-2  forget b54cda58                                    # knows shop-6, which is not of this deployment
      shop-3  forget 1715609f                                    # knows shop-5, which is not of this deployment
      shop-3  forget 78dde6e5                                    # knows shop-4, which is not of this deployment
      shop-3  forget b54cda58                                    # knows shop-6, which is not of this deployment
    ready
      shop    wait until all nodes agree and list every replica  # changed by earlier steps
    ");
}

#[tokio::test(start_paused = true)]
async fn replicas_come_back_after_they_left() {
    let (with, without) = (topology(CLUSTER), topology("{kind: cluster, replicas: 0}"));
    let world = up(&with).await;
    for topology in [&without, &with] {
        converge(&world, topology, SWAP).await;
        assert_ready(&world, topology);
    }
}

#[tokio::test(start_paused = true)]
async fn a_primary_that_leaves_hands_over_first() {
    let before = topology(CLUSTER);
    let world = up(&before).await;
    world.take_over(&node(&before, 4));
    settle().await;
    world.put_keys(&node(&before, 4), 100);
    settle().await;
    let after = topology("{kind: cluster, replicas: 0}");
    assert_snapshot!(repair(&world, &after).await, @"
    shop: 14 changes in 7 stages
    files
      shop-1  write files of shop-1, shop-2, shop-3              # spec changed: settings
    hand over
      shop-1  become primary by a failover                       # shop-4 leaves or is replaced
    let clients move on
      shop-4  wait until its clients have moved on               # not in the spec
    remove
      shop-4  remove container                                   # not in the spec
      shop-5  remove container                                   # not in the spec
      shop-6  remove container                                   # not in the spec
    forget
      shop-1  forget 1715609f                                    # knows shop-5, which is not of this deployment
      shop-1  forget b54cda58                                    # knows shop-6, which is not of this deployment
      shop-2  forget 1715609f                                    # knows shop-5, which is not of this deployment
      shop-2  forget 78dde6e5                                    # knows shop-4, which is not of this deployment
      shop-2  forget b54cda58                                    # knows shop-6, which is not of this deployment
      shop-3  forget 1715609f                                    # knows shop-5, which is not of this deployment
      shop-3  forget 78dde6e5                                    # knows shop-4, which is not of this deployment
      shop-3  forget b54cda58                                    # knows shop-6, which is not of this deployment
    forget
      shop-1  forget 78dde6e5                                    # knows shop-4, which is not of this deployment
    ready
      shop    wait until all nodes agree and list every replica  # changed by earlier steps
    ");
    assert_eq!(world.keys(&node(&after, 1)), 100);
}

#[tokio::test(start_paused = true)]
async fn a_primary_of_replicas_that_leaves_hands_over_first() {
    let before = topology("{kind: replication, replicas: 2, data: volume}");
    let world = up(&before).await;
    world.promote(&node(&before, 3));
    for number in [1, 2] {
        world.follow(&node(&before, number), &node(&before, 3));
    }
    settle().await;
    world.put_keys(&node(&before, 3), 100);
    settle().await;
    let after = topology("{kind: replication, data: volume}");
    assert_snapshot!(repair(&world, &after).await, @"
    shop: 10 changes in 7 stages
    files
      shop-1  write files of shop-1, shop-2            # spec changed: settings
    hasten
      shop-1  set repl-diskless-sync-delay 0           # while it is repaired
      shop-2  set repl-diskless-sync-delay 0           # while it is repaired
    replication
      shop-3  hand over to shop-1                      # leaves or is replaced later
      shop-2  follow 172.30.0.11:7001                  # follows 172.30.0.13:7003
    remove
      shop-3  remove container                         # not in the spec
      shop-3  remove volume shop-3-data with its data  # not in the spec
    files
      shop-1  write files of shop-1, shop-2            # roles swapped
    ready
      shop    wait until all replicas follow           # changed by earlier steps
    usual settings
      shop-1  set repl-diskless-sync-delay 5           # while it is repaired
      shop-2  set repl-diskless-sync-delay 5           # while it is repaired
    ");
    assert_eq!(world.keys(&node(&after, 1)), 100);
}
