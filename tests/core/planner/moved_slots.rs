//! Plans that move slots to other shards, or close open slots.

use redisctl::observation::{ObservedServer, SlotWay};
use redisctl::topology::NodeName;

use super::*;

#[tokio::test(start_paused = true)]
async fn slots_move_once_their_new_owner_accepts_keys() {
    let spec = |shards: u8| topology(&format!("{{kind: cluster, shards: {shards}, replicas: 0}}"));
    let world = up(&spec(2)).await;
    let plans = converge(&world, &spec(3), SWAP).await;
    let plans = plans.iter().map(ToString::to_string).collect::<String>();
    let order =
        plans.find("shop-3  wait until it accepts keys").zip(plans.find("shop-2  move 5461 slots to shop-3"));
    assert!(order.is_some_and(|(wait, moved)| wait < moved), "{plans}");
}

#[tokio::test(start_paused = true)]
async fn slots_move_with_their_keys_when_the_count_of_shards_changes() {
    let world = up(&topology(CLUSTER)).await;
    let shard = NodeName::from_label;
    for primary in ["shop-1", "shop-2", "shop-3"] {
        world.put_keys(&shard(primary), 100);
    }
    let fewer = crate::rig::topology_in(&world, "{kind: cluster, shards: 2}").expect("a topology");
    assert_snapshot!(plan(&world, &fewer, SWAP), @"
    shop: 5 changes in 3 stages
    files
      shop-1  write files of shop-1, shop-2, shop-4, shop-5  # spec changed: settings
    stay apart
      shop-3  set cluster-allow-replica-migration no         # not in the spec
      shop-6  set cluster-allow-replica-migration no         # not in the spec
    move slots
      shop-3  move 2731 slots to shop-1, about 50 keys       # slots of another shard
      shop-3  move 2730 slots to shop-2, about 49 keys       # slots of another shard
    then plan again: the answers of the servers decide the further steps
    ");
    let plans = converge(&world, &fewer, SWAP).await;
    assert_snapshot!(plans.last().expect("a plan"), @"
    shop: 10 changes in 4 stages
    let clients move on
      shop-3  wait until its clients have moved on               # not in the spec
      shop-6  wait until its clients have moved on               # not in the spec
    remove
      shop-3  remove container                                   # not in the spec
      shop-6  remove container                                   # not in the spec
    forget
      shop-1  forget b54cda58                                    # knows shop-6, which is not of this deployment
      shop-1  forget daa66d2c                                    # knows shop-3, which is not of this deployment
      shop-2  forget b54cda58                                    # knows shop-6, which is not of this deployment
      shop-2  forget daa66d2c                                    # knows shop-3, which is not of this deployment
      shop-4  forget b54cda58                                    # knows shop-6, which is not of this deployment
      shop-4  forget daa66d2c                                    # knows shop-3, which is not of this deployment
      shop-5  forget b54cda58                                    # knows shop-6, which is not of this deployment
      shop-5  forget daa66d2c                                    # knows shop-3, which is not of this deployment
    ready
      shop    wait until all nodes agree and list every replica  # changed by earlier steps
    ");
    assert_ready(&world, &fewer);
    let keys: u64 = ["shop-1", "shop-2"].map(|primary| world.keys(&shard(primary))).iter().sum();
    assert_eq!(keys, 300);
    let more =
        crate::rig::topology_in(&world, "{kind: cluster, shards: 4, replicas: 0}").expect("a topology");
    converge(&world, &more, SWAP).await;
    assert_ready(&world, &more);
    let keys: u64 = more.servers().iter().map(|node| world.keys(&node.name)).sum();
    assert_eq!(keys, 300);
    assert!(plan(&world, &more, SWAP).is_empty());
}

#[tokio::test(start_paused = true)]
async fn slots_do_not_begin_to_move_to_a_primary_without_room() {
    let before = topology("{kind: cluster, shards: 3, replicas: 0}");
    let world = up(&before).await;
    let fewer =
        crate::rig::topology_in(&world, "{kind: cluster, shards: 2, replicas: 0}").expect("a topology");
    let mut observed = world.observe(&fewer);
    let limits = [("shop-1", "120mb", "noeviction"), ("shop-2", "20mb", "allkeys-lru"), ("shop-3", "0", "")];
    for (node, limit, policy) in limits {
        let server = observed.servers.get_mut(&NodeName::from_label(node));
        let Some(ObservedServer::Answering(view)) = server else { panic!("{node} answers") };
        (view.memory, view.data) = (60 << 20, 50 << 20);
        view.settings.set("maxmemory", limit);
        view.settings.set("maxmemory-policy", policy);
    }
    // 25 MiB go to each of the two others.
    let plan = redisctl::planner::plan(&fewer, &observed, SWAP).expect("there is room");
    assert!(plan.to_string().contains("move 2731 slots to shop-1"), "{plan}");
    let server = observed.servers.get_mut(&NodeName::from_label("shop-1"));
    let Some(ObservedServer::Answering(view)) = server else { panic!("it answers") };
    view.settings.set("maxmemory", "80mb");
    let obstacles = redisctl::planner::plan(&fewer, &observed, SWAP).expect_err("there is no room");
    let obstacles: Vec<String> = obstacles.iter().map(ToString::to_string).collect();
    assert_snapshot!(obstacles.join("\n"), @"`shop-1` has no room for the keys of the slots that would move to it: it uses 60 MiB, about 26 MiB would move, and its `maxmemory` is 80 MiB, with the policy `noeviction`");
}

#[tokio::test(start_paused = true)]
async fn a_primary_never_gives_and_gets_slots_at_the_same_time() {
    let topology = topology("{kind: cluster, shards: 3, replicas: 0}");
    let world = up(&topology).await;
    let [first, second, third] = [1, 2, 3].map(|number| node(&topology, number));
    world.put_keys(&first, 100);
    for (from, to) in [(&first, &second), (&second, &third), (&third, &first)] {
        let some = world.slots(from).slots().skip(1000).take(100).collect();
        assert!(world.reshard(from, to, &some));
    }
    settle().await;
    assert_snapshot!(plan(&world, &topology, SWAP), @"
    shop: 3 changes in 3 stages
    move slots
      shop-1  move 100 slots to shop-3, about 1 key   # slots of another shard
    move slots
      shop-2  move 100 slots to shop-1, about 0 keys  # slots of another shard
    move slots
      shop-3  move 100 slots to shop-2, about 0 keys  # slots of another shard
    then plan again: the answers of the servers decide the further steps
    note: an interrupted `up` or somebody else left slots at other shards; `--adopt-slots` keeps them there
    ");
    converge(&world, &topology, SWAP).await;
    assert_ready(&world, &topology);
    assert_eq!(world.keys(&first), 100);
}

#[tokio::test(start_paused = true)]
async fn slots_that_are_open_at_a_replica_alone_are_closed_by_its_primary() {
    let topology = topology(CLUSTER);
    let world = up(&topology).await;
    let mut observed = world.observe(&topology);
    let other = world.observe(&topology);
    let other = other.view(&node(&topology, 2)).and_then(|view| view.cluster.as_ref()).expect("it answers");
    let open = [(5, SlotWay::Migrating(other.own_id.clone()))];
    let mut open_at = |number| {
        let server = observed.servers.get_mut(&node(&topology, number));
        let Some(ObservedServer::Answering(view)) = server else { panic!("it answers") };
        view.cluster.as_mut().expect("a cluster").open_slots.extend(open.clone());
        redisctl::planner::plan(&topology, &observed, SWAP).expect("nothing is in the way")
    };
    assert_snapshot!(open_at(4), @"
    shop: 1 change in 2 stages
    replicas
      shop-1  wait until all replicas follow  # open slots
    close slots
      shop-1  close slots 5                   # open slots
    then plan again: the answers of the servers decide the further steps
    ");
    // The replica follows its primary, whose slot moves.
    let plan = open_at(1).to_string();
    assert!(plan.contains("shop-1  move 1 slot to shop-2") && !plan.contains("close slots"), "{plan}");
}
