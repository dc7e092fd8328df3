//! An engine on another machine: what is printed and announced is right from here.

use std::net::TcpListener;

use redis::Commands as _;

use crate::private_engine::PrivateEngine;
use crate::support::{REDIS_7, fail_with, succeed, wanted};

#[test]
fn a_remote_engine_is_as_good_as_a_local_one() {
    if !wanted() {
        return;
    }
    let engine = PrivateEngine::start(REDIS_7);
    let up = ["up", "cluster", "--image", REDIS_7];
    let said = fail_with(&engine.redisctl(&up), 2);
    let address = engine.address().to_string();
    assert!(said.contains(&address) && said.contains("ports.bind=0.0.0.0"), "{said}");
    assert_eq!(engine.leftovers(), "");

    // What is in use on this machine is of no matter there.
    let _holder = TcpListener::bind(("0.0.0.0", 7001));
    let open = ["--set", "ports.bind=0.0.0.0"];
    succeed(&engine.redisctl(&[&up[..], &open].concat()));
    let report = engine.json(&["verify", "cluster"]);
    assert_eq!(report["failed"], 0, "{report:#}");
    let status = engine.json(&["status"]);
    let endpoints: Vec<&str> = status["nodes"]
        .as_array()
        .expect("nodes")
        .iter()
        .filter_map(|node| node["endpoint"].as_str())
        .collect();
    let expected: Vec<String> = (7001..=7006).map(|port| format!("{address}:{port}")).collect();
    assert_eq!(endpoints, expected);
    let settings = engine.json(&["env", "--format", "json"]);
    assert_eq!(settings["REDIS_NODES"], expected.join(","));
    let plan = engine.json(&["plan", "cluster", "--image", REDIS_7, open[0], open[1]]);
    assert_eq!(plan["changes"], 0, "{plan:#}");

    // A client that knows one node finds the others.
    let seed = format!("redis://{address}:7004");
    let mut client = redis::cluster::ClusterClient::new([seed])
        .and_then(|client| client.get_connection())
        .expect("a cluster");
    for key in ["a", "b", "c"] {
        let () = client.set(key, "x").expect("a write");
    }
    assert_eq!(succeed(&engine.redisctl(&["cli", "cluster", "5", "--", "GET", "a"])), "x\n");
    assert!(succeed(&engine.redisctl(&["logs", "cluster", "1"])).contains("Ready to accept connections"));
    let diagnosis = engine.json(&["doctor"]);
    let reachable =
        diagnosis["checks"].as_array().expect("checks").iter().find(|check| check["name"] == "reachable");
    let detail = reachable.and_then(|check| check["detail"].as_str()).unwrap_or_default();
    assert!(detail.contains(&address), "{diagnosis:#}");

    succeed(&engine.redisctl(&["down"]));
    assert_eq!(engine.leftovers(), "");
}
