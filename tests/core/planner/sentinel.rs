//! Plans for a primary with replicas under sentinels.

use redisctl::topology::Address;

use super::*;

mod changed;

const SENTINEL: &str = "kind: sentinel";

#[test]
fn from_nothing() {
    assert_snapshot!(new_plan(SENTINEL, SWAP), @"
    shop: 19 changes in 8 stages
    network and volumes
      shop          create volume shop-nodes                                    # not found
      shop          create network, subnet 172.30.0.0/24                        # not found
    network namespace
      shop-network  create container, image redis:8, address 172.30.0.11, ports 7001 … 7005  # not found
    containers
      shop-1        create container, image redis:8, port 7001 of shop-network  # not found
      shop-2        create container, image redis:8, port 7002 of shop-network  # not found
      shop-3        create container, image redis:8, port 7003 of shop-network  # not found
      shop-4        create container, image redis:8, port 7004 of shop-network  # not found
      shop-5        create container, image redis:8, port 7005 of shop-network  # not found
      shop-network  write files of shop-network … shop-5 (6 nodes)              # new
    start network namespace
      shop-network  start container                                             # new
    start primary
      shop-1        start container                                             # new
      shop-1        wait until it answers                                       # new
      shop-1        set repl-diskless-sync-delay 0, repl-ping-replica-period 1  # while forming
    start replicas and sentinels
      shop-2        start container                                             # new
      shop-2        wait until it answers                                       # new
      shop-2        set repl-diskless-sync-delay 0, repl-ping-replica-period 1  # while forming
      shop-3        start container                                             # new
      shop-3        wait until it answers                                       # new
      shop-4        start container                                             # new
      shop-4        wait until it answers                                       # new
      shop-5        start container                                             # new
      shop-5        wait until it answers                                       # new
    ready
      shop          wait until all sentinels agree                              # new
    settings
      shop-1        set repl-diskless-sync-delay 5, repl-ping-replica-period 10  # while forming
      shop-2        set repl-diskless-sync-delay 5, repl-ping-replica-period 10  # while forming
    ");
}

#[test]
fn clients_in_the_network_need_no_shared_namespace() {
    let plan = new_plan("{kind: sentinel, access: network}", SWAP);
    assert!(!plan.contains("shop-network"), "{plan}");
    assert!(plan.contains("shop-3  create container, image redis:8, address 172.30.0.13:7003"), "{plan}");
}

#[tokio::test(start_paused = true)]
async fn a_failover_is_as_good_as_the_specs_roles() {
    let topology = topology(SENTINEL);
    let world = up(&topology).await;
    world.fail_over(&topology, &node(&topology, 2));
    settle().await;
    assert!(plan(&world, &topology, SWAP).is_empty());
    assert_ready(&world, &topology);
}

#[tokio::test(start_paused = true)]
async fn a_primary_that_comes_back_after_a_failover_follows_the_new_one() {
    let topology = topology(SENTINEL);
    let world = up(&topology).await;
    world.stop_container(&node(&topology, 1));
    world.fail_over(&topology, &node(&topology, 2));
    let plans = repair(&world, &topology).await;
    assert!(plans.contains("shop-1  start container        # not running"), "{plans}");
    let follows = "shop-1  follow 127.0.0.1:7002           # is a primary of its own";
    assert!(plans.contains(follows), "{plans}");
    assert_eq!(primary_of(&world, &topology.shards[0]), node(&topology, 2));
}

#[tokio::test(start_paused = true)]
async fn what_most_sentinels_say_counts_and_not_what_a_server_says() {
    let topology = topology("{kind: sentinel, replicas: 2}");
    let world = up(&topology).await;
    world.promote(&node(&topology, 3));
    let plans = repair(&world, &topology).await;
    assert!(plans.contains("shop-3  follow 127.0.0.1:7001"), "{plans}");
}

#[tokio::test(start_paused = true)]
async fn nobody_gets_in_the_way_of_a_choice_and_the_latest_one_counts() {
    let topology = topology(SENTINEL);
    let world = up(&topology).await;
    let (former, chosen, sentinel) = (node(&topology, 1), node(&topology, 2), node(&topology, 3));
    assert!(!is_between_primaries(&world.observe(&topology), &topology));
    // The sentinel has told a replica to become primary, but no other sentinel knows of it.
    world.promote(&chosen);
    world.with_sentinel(&sentinel, |sentinel| sentinel.choosing = true);
    assert!(is_between_primaries(&world.observe(&topology), &topology));
    assert_snapshot!(plan(&world, &topology, SWAP).to_string(), @r"
    shop: 0 changes in 1 stage
    ready
      shop  wait until all sentinels agree  # shop-2 is no replica
    ");
    // It has chosen, and so far no other sentinel reports the choice.
    world.with_sentinel(&sentinel, |sentinel| {
        (sentinel.choosing, sentinel.epoch) = (false, 1);
        sentinel.primary = Some(topology.shards[0].replicas[0].address);
        sentinel.replicas = [topology.shards[0].primary.address].into();
    });
    assert!(is_between_primaries(&world.observe(&topology), &topology));
    let newer = plan(&world, &topology, SWAP);
    assert_eq!(newer.primaries, [chosen]);
    assert!(newer.to_string().contains(&format!("{former}  follow 127.0.0.1:7002")), "{newer}");
    repair(&world, &topology).await;
}

#[tokio::test(start_paused = true)]
async fn a_sentinel_that_watches_nobody_or_somebody_else_is_told_whom_to_watch() {
    let topology = topology(SENTINEL);
    let world = up(&topology).await;
    world.with_sentinel(&node(&topology, 3), |sentinel| sentinel.primary = None);
    let replica = topology.shards[0].replicas[0].address;
    world.with_sentinel(&node(&topology, 4), |sentinel| sentinel.primary = Some(replica));
    // Two sentinels disagree, so neither has a majority: the servers' roles decide.
    let plans = repair(&world, &topology).await;
    let watch = "watch the primary at 127.0.0.1:7001";
    assert!(plans.contains(&format!("shop-3  {watch}  # watches no primary")), "{plans}");
    assert!(plans.contains(&format!("shop-4  {watch}  # watches 127.0.0.1:7002")), "{plans}");
}

#[tokio::test(start_paused = true)]
async fn a_sentinel_that_was_reset_is_waited_for() {
    let topology = topology(SENTINEL);
    let world = up(&topology).await;
    world.with_sentinel(&node(&topology, 3), crate::memory::sentinel::Sentinel::forget);
    let plans = repair(&world, &topology).await;
    assert!(plans.contains("shop  wait until all sentinels agree  # shop-3 does not know shop-2"), "{plans}");
}

#[tokio::test(start_paused = true)]
async fn a_sentinel_that_knows_strangers_finds_out_anew() {
    let topology = topology(SENTINEL);
    let world = up(&topology).await;
    let stranger = Address { ip: [127, 0, 0, 1].into(), port: 7009 };
    world.with_sentinel(&node(&topology, 5), |sentinel| sentinel.sentinels.extend([stranger]));
    let plans = repair(&world, &topology).await;
    assert!(plans.contains("shop-5  rediscover replicas and sentinels"), "{plans}");
    assert!(plans.contains("# knows 127.0.0.1:7009, which is not of this deployment"), "{plans}");
}

#[tokio::test(start_paused = true)]
async fn another_setting_of_a_sentinel_is_set_back() {
    let topology = topology(SENTINEL);
    let world = up(&topology).await;
    world.configure_sentinel(&node(&topology, 4), "quorum", "1");
    let plans = repair(&world, &topology).await;
    assert!(plans.contains("shop-4  set quorum 2  # quorum is `1`, not `2`"), "{plans}");
}

#[tokio::test(start_paused = true)]
async fn whoever_shares_a_network_that_was_started_anew_is_started_again() {
    let topology = topology(SENTINEL);
    let world = up(&topology).await;
    world.stop_container(&topology.name.anchor());
    let plans = repair(&world, &topology).await;
    assert!(plans.contains("shop-network  start container        # not running"), "{plans}");
    assert!(plans.contains("shop-5        stop container         # detached from the network"), "{plans}");
}

#[tokio::test(start_paused = true)]
async fn whoever_shares_a_network_that_is_gone_is_made_anew() {
    let topology = topology(SENTINEL);
    let world = up(&topology).await;
    world.remove_container(&topology.name.anchor());
    let plans = repair(&world, &topology).await;
    assert!(plans.contains("shop-5        remove container"), "{plans}");
    assert!(plans.contains("shop-network  create container"), "{plans}");
}

#[tokio::test(start_paused = true)]
async fn a_primary_that_would_come_back_empty_is_started_once_the_sentinels_have_chosen_another() {
    let topology = topology(SENTINEL);
    let world = up(&topology).await;
    world.put_keys(&node(&topology, 1), 100);
    settle().await;
    world.stop_container(&node(&topology, 1));
    let plans = repair(&world, &topology).await;
    let first = "shop-3  fail over to the replica that the sentinels choose  # shop-1 is down, and would come back without its keys";
    assert!(plans.contains(first) && plans.contains("then plan again"), "{plans}");
    assert_eq!(primary_of(&world, &topology.shards[0]), node(&topology, 2));
    assert_eq!(world.keys(&node(&topology, 2)), 100);
}
