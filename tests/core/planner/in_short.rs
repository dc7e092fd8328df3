//! Plans for the user: equal steps of many nodes share a line.

use super::*;

/// The lines of a screen.
const SCREEN: usize = 50;

/// The short text of a plan. It fits a screen.
fn in_short(world: &World, topology: &Topology) -> String {
    let plan = plan(world, topology, SWAP);
    let text = plan.listing_in_short().to_string();
    assert!(text.lines().count() <= SCREEN, "{text}");
    text
}

#[tokio::test(start_paused = true)]
async fn a_new_cluster_of_thirty_nodes() {
    let topology = topology("{kind: cluster, shards: 10, replicas: 2}");
    assert_snapshot!(in_short(&World::new(), &topology), @"
    shop: 260 changes in 8 stages
    network and volumes
      shop                            create volume shop-nodes                                    # not found
      shop                            create network, subnet 172.30.0.0/24                        # not found
    containers
      shop-1 … shop-30 (30 nodes)     create container, image redis:8, address 172.30.0.11:7001 … 172.30.0.40:7030  # not found
      shop-1                          write files of shop-1 … shop-30 (30 nodes)                  # new
    start
      shop-1 … shop-30 (30 nodes)     start container                                             # new
      shop-1 … shop-30 (30 nodes)     wait until it answers                                       # new
      shop-1 … shop-30 (30 nodes)     set cluster-allow-replica-migration no, cluster-node-timeout 500 and 4 more  # while forming
    slots
      shop-1 … shop-30 (30 nodes)     set config epoch 1 … 59                                     # new
      shop-11 … shop-20 (10 nodes)    assign slots 0-16383, a part to each                        # slots 0-16383 unassigned
    shards
      shop-1 … shop-30 (30 nodes)     meet 2 nodes each                                           # nodes not known
      shop-1 … shop-10, shop-21 … shop-30 (20 nodes)  replicate shop-11 … shop-20 (10 nodes)                      # new
      shop-1 … shop-10 (10 nodes)     wait until the replicas can take over                       # while forming
      shop-1 … shop-10 (10 nodes)     take over from its primary                                  # primary according to the spec
      shop-1 … shop-10 (10 nodes)     make its replicas known                                     # clients see a replica after its first write
    meet
      shop-2 … shop-10, shop-12 … shop-20, shop-22 … shop-30 (27 nodes)  meet 5 to 29 nodes each                                     # nodes not known
    ready
      shop                            wait until all nodes agree and list every replica           # new
    settings
      shop-1 … shop-30 (30 nodes)     set cluster-allow-replica-migration yes, cluster-node-timeout 15000 and 4 more  # while forming
    ");
}

#[tokio::test(start_paused = true)]
async fn another_image_for_a_cluster_of_thirty_nodes() {
    let world = up(&topology("{kind: cluster, shards: 10, replicas: 2}")).await;
    let after = topology("{kind: cluster, shards: 10, replicas: 2, image: 'redis:8.2'}");
    assert_snapshot!(in_short(&world, &after), @"
    shop: 161 changes in 11 stages
    files
      shop-1                        write files of shop-1 … shop-30 (30 nodes)                  # spec changed: settings
    prepare
      shop-1 … shop-10 (10 nodes)   set repl-diskless-sync-delay 0                              # while nodes are replaced
    replace replicas
      shop-11 … shop-20 (10 nodes)  stop container                                              # spec changed: image
      shop-11 … shop-20 (10 nodes)  remove container                                            # spec changed: image
      shop-11 … shop-20 (10 nodes)  create container, image redis:8.2, address 172.30.0.21:7011 … 172.30.0.30:7020  # spec changed: image
      shop-11 … shop-20 (10 nodes)  start container                                             # new
      shop-11 … shop-20 (10 nodes)  wait until it answers                                       # new
      shop-11 … shop-20 (10 nodes)  set repl-diskless-sync-delay 0                              # while nodes are replaced
    in sync
      shop                          wait until all nodes agree                                  # changed by earlier steps
    replace replicas
      shop-21 … shop-30 (10 nodes)  stop container                                              # spec changed: image
      shop-21 … shop-30 (10 nodes)  remove container                                            # spec changed: image
      shop-21 … shop-30 (10 nodes)  create container, image redis:8.2, address 172.30.0.31:7021 … 172.30.0.40:7030  # spec changed: image
      shop-21 … shop-30 (10 nodes)  start container                                             # new
      shop-21 … shop-30 (10 nodes)  wait until it answers                                       # new
    in sync
      shop                          wait until all nodes agree                                  # changed by earlier steps
    hand over
      shop-11 … shop-20 (10 nodes)  become primary by a failover                                # shop-1 … shop-10 (10 nodes) leave or are replaced
    replace primaries
      shop-1 … shop-10 (10 nodes)   stop container                                              # spec changed: image
      shop-1 … shop-10 (10 nodes)   remove container                                            # spec changed: image
      shop-1 … shop-10 (10 nodes)   create container, image redis:8.2, address 172.30.0.11:7001 … 172.30.0.20:7010  # spec changed: image
      shop-1 … shop-10 (10 nodes)   start container                                             # new
      shop-1 … shop-10 (10 nodes)   wait until it answers                                       # new
    in sync
      shop                          wait until all nodes agree                                  # changed by earlier steps
    settings
      shop-11 … shop-20 (10 nodes)  set repl-diskless-sync-delay 5                              # while nodes are replaced
    ready
      shop                          wait until all nodes agree and list every replica           # changed by earlier steps
    note: roles are swapped, and stay so: shop-11 … shop-20 (10 nodes) are primaries in the place of shop-1 … shop-10 (10 nodes)
    ");
}

#[tokio::test(start_paused = true)]
async fn another_image_for_a_primary_with_twenty_nine_replicas() {
    let world = up(&topology("{kind: replication, replicas: 29}")).await;
    let after = topology("{kind: replication, replicas: 29, image: 'redis:8.2'}");
    assert_snapshot!(in_short(&world, &after), @"
    shop: 154 changes in 65 stages
    files
      shop-1                       write files of shop-1 … shop-30 (30 nodes)                  # spec changed: settings
    prepare
      shop-1                       set repl-diskless-sync-delay 0                              # while nodes are replaced
    replace replicas
      shop-2                       stop container                                              # spec changed: image
      shop-2                       remove container                                            # spec changed: image
      shop-2                       create container, image redis:8.2, address 172.30.0.12:7002  # spec changed: image
      shop-2                       start container                                             # new
      shop-2                       wait until it answers                                       # new
      shop-2                       set repl-diskless-sync-delay 0                              # while nodes are replaced
    in sync and replace replicas, 28 times one after another
      shop                         wait until all replicas follow                              # changed by earlier steps
      shop-3 … shop-30 (28 nodes)  stop container                                              # spec changed: image
      shop-3 … shop-30 (28 nodes)  remove container                                            # spec changed: image
      shop-3 … shop-30 (28 nodes)  create container, image redis:8.2, address 172.30.0.13:7003 … 172.30.0.40:7030  # spec changed: image
      shop-3 … shop-30 (28 nodes)  start container                                             # new
      shop-3 … shop-30 (28 nodes)  wait until it answers                                       # new
    in sync
      shop                         wait until all replicas follow                              # changed by earlier steps
    hand over
      shop-1                       hand over to shop-2                                         # leaves or is replaced later
      shop-3 … shop-30 (28 nodes)  follow 172.30.0.12:7002                                     # shop-1 leaves or is replaced
      shop-2                       write files of shop-1 … shop-30 (30 nodes), primary shop-2  # roles swapped
    replace primaries
      shop-1                       stop container                                              # spec changed: image
      shop-1                       remove container                                            # spec changed: image
      shop-1                       create container, image redis:8.2, address 172.30.0.11:7001  # spec changed: image
      shop-1                       start container                                             # new
      shop-1                       wait until it answers                                       # new
    in sync
      shop                         wait until all replicas follow                              # changed by earlier steps
    settings
      shop-2                       set repl-diskless-sync-delay 5                              # while nodes are replaced
    ready
      shop                         wait until all replicas follow                              # changed by earlier steps
    note: roles are swapped, and stay so: shop-2 is primary in the place of shop-1
    ");
}

#[tokio::test(start_paused = true)]
async fn a_small_new_cluster_keeps_its_stages() {
    assert_snapshot!(in_short(&World::new(), &topology("{kind: cluster, data: volume}")), @"
    shop: 63 changes in 10 stages
    network and volumes
      shop                       create volume shop-nodes                                    # not found
      shop                       create network, subnet 172.30.0.0/24                        # not found
      shop-1 … shop-6 (6 nodes)  create volume shop-1-data … shop-6-data                     # not found
    containers
      shop-1 … shop-6 (6 nodes)  create container, image redis:8, address 172.30.0.11:7001 … 172.30.0.16:7006  # not found
      shop-1 … shop-6 (6 nodes)  prepare data folder                                         # new
      shop-1                     write files of shop-1 … shop-6 (6 nodes)                    # new
    start
      shop-1 … shop-6 (6 nodes)  start container                                             # new
      shop-1 … shop-6 (6 nodes)  wait until it answers                                       # new
      shop-1 … shop-6 (6 nodes)  set cluster-allow-replica-migration no, cluster-node-timeout 180 and 4 more  # while forming
    slots
      shop-1 … shop-6 (6 nodes)  set config epoch 1 … 11                                     # new
      shop-4 … shop-6 (3 nodes)  assign slots 0-16383, a part to each                        # slots 0-16383 unassigned
    meet
      shop-1 … shop-6 (6 nodes)  meet 5 nodes each                                           # nodes not known
      shop-1 … shop-3 (3 nodes)  replicate shop-4, shop-5, shop-6                            # new
    agree
      shop                       wait until the replicas can take over                       # while forming
    take over
      shop-1 … shop-3 (3 nodes)  take over from its primary                                  # primary according to the spec
    announce replicas
      shop-1 … shop-3 (3 nodes)  make its replicas known                                     # clients see a replica after its first write
    ready
      shop                       wait until all nodes agree and list every replica           # new
    settings
      shop-1 … shop-6 (6 nodes)  set cluster-allow-replica-migration yes, cluster-node-timeout 15000 and 4 more  # while forming
    ");
}
