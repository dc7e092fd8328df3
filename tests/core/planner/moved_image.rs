//! Plans for deployments whose image name now belongs to another image. An image is identified by its id.

use redisctl::topology::Server;

use super::*;

/// The topology of a spec whose image holds this server.
fn holding(yaml: &str, server: &str) -> Topology {
    Topology { server: Server::assumed(server), ..topology(yaml) }
}

/// A deployment with keys, whose image holds this server.
async fn with_keys(topology: &Topology) -> World {
    let world = up(topology).await;
    for shard in &topology.shards {
        world.put_keys(&shard.primary.name, 100);
    }
    settle().await;
    world
}

#[tokio::test(start_paused = true)]
async fn a_newer_image_under_the_same_name_comes_node_by_node() {
    let before = holding(REPLICATION, "redis:8.0.0");
    let world = with_keys(&before).await;
    world.move_image("sha256:0123456789abcdef", "redis:8.2.3");
    let now = holding(REPLICATION, "redis:8.2.3");
    let plans = repair(&world, &now).await;
    assert!(
        plans.contains("# image redis:8 is 0123456789ab (redis 8.2.3) now, was 1 (redis 8.0.0)"),
        "{plans}"
    );
    assert!(!plans.contains("spec changed: image"), "{plans}");
    assert_eq!(world.keys(&primary_of(&world, &now.shards[0])), 100, "{plans}");
    assert!(plan(&world, &now, SWAP).is_empty());
}

#[tokio::test(start_paused = true)]
async fn another_image_of_the_same_version_is_noticed() {
    let topology = topology(CLUSTER);
    let world = with_keys(&topology).await;
    world.move_image("sha256:2", "redis:8");
    let plans = repair(&world, &topology).await;
    assert!(plans.contains("# image redis:8 is 2 (redis 8.0.0) now, was 1 (redis 8.0.0)"), "{plans}");
    for shard in &topology.shards {
        assert_eq!(world.keys(&primary_of(&world, shard)), 100, "{plans}");
    }
    assert!(plan(&world, &topology, SWAP).is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_name_that_moved_back_before_any_node_was_replaced_is_no_older_server() {
    let before = holding(REPLICATION, "redis:7.0.0");
    let world = World::new();
    world.move_image("sha256:7", "redis:7.0.0");
    converge(&world, &before, SWAP).await;
    // An earlier run stored the newer server, but replaced no node.
    let newer = holding(REPLICATION, "redis:8.2.3");
    let mut observed = world.observe(&before);
    observed.stored = Some(Box::new(newer));
    let plan = redisctl::planner::plan(&before, &observed, SWAP).expect("no server is older");
    assert!(!plan.to_string().contains("create container"), "{plan}");
}

#[tokio::test(start_paused = true)]
async fn an_older_image_under_the_same_name_needs_a_say() {
    let newer = holding(REPLICATION, "redis:8.2.3");
    let world = World::new();
    world.move_image("sha256:8", "redis:8.2.3");
    converge(&world, &newer, SWAP).await;
    world.move_image("sha256:7", "redis:7.0.0");
    let older = holding(REPLICATION, "redis:7.0.0");
    assert_snapshot!(obstacles(&world, &older, SWAP), @"the deployment must be recreated: the spec changed image, to an image with an older server (an older server cannot read the files of a newer server)");
}

#[tokio::test(start_paused = true)]
async fn a_single_node_without_a_volume_needs_a_say_that_names_both_images() {
    let before = holding("kind: standalone", "redis:8.0.0");
    let world = with_keys(&before).await;
    world.move_image("sha256:2", "redis:8.2.3");
    let now = holding("kind: standalone", "redis:8.2.3");
    assert_snapshot!(obstacles(&world, &now, SWAP), @"`shop-1` must be restarted and would lose its keys: it has no replica and no volume; image redis:8 is 2 (redis 8.2.3) now, was 1 (redis 8.0.0)");
}
