//! Plans for new deployments.

use super::*;

#[test]
fn standalone() {
    assert_snapshot!(new_plan("kind: standalone", SWAP), @"
    shop: 5 changes in 3 stages
    network and volumes
      shop    create volume shop-nodes                                   # not found
      shop    create network, subnet 172.30.0.0/24                       # not found
    containers
      shop-1  create container, image redis:8, address 172.30.0.11:7001  # not found
      shop-1  write files of shop-1                                      # new
    start
      shop-1  start container                                            # new
      shop-1  wait until it answers                                      # new
    ");
}

#[test]
fn without_the_image() {
    let world = World::new();
    world.lose_image();
    assert_snapshot!(plan(&world, &topology("kind: standalone"), SWAP), @"
    shop: 6 changes in 4 stages
    image
      shop    pull image redis:8                                         # not found
    network and volumes
      shop    create volume shop-nodes                                   # not found
      shop    create network, subnet 172.30.0.0/24                       # not found
    containers
      shop-1  create container, image redis:8, address 172.30.0.11:7001  # not found
      shop-1  write files of shop-1                                      # new
    start
      shop-1  start container                                            # new
      shop-1  wait until it answers                                      # new
    ");
}

#[test]
fn primary_with_two_replicas() {
    assert_snapshot!(new_plan("{kind: replication, replicas: 2}", SWAP), @"
    shop: 15 changes in 6 stages
    network and volumes
      shop    create volume shop-nodes                                    # not found
      shop    create network, subnet 172.30.0.0/24                        # not found
    containers
      shop-1  create container, image redis:8, address 172.30.0.11:7001   # not found
      shop-2  create container, image redis:8, address 172.30.0.12:7002   # not found
      shop-3  create container, image redis:8, address 172.30.0.13:7003   # not found
      shop-1  write files of shop-1, shop-2, shop-3                       # new
    start primary
      shop-1  start container                                             # new
      shop-1  wait until it answers                                       # new
      shop-1  set repl-diskless-sync-delay 0, repl-ping-replica-period 1  # while forming
    start replicas
      shop-2  start container                                             # new
      shop-2  wait until it answers                                       # new
      shop-2  set repl-diskless-sync-delay 0, repl-ping-replica-period 1  # while forming
      shop-3  start container                                             # new
      shop-3  wait until it answers                                       # new
      shop-3  set repl-diskless-sync-delay 0, repl-ping-replica-period 1  # while forming
    ready
      shop    wait until all replicas follow                              # new
    settings
      shop-1  set repl-diskless-sync-delay 5, repl-ping-replica-period 10  # while forming
      shop-2  set repl-diskless-sync-delay 5, repl-ping-replica-period 10  # while forming
      shop-3  set repl-diskless-sync-delay 5, repl-ping-replica-period 10  # while forming
    ");
}

#[test]
fn cluster_of_six_nodes() {
    assert_snapshot!(new_plan(CLUSTER, SWAP), @"
    shop: 51 changes in 10 stages
    network and volumes
      shop    create volume shop-nodes                                    # not found
      shop    create network, subnet 172.30.0.0/24                        # not found
    containers
      shop-1  create container, image redis:8, address 172.30.0.11:7001   # not found
      shop-2  create container, image redis:8, address 172.30.0.12:7002   # not found
      shop-3  create container, image redis:8, address 172.30.0.13:7003   # not found
      shop-4  create container, image redis:8, address 172.30.0.14:7004   # not found
      shop-5  create container, image redis:8, address 172.30.0.15:7005   # not found
      shop-6  create container, image redis:8, address 172.30.0.16:7006   # not found
      shop-1  write files of shop-1 … shop-6 (6 nodes)                    # new
    start
      shop-1  start container                                             # new
      shop-1  wait until it answers                                       # new
      shop-1  set cluster-allow-replica-migration no, cluster-node-timeout 180 and 4 more  # while forming
      shop-2  start container                                             # new
      shop-2  wait until it answers                                       # new
      shop-2  set cluster-allow-replica-migration no, cluster-node-timeout 180 and 4 more  # while forming
      shop-3  start container                                             # new
      shop-3  wait until it answers                                       # new
      shop-3  set cluster-allow-replica-migration no, cluster-node-timeout 180 and 4 more  # while forming
      shop-4  start container                                             # new
      shop-4  wait until it answers                                       # new
      shop-4  set cluster-allow-replica-migration no, cluster-node-timeout 180 and 4 more  # while forming
      shop-5  start container                                             # new
      shop-5  wait until it answers                                       # new
      shop-5  set cluster-allow-replica-migration no, cluster-node-timeout 180 and 4 more  # while forming
      shop-6  start container                                             # new
      shop-6  wait until it answers                                       # new
      shop-6  set cluster-allow-replica-migration no, cluster-node-timeout 180 and 4 more  # while forming
    slots
      shop-1  set config epoch 1                                          # new
      shop-2  set config epoch 3                                          # new
      shop-3  set config epoch 5                                          # new
      shop-4  set config epoch 7                                          # new
      shop-4  assign slots 0-5460                                         # slots 0-5460 unassigned
      shop-5  set config epoch 9                                          # new
      shop-5  assign slots 5461-10922                                     # slots 5461-10922 unassigned
      shop-6  set config epoch 11                                         # new
      shop-6  assign slots 10923-16383                                    # slots 10923-16383 unassigned
    meet
      shop-1  meet shop-2 … shop-6 (5 nodes)                              # shop-2 … shop-6 (5 nodes) not known
      shop-2  meet shop-1 … shop-6 (5 nodes)                              # shop-1 … shop-6 (5 nodes) not known
      shop-3  meet shop-1 … shop-6 (5 nodes)                              # shop-1 … shop-6 (5 nodes) not known
      shop-4  meet shop-1 … shop-6 (5 nodes)                              # shop-1 … shop-6 (5 nodes) not known
      shop-5  meet shop-1 … shop-6 (5 nodes)                              # shop-1 … shop-6 (5 nodes) not known
      shop-6  meet shop-1 … shop-5 (5 nodes)                              # shop-1 … shop-5 (5 nodes) not known
      shop-1  replicate shop-4                                            # new
      shop-2  replicate shop-5                                            # new
      shop-3  replicate shop-6                                            # new
    agree
      shop    wait until the replicas can take over                       # while forming
    take over
      shop-1  take over from its primary                                  # primary according to the spec
      shop-2  take over from its primary                                  # primary according to the spec
      shop-3  take over from its primary                                  # primary according to the spec
    announce replicas
      shop-1  make its replicas known                                     # clients see a replica after its first write
      shop-2  make its replicas known                                     # clients see a replica after its first write
      shop-3  make its replicas known                                     # clients see a replica after its first write
    ready
      shop    wait until all nodes agree and list every replica           # new
    settings
      shop-1  set cluster-allow-replica-migration yes, cluster-node-timeout 15000 and 4 more  # while forming
      shop-2  set cluster-allow-replica-migration yes, cluster-node-timeout 15000 and 4 more  # while forming
      shop-3  set cluster-allow-replica-migration yes, cluster-node-timeout 15000 and 4 more  # while forming
      shop-4  set cluster-allow-replica-migration yes, cluster-node-timeout 15000 and 4 more  # while forming
      shop-5  set cluster-allow-replica-migration yes, cluster-node-timeout 15000 and 4 more  # while forming
      shop-6  set cluster-allow-replica-migration yes, cluster-node-timeout 15000 and 4 more  # while forming
    ");
}

#[test]
fn cluster_of_six_nodes_the_plain_way() {
    assert_snapshot!(new_plan(CLUSTER, PLAIN), @"
    shop: 48 changes in 9 stages
    network and volumes
      shop    create volume shop-nodes                                    # not found
      shop    create network, subnet 172.30.0.0/24                        # not found
    containers
      shop-1  create container, image redis:8, address 172.30.0.11:7001   # not found
      shop-2  create container, image redis:8, address 172.30.0.12:7002   # not found
      shop-3  create container, image redis:8, address 172.30.0.13:7003   # not found
      shop-4  create container, image redis:8, address 172.30.0.14:7004   # not found
      shop-5  create container, image redis:8, address 172.30.0.15:7005   # not found
      shop-6  create container, image redis:8, address 172.30.0.16:7006   # not found
      shop-1  write files of shop-1 … shop-6 (6 nodes)                    # new
    start
      shop-1  start container                                             # new
      shop-1  wait until it answers                                       # new
      shop-1  set cluster-allow-replica-migration no, cluster-node-timeout 180 and 4 more  # while forming
      shop-2  start container                                             # new
      shop-2  wait until it answers                                       # new
      shop-2  set cluster-allow-replica-migration no, cluster-node-timeout 180 and 4 more  # while forming
      shop-3  start container                                             # new
      shop-3  wait until it answers                                       # new
      shop-3  set cluster-allow-replica-migration no, cluster-node-timeout 180 and 4 more  # while forming
      shop-4  start container                                             # new
      shop-4  wait until it answers                                       # new
      shop-4  set cluster-allow-replica-migration no, cluster-node-timeout 180 and 4 more  # while forming
      shop-5  start container                                             # new
      shop-5  wait until it answers                                       # new
      shop-5  set cluster-allow-replica-migration no, cluster-node-timeout 180 and 4 more  # while forming
      shop-6  start container                                             # new
      shop-6  wait until it answers                                       # new
      shop-6  set cluster-allow-replica-migration no, cluster-node-timeout 180 and 4 more  # while forming
    slots
      shop-1  set config epoch 1                                          # new
      shop-1  assign slots 0-5460                                         # slots 0-5460 unassigned
      shop-2  set config epoch 3                                          # new
      shop-2  assign slots 5461-10922                                     # slots 5461-10922 unassigned
      shop-3  set config epoch 5                                          # new
      shop-3  assign slots 10923-16383                                    # slots 10923-16383 unassigned
      shop-4  set config epoch 7                                          # new
      shop-5  set config epoch 9                                          # new
      shop-6  set config epoch 11                                         # new
    meet
      shop-1  meet shop-2 … shop-6 (5 nodes)                              # shop-2 … shop-6 (5 nodes) not known
      shop-2  meet shop-1 … shop-6 (5 nodes)                              # shop-1 … shop-6 (5 nodes) not known
      shop-3  meet shop-1 … shop-6 (5 nodes)                              # shop-1 … shop-6 (5 nodes) not known
      shop-4  meet shop-1 … shop-6 (5 nodes)                              # shop-1 … shop-6 (5 nodes) not known
      shop-5  meet shop-1 … shop-6 (5 nodes)                              # shop-1 … shop-6 (5 nodes) not known
      shop-6  meet shop-1 … shop-5 (5 nodes)                              # shop-1 … shop-5 (5 nodes) not known
      shop-4  replicate shop-1                                            # new
      shop-5  replicate shop-2                                            # new
      shop-6  replicate shop-3                                            # new
    agree
      shop    wait until all nodes agree                                  # new
    announce replicas
      shop-1  make its replicas known                                     # clients see a replica after its first write
      shop-2  make its replicas known                                     # clients see a replica after its first write
      shop-3  make its replicas known                                     # clients see a replica after its first write
    ready
      shop    wait until all nodes agree and list every replica           # new
    settings
      shop-1  set cluster-allow-replica-migration yes, cluster-node-timeout 15000 and 4 more  # while forming
      shop-2  set cluster-allow-replica-migration yes, cluster-node-timeout 15000 and 4 more  # while forming
      shop-3  set cluster-allow-replica-migration yes, cluster-node-timeout 15000 and 4 more  # while forming
      shop-4  set cluster-allow-replica-migration yes, cluster-node-timeout 15000 and 4 more  # while forming
      shop-5  set cluster-allow-replica-migration yes, cluster-node-timeout 15000 and 4 more  # while forming
      shop-6  set cluster-allow-replica-migration yes, cluster-node-timeout 15000 and 4 more  # while forming
    ");
}

#[test]
fn cluster_without_replicas() {
    assert_snapshot!(new_plan("{kind: cluster, replicas: 0}", SWAP), @"
    shop: 24 changes in 7 stages
    network and volumes
      shop    create volume shop-nodes                                    # not found
      shop    create network, subnet 172.30.0.0/24                        # not found
    containers
      shop-1  create container, image redis:8, address 172.30.0.11:7001   # not found
      shop-2  create container, image redis:8, address 172.30.0.12:7002   # not found
      shop-3  create container, image redis:8, address 172.30.0.13:7003   # not found
      shop-1  write files of shop-1, shop-2, shop-3                       # new
    start
      shop-1  start container                                             # new
      shop-1  wait until it answers                                       # new
      shop-1  set cluster-allow-replica-migration no, cluster-node-timeout 180 and 4 more  # while forming
      shop-2  start container                                             # new
      shop-2  wait until it answers                                       # new
      shop-2  set cluster-allow-replica-migration no, cluster-node-timeout 180 and 4 more  # while forming
      shop-3  start container                                             # new
      shop-3  wait until it answers                                       # new
      shop-3  set cluster-allow-replica-migration no, cluster-node-timeout 180 and 4 more  # while forming
    slots
      shop-1  set config epoch 1                                          # new
      shop-1  assign slots 0-5460                                         # slots 0-5460 unassigned
      shop-2  set config epoch 3                                          # new
      shop-2  assign slots 5461-10922                                     # slots 5461-10922 unassigned
      shop-3  set config epoch 5                                          # new
      shop-3  assign slots 10923-16383                                    # slots 10923-16383 unassigned
    meet
      shop-1  meet shop-2, shop-3                                         # shop-2, shop-3 not known
      shop-2  meet shop-1, shop-3                                         # shop-1, shop-3 not known
      shop-3  meet shop-1, shop-2                                         # shop-1, shop-2 not known
    ready
      shop    wait until all nodes agree and list every replica           # new
    settings
      shop-1  set cluster-allow-replica-migration yes, cluster-node-timeout 15000 and 4 more  # while forming
      shop-2  set cluster-allow-replica-migration yes, cluster-node-timeout 15000 and 4 more  # while forming
      shop-3  set cluster-allow-replica-migration yes, cluster-node-timeout 15000 and 4 more  # while forming
    ");
}

#[test]
fn cluster_of_one_shard() {
    assert_snapshot!(new_plan("{kind: cluster, shards: 1}", SWAP), @"
    shop: 19 changes in 10 stages
    network and volumes
      shop    create volume shop-nodes                                    # not found
      shop    create network, subnet 172.30.0.0/24                        # not found
    containers
      shop-1  create container, image redis:8, address 172.30.0.11:7001   # not found
      shop-2  create container, image redis:8, address 172.30.0.12:7002   # not found
      shop-1  write files of shop-1, shop-2                               # new
    start
      shop-1  start container                                             # new
      shop-1  wait until it answers                                       # new
      shop-1  set cluster-allow-replica-migration no, cluster-node-timeout 180 and 4 more  # while forming
      shop-2  start container                                             # new
      shop-2  wait until it answers                                       # new
      shop-2  set cluster-allow-replica-migration no, cluster-node-timeout 180 and 4 more  # while forming
    slots
      shop-1  set config epoch 1                                          # new
      shop-2  set config epoch 3                                          # new
      shop-2  assign slots 0-16383                                        # slots 0-16383 unassigned
    meet
      shop-1  meet shop-2                                                 # shop-2 not known
      shop-2  meet shop-1                                                 # shop-1 not known
      shop-1  replicate shop-2                                            # new
    agree
      shop    wait until the replicas can take over                       # while forming
    take over
      shop-1  take over from its primary                                  # primary according to the spec
    announce replicas
      shop-1  make its replicas known                                     # clients see a replica after its first write
    ready
      shop    wait until all nodes agree and list every replica           # new
    settings
      shop-1  set cluster-allow-replica-migration yes, cluster-node-timeout 15000 and 4 more  # while forming
      shop-2  set cluster-allow-replica-migration yes, cluster-node-timeout 15000 and 4 more  # while forming
    ");
}

#[test]
fn data_in_volumes() {
    assert_snapshot!(new_plan("{kind: replication, data: volume}", SWAP), @"
    shop: 15 changes in 6 stages
    network and volumes
      shop    create volume shop-nodes                                    # not found
      shop    create network, subnet 172.30.0.0/24                        # not found
      shop-1  create volume shop-1-data                                   # not found
      shop-2  create volume shop-2-data                                   # not found
    containers
      shop-1  create container, image redis:8, address 172.30.0.11:7001   # not found
      shop-2  create container, image redis:8, address 172.30.0.12:7002   # not found
      shop-1  prepare data folder                                         # new
      shop-2  prepare data folder                                         # new
      shop-1  write files of shop-1, shop-2                               # new
    start primary
      shop-1  start container                                             # new
      shop-1  wait until it answers                                       # new
      shop-1  set repl-diskless-sync-delay 0, repl-ping-replica-period 1  # while forming
    start replicas
      shop-2  start container                                             # new
      shop-2  wait until it answers                                       # new
      shop-2  set repl-diskless-sync-delay 0, repl-ping-replica-period 1  # while forming
    ready
      shop    wait until all replicas follow                              # new
    settings
      shop-1  set repl-diskless-sync-delay 5, repl-ping-replica-period 10  # while forming
      shop-2  set repl-diskless-sync-delay 5, repl-ping-replica-period 10  # while forming
    ");
}

#[test]
fn each_shard_of_a_large_cluster_meets_the_shards_before_it() {
    let plan = new_plan("{kind: cluster, shards: 20}", SWAP);
    let meets: Vec<&str> = plan.lines().skip_while(|line| *line != "meet").skip(1).take(3).collect();
    assert_snapshot!(meets.join("\n"), @"
    shop-2   meet shop-1, shop-21, shop-22                               # shop-1, shop-21, shop-22 not known
    shop-3   meet shop-1 … shop-23 (5 nodes)                             # shop-1 … shop-23 (5 nodes) not known
    shop-4   meet shop-1 … shop-24 (7 nodes)                             # shop-1 … shop-24 (7 nodes) not known
    ");
}
