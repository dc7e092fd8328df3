//! Promises of the shipped topologies.

use serde_json::Value;

use crate::support::{Deployment, redisctl, succeed};

/// Brings a topology up twice.
fn is_left_alone(topology: &str) {
    let deployment = Deployment::new(&format!("again-{topology}"));
    deployment.up(topology, &[]);
    let before = deployment.containers();
    deployment.up(topology, &[]);
    assert_eq!(deployment.containers(), before, "a second `up` touched a container");
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_second_up_leaves_a_cluster_alone() {
    is_left_alone("cluster");
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_second_up_leaves_users_and_passwords_alone() {
    is_left_alone("secure");
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_cluster_is_what_was_promised() {
    let deployment = Deployment::new("promise");
    deployment.up("cluster", &[]);
    let status = deployment.status();
    let nodes = status["nodes"].as_array().expect("nodes");
    let names: Vec<&str> = nodes.iter().filter_map(|node| node["name"].as_str()).collect();
    let expected: Vec<String> = (1..=6).map(|number| deployment.node(number)).collect();
    assert_eq!(names, expected);
    let slots: Vec<&Value> = nodes.iter().take(3).map(|node| &node["slots"]).collect();
    assert_eq!(serde_json::json!(slots), serde_json::json!([[[0, 5460]], [[5461, 10922]], [[10923, 16383]]]));
    for (position, node) in nodes.iter().enumerate() {
        let port = deployment.port + u16::try_from(position).expect("six nodes");
        assert_eq!(node["endpoint"], format!("127.0.0.1:{port}"));
        let address = node["address"].as_str().expect("an address");
        assert!(address.ends_with(&format!(".{}:{port}", 11 + position)), "{address}");
        let primary = node["role"] == "primary";
        assert_eq!(primary, position < 3, "primaries come first");
        if !primary {
            assert_eq!(node["primary"], names[position - 3]);
            assert_eq!(node["link"], "up");
        }
    }
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn several_deployments_stand_side_by_side() {
    let (one, other) = (Deployment::new("side-one"), Deployment::new("side-two"));
    one.up("replica", &[]);
    other.up("secure", &[]);
    one.verify();
    other.verify();
    let all: Value = serde_json::from_str(&succeed(&redisctl(&["ls", "--output", "json"]))).expect("JSON");
    let names: Vec<&str> =
        all.as_array().expect("a list").iter().filter_map(|line| line["name"].as_str()).collect();
    assert!(names.contains(&one.name.as_str()) && names.contains(&other.name.as_str()), "{names:?}");
    let before = other.containers();
    succeed(&redisctl(&["down", &one.name]));
    assert_eq!(other.containers(), before, "`down` of one touched the other");
    other.verify();
}
