//! Plans of deployments in which a node has an image of its own.

use super::*;

const MIXED: &str = "{kind: replication, image: 'redis:7.0', nodes: {shop-2: {image: 'redis:8.0'}}}";

#[tokio::test(start_paused = true)]
async fn each_node_gets_its_image() {
    let text = new_plan(MIXED, SWAP);
    assert!(text.contains("shop-1  create container, image redis:7.0"), "{text}");
    assert!(text.contains("shop-2  create container, image redis:8.0"), "{text}");
    let world = up(&topology(MIXED)).await;
    assert!(plan(&world, &topology(MIXED), SWAP).is_empty());
    assert!(plan(&world, &topology(MIXED), RESET).is_empty());
}

#[tokio::test(start_paused = true)]
async fn another_image_leaves_nodes_with_their_own() {
    let to = MIXED.replace("redis:7.0", "redis:8.2");
    let plans = changed_without_loss(MIXED, &to).await;
    assert!(plans.contains("shop-1  create container, image redis:8.2"), "{plans}");
    assert!(
        !plans.contains("shop-2  create container") && !plans.contains("shop-2  remove container"),
        "{plans}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_node_gets_another_image_and_an_older_one_is_refused() {
    let newer = MIXED.replace("redis:8.0", "redis:8.2");
    let plans = changed_without_loss(MIXED, &newer).await;
    assert!(plans.contains("shop-2  create container, image redis:8.2"), "{plans}");
    assert!(!plans.contains("shop-1  create container"), "{plans}");
    let world = up(&topology(MIXED)).await;
    let refused = obstacles(&world, &topology("{kind: replication, image: 'redis:7.0'}"), SWAP);
    assert!(refused.contains("image, to an image with an older server"), "{refused}");
}

#[test]
fn a_cluster_with_an_old_server_announces_no_hosts() {
    let mixed = topology("{kind: cluster, image: 'redis:7.0', nodes: {shop-2: {image: 'redis:6.2'}}}");
    assert!(mixed.nodes().iter().all(|node| node.settings.get("cluster-announce-hostname").is_none()));
}
