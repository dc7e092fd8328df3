//! Plans for sentinels whose spec has changed.

use super::*;

#[tokio::test(start_paused = true)]
async fn other_numbers_need_a_say_where_all_ports_are_one_containers_and_nothing_keeps_the_keys() {
    let before = topology("{kind: sentinel, replicas: 3}");
    let world = up(&before).await;
    for yaml in [
        "{kind: sentinel, replicas: 2}",
        "{kind: sentinel, replicas: 3, sentinels: 5}",
        "{kind: sentinel, replicas: 1, sentinels: 5}",
    ] {
        let found = obstacles(&world, &changed(&before, yaml), SWAP);
        let expected = "the deployment must be recreated: the spec changed replicas or sentinels (";
        assert!(found.starts_with(expected), "{yaml}: {found}");
    }
}

#[tokio::test(start_paused = true)]
async fn replicas_and_sentinels_come_and_go_live_in_the_network() {
    const SHAPES: [(u32, u32); 6] = [(1, 3), (2, 3), (2, 5), (1, 5), (1, 3), (2, 1)];
    let spec = |(replicas, sentinels): (u32, u32)| {
        format!("{{kind: sentinel, access: network, replicas: {replicas}, sentinels: {sentinels}}}")
    };
    let mut now = topology(&spec(SHAPES[0]));
    let world = up(&now).await;
    world.put_keys(&node(&now, 1), 100);
    settle().await;
    for shape in &SHAPES[1..] {
        now = changed(&now, &spec(*shape));
        repair(&world, &now).await;
        assert_eq!(world.keys(&node(&now, 2)), 100, "{shape:?}");
    }
    assert_snapshot!(repair(&world, &changed(&now, &spec(SHAPES[0]))).await, @"
    shop: 5 changes in 2 stages
    containers
      shop-4  create container, image redis:8, address 172.30.0.14:7004  # not found
      shop-5  create container, image redis:8, address 172.30.0.15:7005  # not found
      shop-1  write files of shop-1 … shop-5 (5 nodes)                   # spec changed: settings
    start replicas and sentinels
      shop-4  start container                                            # new
      shop-4  wait until it answers                                      # new
      shop-5  start container                                            # new
      shop-5  wait until it answers                                      # new
    then plan again: the answers of the servers decide the further steps
    shop: 3 changes in 4 stages
    remove
      shop-6  remove container                   # not in the spec
    sentinels
      shop-3  rediscover replicas and sentinels  # knows 172.30.0.16:7006, which is not of this deployment
    ready
      shop    wait until all sentinels agree     # changed by earlier steps
    settings
      shop-3  set quorum 2                       # quorum is `1`, not `2`
    ");
}

#[tokio::test(start_paused = true)]
async fn with_volumes_other_numbers_are_brought_about_while_all_nodes_are_down() {
    let volumes = |counts: &str| format!("{{kind: sentinel, data: volume, {counts}}}");
    let one = topology(&volumes("replicas: 1"));
    let world = up(&one).await;
    world.put_keys(&node(&one, 1), 100);
    settle().await;
    let two = changed(&one, &volumes("replicas: 2"));
    assert_snapshot!(repair(&world, &two).await, @"
    shop: 31 changes in 7 stages
    remove
      shop-network  stop container                                              # spec changed: address
      shop-network  remove container                                            # spec changed: address
      shop-1        stop container                                              # detached from the network
      shop-1        remove container                                            # detached from the network
      shop-2        stop container                                              # detached from the network
      shop-2        remove container                                            # detached from the network
      shop-3        stop container                                              # detached from the network
      shop-3        remove container                                            # detached from the network
      shop-4        stop container                                              # detached from the network
      shop-4        remove container                                            # detached from the network
      shop-5        stop container                                              # detached from the network
      shop-5        remove container                                            # detached from the network
    network and volumes
      shop-6        create volume shop-6-data                                   # not found
    network namespace
      shop-network  create container, image redis:8, address 172.30.0.11, ports 7001 … 7006  # spec changed: address
    containers
      shop-1        create container, image redis:8, port 7001 of shop-network  # detached from the network
      shop-2        create container, image redis:8, port 7002 of shop-network  # detached from the network
      shop-6        create container, image redis:8, port 7006 of shop-network  # not found
      shop-3        create container, image redis:8, port 7003 of shop-network  # detached from the network
      shop-4        create container, image redis:8, port 7004 of shop-network  # detached from the network
      shop-5        create container, image redis:8, port 7005 of shop-network  # detached from the network
      shop-1        prepare data folder                                         # new
      shop-2        prepare data folder                                         # new
      shop-6        prepare data folder                                         # new
      shop-network  write files of shop-network … shop-5 (7 nodes)              # spec changed: settings
    start network namespace
      shop-network  start container                                             # new
    start primary
      shop-1        start container                                             # new
      shop-1        wait until it answers                                       # new
    start replicas and sentinels
      shop-2        start container                                             # new
      shop-2        wait until it answers                                       # new
      shop-6        start container                                             # new
      shop-6        wait until it answers                                       # new
      shop-3        start container                                             # new
      shop-3        wait until it answers                                       # new
      shop-4        start container                                             # new
      shop-4        wait until it answers                                       # new
      shop-5        start container                                             # new
      shop-5        wait until it answers                                       # new
    then plan again: the answers of the servers decide the further steps
    shop: 6 changes in 3 stages
    hasten
      shop-1  set repl-diskless-sync-delay 0  # while it is repaired
      shop-2  set repl-diskless-sync-delay 0  # while it is repaired
      shop-6  set repl-diskless-sync-delay 0  # while it is repaired
    ready
      shop    wait until all sentinels agree  # shop-1 does not see shop-2 online
    usual settings
      shop-1  set repl-diskless-sync-delay 5  # while it is repaired
      shop-2  set repl-diskless-sync-delay 5  # while it is repaired
      shop-6  set repl-diskless-sync-delay 5  # while it is repaired
    ");
    repair(&world, &changed(&two, &volumes("replicas: 1"))).await;
    assert_eq!(world.keys(&node(&one, 1)), 100);
}

#[tokio::test(start_paused = true)]
async fn a_primary_that_leaves_its_sentinels_needs_a_say() {
    let before = topology("{kind: sentinel, access: network, replicas: 2}");
    let world = up(&before).await;
    world.fail_over(&before, &node(&before, 3));
    settle().await;
    let after = changed(&before, "{kind: sentinel, access: network, replicas: 1}");
    assert_snapshot!(obstacles(&world, &after, SWAP), @"the deployment must be recreated: the spec changed replicas, to fewer (the primary's node is not a server of the new spec)");
}

#[tokio::test(start_paused = true)]
async fn another_image_comes_node_by_node_the_primary_last() {
    let world = up(&topology(SENTINEL)).await;
    let after = topology("{kind: sentinel, image: 'redis:8.2'}");
    assert_snapshot!(repair(&world, &after).await, @"
    shop: 24 changes in 13 stages
    files
      shop-network  write files of shop-network … shop-5 (6 nodes)              # spec changed: settings
    replace sentinels
      shop-3        stop container                                              # spec changed: image
      shop-3        remove container                                            # spec changed: image
      shop-3        create container, image redis:8.2, port 7003 of shop-network  # spec changed: image
      shop-3        write files of shop-3                                       # spec changed: image
      shop-3        start container                                             # new
      shop-3        wait until it answers                                       # new
    in sync
      shop          wait until all sentinels agree                              # changed by earlier steps
    replace sentinels
      shop-4        stop container                                              # spec changed: image
      shop-4        remove container                                            # spec changed: image
      shop-4        create container, image redis:8.2, port 7004 of shop-network  # spec changed: image
      shop-4        write files of shop-4                                       # spec changed: image
      shop-4        start container                                             # new
      shop-4        wait until it answers                                       # new
    in sync
      shop          wait until all sentinels agree                              # changed by earlier steps
    replace sentinels
      shop-5        stop container                                              # spec changed: image
      shop-5        remove container                                            # spec changed: image
      shop-5        create container, image redis:8.2, port 7005 of shop-network  # spec changed: image
      shop-5        write files of shop-5                                       # spec changed: image
      shop-5        start container                                             # new
      shop-5        wait until it answers                                       # new
    in sync
      shop          wait until all sentinels agree                              # changed by earlier steps
    prepare
      shop-1        set repl-diskless-sync-delay 0                              # while nodes are replaced
    replace replicas
      shop-2        stop container                                              # spec changed: image
      shop-2        remove container                                            # spec changed: image
      shop-2        create container, image redis:8.2, port 7002 of shop-network  # spec changed: image
      shop-2        write files of shop-2                                       # spec changed: image
      shop-2        start container                                             # new
      shop-2        wait until it answers                                       # new
    in sync
      shop          wait until all sentinels agree                              # changed by earlier steps
    settings
      shop-1        set repl-diskless-sync-delay 5                              # while nodes are replaced
    ready
      shop          wait until all sentinels agree                              # changed by earlier steps
    hand over
      shop-1        hand over to the replica that the sentinels choose          # leaves or is replaced later
    then plan again: the answers of the servers decide the further steps
    shop: 7 changes in 5 stages
    prepare
      shop-2  set repl-diskless-sync-delay 0                              # while nodes are replaced
    replace replicas
      shop-1  stop container                                              # spec changed: image
      shop-1  remove container                                            # spec changed: image
      shop-1  create container, image redis:8.2, port 7001 of shop-network  # spec changed: image
      shop-1  write files of shop-1, primary shop-2                       # spec changed: image
      shop-1  start container                                             # new
      shop-1  wait until it answers                                       # new
    in sync
      shop    wait until all sentinels agree                              # changed by earlier steps
    settings
      shop-2  set repl-diskless-sync-delay 5                              # while nodes are replaced
    ready
      shop    wait until all sentinels agree                              # changed by earlier steps
    note: roles are swapped, and stay so: shop-2 is primary in the place of shop-1
    ");
}
