//! Plans for deployments with keys that no other node has.

use redisctl::topology::Address;

use super::*;

fn stranger() -> Address {
    Address { ip: "172.30.0.77".parse().expect("an IP"), port: 6379 }
}

/// A cluster in which a stranger owns slots 0-999, and a node of the deployment has ended.
async fn with_a_stranger(keys: u64) -> (World, Topology) {
    let topology = topology(CLUSTER);
    let world = up(&topology).await;
    let slots: SlotSet = (0..1000).collect();
    world.write_keys_in(&node(&topology, 1), keys, &slots);
    world.write_keys_in(&node(&topology, 1), 100 - keys, &(1000..1100).collect());
    world.reshard_to_a_stranger(&node(&topology, 1), stranger(), &slots).await;
    (world, topology)
}

#[tokio::test(start_paused = true)]
async fn a_stranger_with_keys_is_left_alone_and_the_rest_goes_on() {
    let (world, topology) = with_a_stranger(42).await;
    assert_snapshot!(plan(&world, &topology, SWAP), @"
    shop: nothing to do
    note: the node at 172.30.0.77:6379 is not of this deployment, and owns slots 0-999 with 42 keys: it stays as it is (--discard-keys gives the keys up)
    ");
    world.stop_container(&node(&topology, 5));
    world.configure(&node(&topology, 2), "maxmemory", "1048576");
    let plans = converge(&world, &topology, SWAP).await;
    let text = plans.iter().map(ToString::to_string).collect::<String>();
    assert!(!text.contains("forget") && !text.contains("assign slots"), "{text}");
    assert!(text.contains("shop-5  start container"), "{text}");
    assert!(plan(&world, &topology, SWAP).is_empty());
    assert_eq!(world.state().strangers[&stranger()].1.count(), 42);
}

#[tokio::test(start_paused = true)]
async fn a_stranger_is_forgotten_with_its_keys_where_the_user_says_so() {
    let (world, topology) = with_a_stranger(42).await;
    let text = plan(&world, &topology, DISCARD).to_string();
    let note = "note: the node at 172.30.0.77:6379 is not of this deployment, and owns slots 0-999 with 42 keys: the keys are lost";
    assert!(
        text.contains("shop-1  assign slots 0-999") && text.contains("forget") && text.contains(note),
        "{text}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_stranger_without_keys_is_forgotten() {
    let (world, topology) = with_a_stranger(0).await;
    let text = plan(&world, &topology, SWAP).to_string();
    assert!(
        text.contains("forget") && text.contains("assign slots 0-999") && !text.contains("note"),
        "{text}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_second_primary_with_keys_of_its_own_is_left_alone() {
    let topology = topology(REPLICATION);
    let world = up(&topology).await;
    world.put_keys(&node(&topology, 1), 10);
    settle().await;
    world.promote(&node(&topology, 2));
    settle().await;
    let text = plan(&world, &topology, SWAP).to_string();
    assert!(text.contains("shop-2  follow"), "it holds a copy and nothing else: {text}");
    world.put_keys(&node(&topology, 2), 3);
    world.put_keys(&node(&topology, 1), 1000);
    assert_snapshot!(plan(&world, &topology, SWAP), @"
    shop: nothing to do
    note: shop-2 is a second primary, with 13 keys that shop-1 may not have: it stays as it is (--discard-keys gives the keys up)
    ");
    let text = plan(&world, &topology, DISCARD).to_string();
    let note = "note: shop-2 is a second primary, with 13 keys that shop-1 may not have: the keys are lost";
    assert!(text.contains("shop-2  follow") && text.contains(note), "{text}");
}
