//! Nodes that are stopped, killed and paused on purpose: which node takes over, and what brings them back.

use redisctl::deployment::ConnectedEngine;
use redisctl::status::NodeCondition;
use serde_json::Value;

use crate::support::{Deployment, command, docker, end, eventually, fail_with, redisctl, succeed};

/// A command about nodes of a deployment. Returns its JSON.
fn json(deployment: &Deployment, verb: &str, more: &[&str]) -> Value {
    let arguments = [&[verb, &deployment.name][..], more, &["--output", "json"]].concat();
    let text = succeed(&redisctl(&arguments));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// The engine's word for the state of a node's container.
fn state(deployment: &Deployment, number: usize) -> String {
    docker(&["inspect", "--format", "{{.State.Status}}", &deployment.node(number)])
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_replica_takes_over_from_the_owner_of_a_key() {
    let deployment = Deployment::new("nodes-cluster");
    let quick = ["--set", "config.cluster-node-timeout=1500"];
    deployment.up("cluster", &quick);
    // Shard 3 has the slot of `foo`.
    let killed = json(&deployment, "kill", &["--key", "foo"]);
    let heir = &killed["took_over"][0];
    assert_eq!((&heir["shard"], &heir["slots"][0][0]), (&3.into(), &10923.into()), "{killed:#}");
    assert_eq!([&heir["from"], &heir["to"]], [&*deployment.node(3), &*deployment.node(6)], "{killed:#}");
    assert!((500..20_000).contains(&heir["after_ms"].as_u64().expect("a number")), "{killed:#}");
    let status = deployment.status();
    let former = &status["nodes"][2];
    assert_eq!((&former["condition"], &former["role"]), (&"exited".into(), &"replica".into()), "{status:#}");

    let again = json(&deployment, "kill", &["3"]);
    assert_eq!(
        (&again["changed"], &again["unchanged"][0]["condition"]),
        (&serde_json::json!([]), &"exited".into())
    );
    let started = json(&deployment, "start", &["3"]);
    let back = &started["returned"][0];
    assert_eq!(
        (&back["role"], &back["primary"]),
        (&"replica".into(), &deployment.node(6).into()),
        "{started:#}"
    );

    let paused = json(&deployment, "pause", &["--role", "replica", "--shard", "3", "--for", "1s"]);
    assert_eq!(paused["changed"][0], *deployment.node(3), "the present roles count: {paused:#}");
    assert_eq!(paused["put_back"]["returned"][0]["node"], *deployment.node(3), "{paused:#}");
    library(&deployment);
    bad_input(&deployment);
    #[cfg(unix)]
    interrupted(&deployment);
    deployment.up("cluster", &quick);
    deployment.verify();
}

/// The same from a program.
fn library(deployment: &Deployment) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let engine = ConnectedEngine::from_environment().await.expect("an engine");
        let shop = engine.deployment(Some(&deployment.name)).await.expect("a deployment");
        let node = shop.node("4").expect("a node");
        let paused = node.pause().await.expect("it is paused");
        assert_eq!((paused.changed.as_slice(), paused.not_taken_over.len()), (&[node.name().clone()][..], 0));
        assert_eq!(node.status().await.expect("an engine").condition, NodeCondition::Paused);
        let back = node.start().await.expect("it continues");
        assert_eq!(
            back.returned[0].primary.as_ref(),
            Some(shop.node("1").expect("a node").name()),
            "{back:?}"
        );
    });
}

/// Wrong commands change nothing.
fn bad_input(deployment: &Deployment) {
    let before = deployment.containers();
    for (arguments, expected) in [
        (&["9"][..], "has no node `9`"),
        (&["--role", "sentinel"], "its kind is cluster"),
        (&["--shard", "4"], "1 (0-5460), 2 (5461-10922), 3 (10923-16383)"),
        (&["1", "--shard", "2"], "no node of"),
        (&["--key", "foo", "--shard", "1"], "no node of"),
    ] {
        let told = fail_with(&redisctl(&[&["kill", &deployment.name][..], arguments].concat()), 2);
        assert!(told.contains(expected) && told.contains("hint: "), "{told}");
    }
    assert_eq!(deployment.containers(), before);
}

/// An interrupted command puts the nodes back at once. After `kill -9`, the next `up` does it.
#[cfg(unix)]
fn interrupted(deployment: &Deployment) {
    for (signal, code, left) in [("TERM", Some(130), "running"), ("KILL", None, "paused")] {
        let child = command(&["pause", &deployment.name, "2", "--for", "10m"]).spawn().expect("it starts");
        let process = child.id().to_string();
        eventually("the node is paused", || state(deployment, 2) == "paused");
        // The lease is free meanwhile.
        eventually("other runs change the deployment", || {
            redisctl(&["start", &deployment.name, "4", "--timeout", "1s"]).status.success()
        });
        let kill = std::process::Command::new("kill").args(["-s", signal, &process]).status();
        assert!(kill.expect("`kill` starts").success());
        assert_eq!(end(child).status.code(), code);
        assert_eq!(state(deployment, 2), left);
    }
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn sentinels_replace_a_stopped_primary_and_the_shared_network_ends_with_the_last_node() {
    let deployment = Deployment::new("nodes-sentinel");
    let quick = ["--set", "config.down-after-milliseconds=1500", "--set", "replicas=1"];
    deployment.up("sentinel", &quick);
    let stopped = json(&deployment, "stop", &["--role", "primary"]);
    assert_eq!(stopped["took_over"][0]["to"], *deployment.node(2), "{stopped:#}");
    let last = json(&deployment, "kill", &["--role", "primary"]);
    assert_eq!(last["not_taken_over"][0]["reason"], "no-replica", "{last:#}");
    json(&deployment, "stop", &[]);
    let network = format!("{}-network", deployment.name);
    assert_eq!(docker(&["inspect", "--format", "{{.State.Status}}", &network]), "exited");
    assert_eq!(deployment.status()["state"], "stopped");

    let told = fail_with(&redisctl(&["stop", &deployment.name, "--key", "foo"]), 2);
    assert!(told.contains("its kind is sentinel"), "{told}");
    let started = json(&deployment, "start", &["--no-wait"]);
    assert_eq!(started["changed"].as_array().map(Vec::len), Some(5), "{started:#}");
    deployment.up("sentinel", &quick);
    let swapped = json(&deployment, "failover", &[]);
    let (from, to) = (&swapped["swapped"][0]["from"], &swapped["swapped"][0]["to"]);
    assert!([from, to].iter().all(|node| node.is_string()) && from != to, "{swapped:#}");
    assert_eq!(deployment.changes("sentinel", &quick), 0);
    deployment.verify();
}
