//! Data that `down` keeps, under another spec.

use super::*;

const RECREATE: Options = Options { recreate: true, ..SWAP };

/// The obstacles of a spec after `down` of a deployment with data in volumes.
async fn obstacles_after_down(before: &str, after: &str) -> String {
    let before = topology(before);
    let world = up(&before).await;
    world.take_down();
    obstacles(&world, &topology(after), SWAP)
}

#[tokio::test(start_paused = true)]
async fn data_of_another_kind_or_server_is_refused() {
    let alone = "{kind: standalone, data: volume}";
    let cluster = "{kind: cluster, data: volume}";
    let cases = [
        (alone, cluster, "its kept volumes hold data of kind standalone, and the spec has kind cluster"),
        (cluster, alone, "its kept volumes hold data of kind cluster, and the spec has kind standalone"),
        (
            cluster,
            "{kind: cluster, data: volume, shards: 4}",
            "its kept volumes hold data of 3 shards, and the spec has 4",
        ),
        (
            "{kind: standalone, data: volume, image: 'redis:8.0'}",
            "{kind: standalone, data: volume, image: 'redis:7.0'}",
            "its kept volumes hold data of redis 8.0.0, which redis 7.0.0 cannot read",
        ),
        (
            alone,
            "kind: standalone",
            "its kept volumes hold data, and the spec without `data: volume` would not use it",
        ),
    ];
    for (before, after, wanted) in cases {
        assert_eq!(obstacles_after_down(before, after).await, wanted, "{before} {after}");
    }
}

#[tokio::test(start_paused = true)]
async fn data_whose_containers_were_removed_by_hand_is_not_left_behind_in_silence() {
    let before = topology("{kind: standalone, data: volume}");
    let world = up(&before).await;
    world.remove_container(&node(&before, 1));
    let said = obstacles(&world, &topology("kind: standalone"), SWAP);
    assert_eq!(said, "its kept volumes hold data, and the spec without `data: volume` would not use it");
}

#[tokio::test(start_paused = true)]
async fn data_is_used_by_kinds_without_slots_and_by_newer_servers() {
    let before = topology("{kind: standalone, data: volume, image: 'redis:7.0'}");
    let world = up(&before).await;
    world.put_keys(&node(&before, 1), 100);
    world.take_down();
    let after = topology("{kind: replication, data: volume, image: 'redis:8.0'}");
    converge(&world, &after, SWAP).await;
    assert_eq!(world.keys(&node(&after, 1)), 100);
}

#[tokio::test(start_paused = true)]
async fn data_that_does_not_fit_goes_by_consent() {
    let before = topology("{kind: standalone, data: volume}");
    let world = up(&before).await;
    world.take_down();
    let after = topology(CLUSTER);
    converge(&world, &after, RECREATE).await;
    assert_ready(&world, &after);
}
