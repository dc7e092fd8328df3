//! Plans for deployments with drift from users or accidents. Following a plan must repair the deployment.

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
    then plan again: the answers of the servers decide the further steps
    shop: 13 changes in 5 stages
    hasten
      shop-1  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is repaired
      shop-2  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is repaired
      shop-3  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is repaired
      shop-4  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is repaired
      shop-5  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is repaired
      shop-6  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is repaired
    agree
      shop    wait until all nodes agree                                  # shop-5 says that the cluster is down
    announce replicas
      shop-2  make its replicas known                                     # clients see a replica after its first write
    ready
      shop    wait until all nodes agree and list every replica           # shop-2 hears nothing from its replica shop-5
    usual settings
      shop-1  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is repaired
      shop-2  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is repaired
      shop-3  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is repaired
      shop-4  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is repaired
      shop-5  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is repaired
      shop-6  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is repaired
    ");
}

#[tokio::test(start_paused = true)]
async fn a_paused_container_goes_on() {
    let topology = topology(CLUSTER);
    let world = up(&topology).await;
    world.pause(&node(&topology, 2));
    settle().await;
    assert_snapshot!(repair(&world, &topology).await, @"
    shop: 1 change in 1 stage
    start
      shop-2  unpause container      # paused
      shop-2  wait until it answers  # paused
    then plan again: the answers of the servers decide the further steps
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
    then plan again: the answers of the servers decide the further steps
    shop: 0 changes in 1 stage
    ready
      shop  wait until all nodes agree and list every replica  # shop-1 thinks that shop-2 is down
    shop: 13 changes in 4 stages
    hasten
      shop-1  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is repaired
      shop-2  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is repaired
      shop-3  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is repaired
      shop-4  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is repaired
      shop-5  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is repaired
      shop-6  set cluster-node-timeout 2000, cluster-replica-no-failover yes, repl-diskless-sync-delay 0  # while it is repaired
    announce replicas
      shop-2  make its replicas known                                     # clients see a replica after its first write
    ready
      shop    wait until all nodes agree and list every replica           # shop-1 does not list shop-5 in CLUSTER SLOTS
    usual settings
      shop-1  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is repaired
      shop-2  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is repaired
      shop-3  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is repaired
      shop-4  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is repaired
      shop-5  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is repaired
      shop-6  set cluster-node-timeout 15000, cluster-replica-no-failover no, repl-diskless-sync-delay 5  # while it is repaired
    ");
}

#[tokio::test(start_paused = true)]
async fn a_lost_network_is_made_again() {
    let topology = topology(REPLICATION);
    let world = up(&topology).await;
    world.lose_network();
    assert_snapshot!(repair(&world, &topology).await, @"
    shop: 3 changes in 3 stages
    network and volumes
      shop    create network, subnet 172.30.0.0/24  # not found
    start primary
      shop-1  attach to the network at 172.30.0.11  # detached from the network
      shop-1  wait until it answers                 # does not answer: connection refused
    start replicas
      shop-2  attach to the network at 172.30.0.12  # detached from the network
      shop-2  wait until it answers                 # does not answer: connection refused
    then plan again: the answers of the servers decide the further steps
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
async fn a_setting_that_the_spec_does_not_have_goes_back_to_the_default_that_the_server_told() {
    let changed = async |image: &str, directive: &str, value: &str| {
        let topology = topology(&format!("{{kind: standalone, image: '{image}'}}"));
        let world = up(&topology).await;
        world.configure(&node(&topology, 1), directive, value);
        (world, topology)
    };
    // The defaults of a server that is newer than this program are known, too.
    let (world, topology) = changed("redis:99.0", "maxmemory", "1048576").await;
    assert_snapshot!(repair(&world, &topology).await, @r"
    shop: 1 change in 1 stage
    settings
      shop-1  set maxmemory 0  # maxmemory is `1048576`, not `0`
    ");
    let (world, topology) = changed("redis:8.0", "notify-keyspace-events", "KEA").await;
    assert!(plan(&world, &topology, SWAP).is_empty(), "clients set it");
}

#[tokio::test(start_paused = true)]
async fn a_replica_that_was_promoted_by_hand_follows_again() {
    let topology = topology("{kind: replication, replicas: 2}");
    let world = up(&topology).await;
    world.promote(&node(&topology, 3));
    assert_snapshot!(repair(&world, &topology).await, @"
    shop: 8 changes in 5 stages
    hasten
      shop-1  set repl-diskless-sync-delay 0         # while it is repaired
      shop-2  set repl-diskless-sync-delay 0         # while it is repaired
      shop-3  set repl-diskless-sync-delay 0         # while it is repaired
    replication
      shop-3  follow 172.30.0.11:7001                # is a primary of its own
    files
      shop-1  write files of shop-1, shop-2, shop-3  # roles swapped
    ready
      shop    wait until all replicas follow         # changed by earlier steps
    usual settings
      shop-1  set repl-diskless-sync-delay 5         # while it is repaired
      shop-2  set repl-diskless-sync-delay 5         # while it is repaired
      shop-3  set repl-diskless-sync-delay 5         # while it is repaired
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
    then plan again: the answers of the servers decide the further steps
    shop: 6 changes in 5 stages
    hasten
      shop-1  set repl-diskless-sync-delay 0                 # while it is repaired
      shop-2  set repl-diskless-sync-delay 0                 # while it is repaired
    replication
      shop-1  follow 172.30.0.12:7002                        # is a primary of its own
    files
      shop-2  write files of shop-1, shop-2, primary shop-2  # roles swapped
    ready
      shop    wait until all replicas follow                 # changed by earlier steps
    usual settings
      shop-1  set repl-diskless-sync-delay 5                 # while it is repaired
      shop-2  set repl-diskless-sync-delay 5                 # while it is repaired
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
    world.take_down();
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

/// Servers are asked one by one, and may change their roles meanwhile.
#[tokio::test(start_paused = true)]
async fn a_look_in_the_midst_of_a_takeover_is_told_from_what_may_be() {
    let topology = topology(CLUSTER);
    let world = up(&topology).await;
    let (before, taker) = (world.observe(&topology), node(&topology, 4));
    world.take_over(&taker);
    settle().await;
    let after = world.observe(&topology);
    let mut amidst = after.clone();
    amidst.servers.insert(taker.clone(), before.servers[&taker].clone());
    assert!(is_between_primaries(&amidst, &topology));
    assert!(!is_between_primaries(&before, &topology) && !is_between_primaries(&after, &topology));
}

#[tokio::test(start_paused = true)]
async fn a_swap_of_roles_is_no_drift_of_settings_where_no_server_was_asked() {
    let topology = topology("{kind: replication, replicas: 1}");
    let world = up(&topology).await;
    world.promote(&node(&topology, 2));
    world.configure(&node(&topology, 2), "replicaof", "");
    let mut observed = world.observe(&topology);
    // The servers of a new deployment have told their defaults only.
    observed.learned = redisctl::topology::Learned::default();
    let plan = redisctl::planner::plan(&topology, &observed, SWAP).expect("a plan");
    assert!(!plan.to_string().contains("set replicaof"), "{plan}");
}
