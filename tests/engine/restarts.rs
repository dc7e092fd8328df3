//! Restarts of engine and containers: the deployment recovers by itself.

use std::io::{BufRead as _, BufReader};

use redis::Commands as _;
use serde_json::Value;

use crate::private_engine::PrivateEngine;
use crate::support::{Deployment, REDIS_7, docker, end, eventually, fail_with, succeed};

/// Directives that forming changes, and their later values: the spec's or the server's default.
const SETTINGS: [(&str, &str); 6] = [
    ("cluster-node-timeout", "7000"),
    ("cluster-require-full-coverage", "yes"),
    ("cluster-replica-no-failover", "no"),
    ("cluster-allow-replica-migration", "yes"),
    ("repl-diskless-sync-delay", "5"),
    ("repl-ping-replica-period", "10"),
];

/// The spec's value.
const OWN_TIMEOUT: [&str; 2] = ["--set", "config.cluster-node-timeout=7000"];

fn addresses(status: &Value) -> Vec<&str> {
    let nodes = status["nodes"].as_array().expect("nodes");
    nodes.iter().filter_map(|node| node["address"].as_str()).collect()
}

#[track_caller]
fn settings_are_restored(mut connection: redis::Connection) {
    for (name, expected) in SETTINGS {
        let found: Vec<String> =
            redis::cmd("CONFIG").arg("GET").arg(name).query(&mut connection).expect("a setting");
        assert_eq!(found, [name, expected]);
    }
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_cluster_is_ready_by_itself_after_all_its_nodes_were_stopped_and_started() {
    let deployment = Deployment::new("restart");
    deployment.up("cluster", &OWN_TIMEOUT);
    let before = deployment.status();
    let nodes: Vec<String> = (1..=6).map(|number| deployment.node(number)).collect();
    let with = |verb: &'static str| {
        std::iter::once(verb).chain(nodes.iter().map(String::as_str)).collect::<Vec<_>>()
    };
    docker(&with("stop"));
    assert_eq!(deployment.status()["state"], "stopped");
    docker(&with("start"));
    eventually("the cluster is ready", || deployment.status()["state"] == "ready");
    assert_eq!(addresses(&deployment.status()), addresses(&before));
    (1..=6).for_each(|number| settings_are_restored(deployment.connect(number)));
    deployment.verify();
    assert_eq!(deployment.changes("cluster", &OWN_TIMEOUT), 0);
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_cluster_with_volumes_is_ready_by_itself_after_its_engine_was_restarted() {
    let mut engine = PrivateEngine::start(REDIS_7);
    let wish = ["cluster", "--image", REDIS_7, "--set", "ports.bind=0.0.0.0", "--set", "data=volume"];
    let wish = [&wish[..], &OWN_TIMEOUT].concat();
    succeed(&engine.redisctl(&[&["up"], &wish[..]].concat()));
    // The tag's slot is 0, which is the first primary's.
    let () = engine.connect(7001).set("{06S}kept", "yes").expect("a write");
    let before = engine.json(&["status"]);

    engine.stop();
    engine.start_again();
    eventually("the cluster is ready", || engine.json(&["status"])["state"] == "ready");
    assert_eq!(addresses(&engine.json(&["status"])), addresses(&before));
    let kept: Option<String> = engine.connect(7001).get("{06S}kept").expect("a read");
    assert_eq!(kept.as_deref(), Some("yes"));
    (7001..=7006).for_each(|port| settings_are_restored(engine.connect(port)));
    let report = engine.json(&["verify"]);
    assert_eq!(report["failed"], 0, "{report:#}");
    assert_eq!(engine.json(&[&["plan"], &wish[..]].concat())["changes"], 0);
    succeed(&engine.redisctl(&["down", "--volumes"]));
    assert_eq!(engine.leftovers(), "");
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn sentinels_and_their_servers_are_brought_back_after_their_engine_was_restarted() {
    let mut engine = PrivateEngine::start(REDIS_7);
    let wish = ["sentinel", "--image", REDIS_7, "--set", "ports.bind=0.0.0.0", "--set", "data=volume"];
    let up = [&["up"], &wish[..]].concat();
    succeed(&engine.redisctl(&up));
    let () = engine.connect(7001).set("kept", "yes").expect("a write");
    let before = engine.json(&["status"]);
    let mut watch = engine.command(&["status", "--watch", "--interval", "100ms"]).spawn().expect("it starts");
    let mut said = BufReader::new(watch.stderr.take().expect("a pipe")).lines().map_while(Result::ok);
    let mut shown = BufReader::new(watch.stdout.take().expect("a pipe")).lines();
    assert!(shown.next().is_some());

    engine.stop();
    assert!(said.any(|line| line.contains("`sentinel` cannot be seen, and the watch goes on: ")));
    engine.start_again();
    assert!(said.any(|line| line == "`sentinel` is seen again"));
    watch.kill().expect("the watch still runs");
    watch.wait().expect("its end");
    // The engine starts all containers at once. Containers in a shared namespace stay down if its owner is not ready.
    succeed(&engine.redisctl(&up));
    assert_eq!(addresses(&engine.json(&["status"])), addresses(&before));
    let kept: Option<String> = engine.connect(7001).get("kept").expect("a read");
    assert_eq!(kept.as_deref(), Some("yes"));
    let report = engine.json(&["verify"]);
    assert_eq!(report["failed"], 0, "{report:#}");
    assert_eq!(engine.json(&[&["plan"], &wish[..]].concat())["changes"], 0);
    succeed(&engine.redisctl(&["down", "--volumes"]));
    assert_eq!(engine.leftovers(), "");
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn an_engine_that_dies_under_up_is_told_and_the_next_up_finishes() {
    let mut engine = PrivateEngine::start(REDIS_7);
    let wish = ["cluster", "--image", REDIS_7, "--set", "ports.bind=0.0.0.0"];
    let up = [&["up"], &wish[..]].concat();
    // The test does not kill the engine while it starts a container: engine 20.10 then holds the port until its next
    // restart. The hint says so.
    for moment in ["create container", "take over"] {
        let mut first = engine.command(&up).args(["--output", "json"]).spawn().expect("redisctl starts");
        let mut lines = BufReader::new(first.stderr.take().expect("a pipe")).lines();
        let is_moment = |line: &str| {
            let event: Value = serde_json::from_str(line).unwrap_or_default();
            let action = event["action"].as_str().unwrap_or_default();
            event["event"] == "step-finished" && action.starts_with(moment)
        };
        assert!(lines.by_ref().map_while(Result::ok).any(|line| is_moment(&line)), "never came to {moment}");
        engine.kill();
        let rest: Vec<String> = lines.map_while(Result::ok).collect();
        let ended = end(first);
        assert_eq!(ended.status.code(), Some(4), "{rest:#?}");
        let error: Value = serde_json::from_str(rest.last().expect("an error")).expect("JSON");
        assert!(error["hint"].as_str().expect("a hint").contains("docker info"), "{error:#}");
        // Requests now fail, because the engine does not run.
        fail_with(&engine.redisctl(&["status"]), 4);

        engine.start_again();
        succeed(&engine.redisctl(&up));
        let report = engine.json(&["verify"]);
        assert_eq!(report["failed"], 0, "{report:#}");
        succeed(&engine.redisctl(&["down"]));
        assert_eq!(engine.leftovers(), "");
    }
}
