//! Deployments with servers of several versions.

use crate::support::{Deployment, REDIS_6, REDIS_7, REDIS_8};

/// The versions of the nodes, by number.
fn versions(deployment: &Deployment) -> Vec<String> {
    let status = deployment.status();
    let nodes = status["nodes"].as_array().expect("nodes").clone();
    nodes.iter().map(|node| node["version"].as_str().expect("a version")[..3].to_owned()).collect()
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_node_keeps_its_own_image() {
    let deployment = Deployment::new("versions");
    let own = format!("nodes={{{}: {{image: '{REDIS_7}'}}}}", deployment.node(2));
    let with =
        |image: &'static str| ["--image".to_owned(), image.to_owned(), "--set".to_owned(), own.clone()];
    let first = with(REDIS_6);
    let first: Vec<&str> = first.iter().map(String::as_str).collect();
    deployment.up("replica", &first);
    deployment.verify();
    assert_eq!(deployment.changes("replica", &first), 0);
    assert_eq!(versions(&deployment), ["6.0", "7.0"]);
    // The upgrade of the other node leaves this node alone.
    let second = with(REDIS_8);
    let second: Vec<&str> = second.iter().map(String::as_str).collect();
    deployment.up("replica", &second);
    deployment.verify();
    assert_eq!(deployment.changes("replica", &second), 0);
    assert_eq!(versions(&deployment), ["8.0", "7.0"]);
}
