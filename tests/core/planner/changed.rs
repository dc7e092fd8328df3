//! Plans for deployments whose spec has changed.

use redisctl::topology::certificates::Renewal;

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
async fn another_image_comes_node_by_node_replicas_first() {
    let to = "{kind: cluster, shards: 3, image: 'redis:8.2'}";
    assert_snapshot!(changed_without_loss(CLUSTER, to).await, @"
    shop: 37 changes in 9 stages
    files
      shop-1  write files of shop-1 … shop-6 (6 nodes)                    # spec changed: settings
    prepare
      shop-1  set repl-diskless-sync-delay 0                              # while nodes are replaced
      shop-2  set repl-diskless-sync-delay 0                              # while nodes are replaced
      shop-3  set repl-diskless-sync-delay 0                              # while nodes are replaced
    replace replicas
      shop-4  stop container                                              # spec changed: image
      shop-4  remove container                                            # spec changed: image
      shop-4  create container, image redis:8.2, address 172.30.0.14:7004  # spec changed: image
      shop-4  start container                                             # new
      shop-4  wait until it answers                                       # new
      shop-4  set repl-diskless-sync-delay 0                              # while nodes are replaced
      shop-5  stop container                                              # spec changed: image
      shop-5  remove container                                            # spec changed: image
      shop-5  create container, image redis:8.2, address 172.30.0.15:7005  # spec changed: image
      shop-5  start container                                             # new
      shop-5  wait until it answers                                       # new
      shop-5  set repl-diskless-sync-delay 0                              # while nodes are replaced
      shop-6  stop container                                              # spec changed: image
      shop-6  remove container                                            # spec changed: image
      shop-6  create container, image redis:8.2, address 172.30.0.16:7006  # spec changed: image
      shop-6  start container                                             # new
      shop-6  wait until it answers                                       # new
      shop-6  set repl-diskless-sync-delay 0                              # while nodes are replaced
    in sync
      shop    wait until all nodes agree                                  # changed by earlier steps
    hand over
      shop-4  become primary by a failover                                # shop-1 leaves or is replaced
      shop-5  become primary by a failover                                # shop-2 leaves or is replaced
      shop-6  become primary by a failover                                # shop-3 leaves or is replaced
    replace primaries
      shop-1  stop container                                              # spec changed: image
      shop-1  remove container                                            # spec changed: image
      shop-1  create container, image redis:8.2, address 172.30.0.11:7001  # spec changed: image
      shop-1  start container                                             # new
      shop-1  wait until it answers                                       # new
      shop-2  stop container                                              # spec changed: image
      shop-2  remove container                                            # spec changed: image
      shop-2  create container, image redis:8.2, address 172.30.0.12:7002  # spec changed: image
      shop-2  start container                                             # new
      shop-2  wait until it answers                                       # new
      shop-3  stop container                                              # spec changed: image
      shop-3  remove container                                            # spec changed: image
      shop-3  create container, image redis:8.2, address 172.30.0.13:7003  # spec changed: image
      shop-3  start container                                             # new
      shop-3  wait until it answers                                       # new
    in sync
      shop    wait until all nodes agree                                  # changed by earlier steps
    settings
      shop-4  set repl-diskless-sync-delay 5                              # while nodes are replaced
      shop-5  set repl-diskless-sync-delay 5                              # while nodes are replaced
      shop-6  set repl-diskless-sync-delay 5                              # while nodes are replaced
    ready
      shop    wait until all nodes agree and list every replica           # changed by earlier steps
    note: roles are swapped, and stay so: shop-4 is primary in the place of shop-1
    note: roles are swapped, and stay so: shop-5 is primary in the place of shop-2
    note: roles are swapped, and stay so: shop-6 is primary in the place of shop-3
    ");
}

#[tokio::test(start_paused = true)]
async fn limits_of_a_primary_with_replicas_come_node_by_node() {
    let from = "{kind: replication, replicas: 2}";
    let to = "{kind: replication, replicas: 2, resources: {memory: 128mb}}";
    assert_snapshot!(changed_without_loss(from, to).await, @"
    shop: 19 changes in 11 stages
    files
      shop-1  write files of shop-1, shop-2, shop-3                      # spec changed: settings
    prepare
      shop-1  set repl-diskless-sync-delay 0                             # while nodes are replaced
    replace replicas
      shop-2  stop container                                             # spec changed: resources
      shop-2  remove container                                           # spec changed: resources
      shop-2  create container, image redis:8, address 172.30.0.12:7002  # spec changed: resources
      shop-2  start container                                            # new
      shop-2  wait until it answers                                      # new
      shop-2  set repl-diskless-sync-delay 0                             # while nodes are replaced
    in sync
      shop    wait until all replicas follow                             # changed by earlier steps
    replace replicas
      shop-3  stop container                                             # spec changed: resources
      shop-3  remove container                                           # spec changed: resources
      shop-3  create container, image redis:8, address 172.30.0.13:7003  # spec changed: resources
      shop-3  start container                                            # new
      shop-3  wait until it answers                                      # new
    in sync
      shop    wait until all replicas follow                             # changed by earlier steps
    hand over
      shop-1  hand over to shop-2                                        # leaves or is replaced later
      shop-3  follow 172.30.0.12:7002                                    # shop-1 leaves or is replaced
      shop-2  write files of shop-1, shop-2, shop-3, primary shop-2      # roles swapped
    replace primaries
      shop-1  stop container                                             # spec changed: resources
      shop-1  remove container                                           # spec changed: resources
      shop-1  create container, image redis:8, address 172.30.0.11:7001  # spec changed: resources
      shop-1  start container                                            # new
      shop-1  wait until it answers                                      # new
    in sync
      shop    wait until all replicas follow                             # changed by earlier steps
    settings
      shop-2  set repl-diskless-sync-delay 5                             # while nodes are replaced
    ready
      shop    wait until all replicas follow                             # changed by earlier steps
    note: roles are swapped, and stay so: shop-2 is primary in the place of shop-1
    ");
}

/// Old servers and newer servers in one cluster may not list each other at all.
#[tokio::test(start_paused = true)]
async fn nobody_waits_for_a_replica_to_be_listed_that_is_replaced_next() {
    let (before, world) = (topology(CLUSTER), World::new());
    let mut first = plan(&world, &before, SWAP);
    first.stages.retain(|stage| !["announce replicas", "ready"].contains(&stage.name));
    run(&world, &before, &first).await.expect("it runs");
    let stages = |topology: &Topology| -> Vec<&str> {
        plan(&world, topology, SWAP).stages.iter().map(|stage| stage.name).collect()
    };
    assert!(stages(&before).contains(&"announce replicas"));
    let after = topology("{kind: cluster, resources: {memory: 128mb}}");
    assert_eq!(stages(&after)[..4], ["files", "agree", "prepare", "replace replicas"]);
    converge(&world, &after, SWAP).await;
    assert_ready(&world, &after);
}

#[tokio::test(start_paused = true)]
async fn only_the_nodes_that_the_change_is_about_are_replaced() {
    let to = "{kind: cluster, nodes: {shop-2: {config: {databases: 32}}}}";
    assert_snapshot!(changed_without_loss(CLUSTER, to).await, @"
    shop: 8 changes in 7 stages
    files
      shop-1  write files of shop-1 … shop-6 (6 nodes)                   # spec changed: settings
    prepare
      shop-5  set repl-diskless-sync-delay 0                             # while nodes are replaced
    hand over
      shop-5  become primary by a failover                               # shop-2 leaves or is replaced
    replace primaries
      shop-2  stop container                                             # spec changed: config.databases
      shop-2  remove container                                           # spec changed: config.databases
      shop-2  create container, image redis:8, address 172.30.0.12:7002  # spec changed: config.databases
      shop-2  start container                                            # new
      shop-2  wait until it answers                                      # new
    in sync
      shop    wait until all nodes agree                                 # changed by earlier steps
    settings
      shop-5  set repl-diskless-sync-delay 5                             # while nodes are replaced
    ready
      shop    wait until all nodes agree and list every replica          # changed by earlier steps
    note: roles are swapped, and stay so: shop-5 is primary in the place of shop-2
    ");
}

#[tokio::test(start_paused = true)]
async fn a_lone_server_is_restarted_in_place_where_a_volume_keeps_its_keys() {
    let from = "{kind: standalone, data: volume}";
    let to = "{kind: standalone, data: volume, labels: {team: checkout}, config: {databases: 32}}";
    assert_snapshot!(changed_without_loss(from, to).await, @r"
    shop: 5 changes in 2 stages
    files
      shop-1  write files of shop-1                                      # spec changed: settings
    replace primaries
      shop-1  stop container                                             # spec changed: labels, config.databases
      shop-1  remove container                                           # spec changed: labels, config.databases
      shop-1  create container, image redis:8, address 172.30.0.11:7001  # spec changed: labels, config.databases
      shop-1  start container                                            # new
      shop-1  wait until it answers                                      # new
    ");
}

#[tokio::test(start_paused = true)]
async fn primaries_that_leave_themselves_out_under_a_newer_server_are_started_once_more() {
    let from = "{kind: cluster, shards: 1, replicas: 0, data: volume, image: 'redis:7.0'}";
    let to = "{kind: cluster, shards: 1, replicas: 0, data: volume, image: 'redis:8.0'}";
    assert_snapshot!(changed_without_loss(from, to).await, @"
    shop: 5 changes in 3 stages
    files
      shop-1  write files of shop-1                                       # spec changed: settings
    replace primaries
      shop-1  stop container                                              # spec changed: image
      shop-1  remove container                                            # spec changed: image
      shop-1  create container, image redis:8.0, address 172.30.0.11:7001  # spec changed: image
      shop-1  start container                                             # new
      shop-1  wait until it answers                                       # new
    in sync
      shop    wait until all nodes agree                                  # changed by earlier steps
    then plan again: the answers of the servers decide the further steps
    shop: 2 changes in 3 stages
    restart
      shop-1  stop container                                     # does not list itself in CLUSTER SHARDS
      shop-1  start container                                    # does not list itself in CLUSTER SHARDS
      shop-1  wait until it answers                              # does not list itself in CLUSTER SHARDS
    in sync
      shop    wait until all nodes agree                         # changed by earlier steps
    ready
      shop    wait until all nodes agree and list every replica  # changed by earlier steps
    ");
}

#[tokio::test(start_paused = true)]
async fn where_nothing_keeps_the_keys_a_say_is_needed() {
    let world = up(&topology("{kind: cluster, replicas: 0}")).await;
    let changed = topology("{kind: cluster, replicas: 0, resources: {memory: 128mb}}");
    assert_snapshot!(obstacles(&world, &changed, SWAP), @"
    `shop-1` must be restarted and would lose its keys: it has no replica and no volume; the spec changed resources
    `shop-2` must be restarted and would lose its keys: it has no replica and no volume; the spec changed resources
    `shop-3` must be restarted and would lose its keys: it has no replica and no volume; the spec changed resources
    ");
    converge(&world, &changed, RECREATE).await;
    assert_ready(&world, &changed);
}

#[tokio::test(start_paused = true)]
async fn an_older_server_needs_a_say() {
    let world = up(&topology(CLUSTER)).await;
    let changed = topology("{kind: cluster, image: 'redis:7.0'}");
    let said = obstacles(&world, &changed, SWAP);
    assert_snapshot!(said.lines().next().unwrap_or_default(), @"the deployment must be recreated: the spec changed image, to an image with an older server (an older server cannot read the files of a newer server)");
}

#[tokio::test(start_paused = true)]
async fn a_setting_that_is_no_longer_in_the_spec_goes_back_to_the_default() {
    let world = up(&topology("{kind: standalone, config: {maxmemory: 64mb}}")).await;
    let changed = topology("kind: standalone");
    assert_snapshot!(repair(&world, &changed).await, @r"
    shop: 2 changes in 2 stages
    settings no longer in the spec
      shop-1  set maxmemory 0        # no longer in the spec: maxmemory
    files
      shop-1  write files of shop-1  # spec changed: settings
    ");
    assert_eq!(world.setting(&node(&changed, 1), "maxmemory").as_deref(), Some("0"));
}

#[tokio::test(start_paused = true)]
async fn another_mtu_takes_the_network_and_every_container() {
    let world = up(&topology("{kind: standalone, network: {mtu: 1400}}")).await;
    for (yaml, listing) in [
        ("{kind: standalone, network: {mtu: 9000}}", "create network, subnet 172.30.0.0/24, MTU 9000"),
        ("{kind: standalone}", "create network, subnet 172.30.0.0/24 "),
    ] {
        let changed = topology(yaml);
        let said = obstacles(&world, &changed, SWAP);
        assert!(said.contains("the spec changed network.mtu (Docker cannot change a network"), "{said}");
        let plan = plan(&world, &changed, RECREATE).to_string();
        assert!(plan.contains(listing) && plan.contains("# spec changed: network.mtu"), "{plan}");
    }
    // An engine may give all its networks an MTU.
    let world = up(&topology("{kind: standalone}")).await;
    world.set_mtu(1450);
    assert!(plan(&world, &topology("{kind: standalone}"), SWAP).is_empty());
}

#[tokio::test(start_paused = true)]
async fn another_subnet_takes_the_network_and_every_container() {
    let world = up(&topology(CLUSTER)).await;
    let changed = topology("{kind: cluster, network: {subnet: 10.9.0.0/24}}");
    assert_snapshot!(obstacles(&world, &changed, SWAP), @"the deployment must be recreated: the spec changed network.subnet (neighbours and clients know the nodes by their addresses)");
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
async fn a_container_of_somebody_else_in_the_network_keeps_the_network() {
    let world = up(&topology("kind: standalone")).await;
    world.add_guest("app");
    for changed in ["{kind: standalone, network: {subnet: 10.9.0.0/24}}", "{kind: replication}"] {
        let changed = topology(changed);
        let said =
            "the network must be removed, and the container `app`, which redisctl did not make, is in it";
        assert_eq!(obstacles(&world, &changed, RECREATE), said);
    }
    // It does not prevent other changes.
    let setting = topology("{kind: standalone, config: {maxmemory: 64mb}}");
    converge(&world, &setting, SWAP).await;
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
async fn tls_comes_and_goes_with_a_say() {
    let world = up(&topology("kind: standalone")).await;
    let changed = topology("{kind: standalone, tls: true}");
    assert_snapshot!(obstacles(&world, &changed, SWAP), @"the deployment must be recreated: the spec changed tls (nodes with TLS and nodes without it cannot talk to each other)");
    converge(&world, &changed, RECREATE).await;
    assert_ready(&world, &changed);
}

#[tokio::test(start_paused = true)]
async fn renewed_certificates_are_read_while_the_servers_run() {
    let topology = topology("{kind: replication, tls: true}");
    let world = up(&topology).await;
    let mut observed = world.observe(&topology);
    let day = time::Date::from_calendar_date(2026, time::Month::December, 24).expect("there is such a day");
    observed.renewed_certificates =
        topology.nodes().iter().map(|node| (node.name.clone(), Renewal::Ends(day))).collect();
    let plan = redisctl::planner::plan(&topology, &observed, SWAP).expect("nothing is in the way");
    assert_snapshot!(plan, @"
    shop: 3 changes in 2 stages
    files
      shop-1  write files of shop-1, shop-2                    # its certificate ends on 2026-12-24
    certificates
      shop-1  set tls-cert-file /redisctl/shop-1/tls-cert.pem  # its certificate ends on 2026-12-24
      shop-2  set tls-cert-file /redisctl/shop-2/tls-cert.pem  # its certificate ends on 2026-12-24
    ");
}
