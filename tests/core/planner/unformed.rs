//! Plans of clusters that clients form. A plan leaves what clients formed, and a reset takes it apart.

use super::*;

const UNFORMED: &str = "{kind: cluster, shards: 2, replicas: 0, formed: false}";
const FORMED: &str = "{kind: cluster, shards: 2, replicas: 0}";

fn slots(start: u16, end: u16) -> SlotSet {
    (start..=end).collect()
}

/// A cluster that clients formed, with uneven shards.
async fn formed_by_clients() -> (World, Topology) {
    let (world, topology) = (World::new(), topology(UNFORMED));
    converge(&world, &topology, SWAP).await;
    let (one, two) = (node(&topology, 1), node(&topology, 2));
    world.move_slots(&one, &slots(0, 99));
    world.move_slots(&two, &slots(100, 16_383));
    world.introduce(&one, &two);
    settle().await;
    (world, topology)
}

#[tokio::test(start_paused = true)]
async fn nodes_start_and_stay_apart() {
    let plan_text = new_plan(UNFORMED, SWAP);
    for absent in ["meet", "slots", "replicate", "cluster-node-timeout"] {
        assert!(!plan_text.contains(absent), "{plan_text}");
    }
    let (world, topology) = (World::new(), topology(UNFORMED));
    converge(&world, &topology, SWAP).await;
    assert!(plan(&world, &topology, SWAP).is_empty());
    assert!(plan(&world, &topology, RESET).is_empty());
    assert!(world.slots(&node(&topology, 1)).is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_clients_formed_stays_until_a_reset() {
    let (world, topology) = formed_by_clients().await;
    world.put_keys(&node(&topology, 2), 10);
    settle().await;
    assert!(plan(&world, &topology, SWAP).is_empty());
    assert_eq!(world.slots(&node(&topology, 1)), slots(0, 99));
    let plans: String = converge(&world, &topology, RESET).await.iter().map(ToString::to_string).collect();
    assert_snapshot!(plans);
    assert!(plan(&world, &topology, SWAP).is_empty() && plan(&world, &topology, RESET).is_empty());
    assert!(world.slots(&node(&topology, 2)).is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_spec_can_form_the_cluster_later() {
    let topology_after = topology(FORMED);
    let (world, before) = (World::new(), topology(UNFORMED));
    converge(&world, &before, SWAP).await;
    repair(&world, &topology_after).await;
    assert!(plan(&world, &topology_after, SWAP).is_empty());
    let (world, _) = formed_by_clients().await;
    repair(&world, &topology_after).await;
    assert!(plan(&world, &topology_after, SWAP).is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_would_destroy_a_cluster_is_refused() {
    let world = up(&topology(FORMED)).await;
    assert_snapshot!(obstacles(&world, &topology(UNFORMED), SWAP));
    let (world, _) = formed_by_clients().await;
    let fewer = topology("{kind: cluster, shards: 1, replicas: 0, formed: false}");
    assert_snapshot!(obstacles(&world, &fewer, SWAP));
}

#[tokio::test(start_paused = true)]
async fn containers_are_replaced_at_once_unless_keys_would_be_lost() {
    let changed = topology("{kind: cluster, shards: 2, replicas: 0, formed: false, labels: {a: b}}");
    let (world, before) = formed_by_clients().await;
    converge(&world, &changed, SWAP).await;
    assert!(plan(&world, &changed, SWAP).is_empty());
    world.put_keys(&node(&before, 2), 10);
    settle().await;
    assert_snapshot!(obstacles(&world, &before, SWAP));
}
