//! Plans for deployments whose spec is another one now.

use super::*;

const RECREATE: Options = Options { recreate: true, ..SWAP };

#[tokio::test(start_paused = true)]
async fn a_setting_is_written_and_set() {
    let world = up(&topology(REPLICATION)).await;
    let changed = topology("{kind: replication, config: {maxmemory: 64mb}}");
    assert_snapshot!(repair(&world, &changed).await, @"
    shop: 3 changes in 2 stages
    files
      shop-1  write files of shop-1, shop-2  # spec changed: settings
    settings
      shop-1  set maxmemory 64mb             # maxmemory is `0`, not `64mb`
      shop-2  set maxmemory 64mb             # maxmemory is `0`, not `64mb`
    ");
}

#[tokio::test(start_paused = true)]
async fn another_image_needs_a_say_and_then_new_containers() {
    let world = up(&topology(CLUSTER)).await;
    let changed = topology("{kind: cluster, shards: 3, image: 'redis:8.2'}");
    assert_snapshot!(obstacles(&world, &changed, SWAP), @r"
    `shop-1` must be made anew: the spec changed image
    `shop-2` must be made anew: the spec changed image
    `shop-3` must be made anew: the spec changed image
    `shop-4` must be made anew: the spec changed image
    `shop-5` must be made anew: the spec changed image
    `shop-6` must be made anew: the spec changed image
    ");
    let first = plan(&world, &changed, RECREATE);
    run(&world, &changed, &first).await.expect("it runs");
    converge(&world, &changed, RECREATE).await;
    assert_ready(&world, &changed);
    assert_snapshot!(first, @"
    shop: 19 changes in 3 stages
    remove
      shop-1  remove container                                            # spec changed: image
      shop-2  remove container                                            # spec changed: image
      shop-3  remove container                                            # spec changed: image
      shop-4  remove container                                            # spec changed: image
      shop-5  remove container                                            # spec changed: image
      shop-6  remove container                                            # spec changed: image
    containers
      shop-1  create container, image redis:8.2, address 172.30.0.11:7001  # spec changed: image
      shop-2  create container, image redis:8.2, address 172.30.0.12:7002  # spec changed: image
      shop-3  create container, image redis:8.2, address 172.30.0.13:7003  # spec changed: image
      shop-4  create container, image redis:8.2, address 172.30.0.14:7004  # spec changed: image
      shop-5  create container, image redis:8.2, address 172.30.0.15:7005  # spec changed: image
      shop-6  create container, image redis:8.2, address 172.30.0.16:7006  # spec changed: image
      shop-1  write files of shop-1 … shop-6 (6 nodes)                    # spec changed: settings
    start
      shop-1  start container                                             # new
      shop-1  wait until it answers                                       # new
      shop-2  start container                                             # new
      shop-2  wait until it answers                                       # new
      shop-3  start container                                             # new
      shop-3  wait until it answers                                       # new
      shop-4  start container                                             # new
      shop-4  wait until it answers                                       # new
      shop-5  start container                                             # new
      shop-5  wait until it answers                                       # new
      shop-6  start container                                             # new
      shop-6  wait until it answers                                       # new
    then look again: what the servers say once they run decides what else is needed
    ");
}

#[tokio::test(start_paused = true)]
async fn another_subnet_takes_the_network_and_every_container() {
    let world = up(&topology(CLUSTER)).await;
    let changed = topology("{kind: cluster, network: {subnet: 10.9.0.0/24}}");
    assert_snapshot!(obstacles(&world, &changed, SWAP), @"the deployment must be made anew: the spec changed network.subnet");
    let first = plan(&world, &changed, RECREATE);
    assert_snapshot!(first.to_string().lines().take(12).collect::<Vec<_>>().join("\n"), @"
    shop: 21 changes in 5 stages
    remove
      shop-1  remove container                                         # spec changed: address, network.subnet
      shop-2  remove container                                         # spec changed: address, network.subnet
      shop-3  remove container                                         # spec changed: address, network.subnet
      shop-4  remove container                                         # spec changed: address, network.subnet
      shop-5  remove container                                         # spec changed: address, network.subnet
      shop-6  remove container                                         # spec changed: address, network.subnet
    remove network
      shop    remove network                                           # spec changed: network.subnet
    network and volumes
      shop    create network, subnet 10.9.0.0/24                       # spec changed: network.subnet
    ");
    converge(&world, &changed, RECREATE).await;
    assert_ready(&world, &changed);
}

#[tokio::test(start_paused = true)]
async fn replicas_can_be_added() {
    let world = up(&topology("{kind: cluster, replicas: 0}")).await;
    let changed = topology(CLUSTER);
    converge(&world, &changed, SWAP).await;
    assert_ready(&world, &changed);
}

#[tokio::test(start_paused = true)]
async fn replicas_can_be_taken_away_with_a_say() {
    let world = up(&topology(CLUSTER)).await;
    let changed = topology("{kind: cluster, replicas: 0}");
    assert_snapshot!(obstacles(&world, &changed, SWAP), @r"
    `shop-4` exists, but the spec has no such node any more
    `shop-5` exists, but the spec has no such node any more
    `shop-6` exists, but the spec has no such node any more
    ");
    converge(&world, &changed, RECREATE).await;
    assert_ready(&world, &changed);
}

#[test]
fn what_redisctl_did_not_make_stands_in_the_way() {
    let world = World::new();
    world.add_foreign("container", "shop-2");
    world.add_foreign("network", "shop");
    assert_snapshot!(obstacles(&world, &topology(CLUSTER), RECREATE), @r"
    there is a container `shop-2` that redisctl did not make
    there is a network `shop` that redisctl did not make
    ");
}

#[tokio::test(start_paused = true)]
async fn another_count_of_shards_needs_a_say_and_takes_everything() {
    let world = up(&topology(CLUSTER)).await;
    let changed = topology("{kind: cluster, shards: 2}");
    assert_snapshot!(obstacles(&world, &changed, SWAP), @"the deployment must be made anew: the spec changed shards");
    let first = plan(&world, &changed, RECREATE);
    assert_snapshot!(first.to_string().lines().take(12).collect::<Vec<_>>().join("\n"), @"
    shop: 43 changes in 12 stages
    remove
      shop-1  remove container                                            # spec changed: shards
      shop-2  remove container                                            # spec changed: shards
      shop-3  remove container                                            # spec changed: shards
      shop-4  remove container                                            # spec changed: shards
      shop-5  remove container                                            # spec changed: shards
      shop-6  remove container                                            # spec changed: shards
    remove network and volumes
      shop    remove network                                              # spec changed: shards
      shop    remove volume shop-nodes, with what is in it                # spec changed: shards
    network and volumes
    ");
    run(&world, &changed, &first).await.expect("it runs");
    assert!(plan(&world, &changed, SWAP).is_empty());
    assert_ready(&world, &changed);
}
