//! One deployment on engines that are no swarm: nodes reach each other through published ports at the addresses of their
//! engines.

use std::process::Output;

use serde_json::Value;

use crate::support::{fail_with, succeed};
use crate::swarm::{Swarm, engines_in, failed, json, redisctl};

/// A server's reply to one command of redisctl's prompt.
fn cli(host: &str, deployment: &str, words: &[&str]) -> Output {
    redisctl(&[&["--host", host, "cli", deployment, "--"][..], words].concat())
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn engines_without_a_swarm_serve_a_cluster_and_sentinels_through_published_ports() {
    let swarm = Swarm::start(3);
    let hosts: Vec<String> = swarm.hosts();
    let addresses: Vec<String> = swarm.addresses();

    let overlay = swarm.spec("overlay", "name: web\nkind: cluster");
    let said = fail_with(&redisctl(&["plan", &overlay]), 2);
    for part in ["must be one swarm", "swarm init --advertise-addr", "swarm join-token", "host-ports"] {
        assert!(said.contains(part), "{said}");
    }

    let fields = "kind: cluster\nnetwork: {driver: host-ports}\ntls: true\nauth: {password: generate}";
    let spec = swarm.spec_with("web", fields, "");
    let plan = json(&["plan", &spec]);
    let steps: Vec<&Value> = plan["stages"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|stage| stage["steps"].as_array())
        .flatten()
        .collect();
    let networks = steps
        .iter()
        .filter(|step| step["action"].as_str().is_some_and(|action| action.starts_with("create network")));
    let at: Vec<&Value> = networks.map(|step| &step["engine"]).collect();
    assert_eq!(at, ["a", "b", "c"], "each engine has a network of its own");

    // Zones are labels of the engines.
    let zones = swarm.spec_with("zones", &format!("name: web\n{fields}\nspread: zone"), "");
    let plan = json(&["plan", &zones]);
    let made = |node: &str| {
        let steps =
            plan["stages"].as_array().into_iter().flatten().filter_map(|stage| stage["steps"].as_array());
        let mut steps = steps.flatten().filter(|step| {
            step["node"] == node && step["action"].as_str().is_some_and(|action| action.starts_with("create"))
        });
        steps.next().map(|step| step["engine"].clone())
    };
    assert_eq!(
        ["web-1", "web-2", "web-3", "web-4"].map(made),
        ["a", "c", "b", "c"].map(|engine| Some(Value::from(engine)))
    );
    assert!(plan.to_string().contains("the loss of zone `east` stops failovers"), "{plan:#}");
    let racks = swarm.spec_with("racks", &format!("name: web\n{fields}\nspread: rack"), "");
    let said = fail_with(&redisctl(&["plan", &racks]), 2);
    assert!(said.contains("engines `a`, `b`, `c` have no label `rack`"), "{said}");

    succeed(&redisctl(&["up", &spec]));
    assert_eq!(json(&["plan", &spec])["changes"], 0);
    let report = json(&["--host", &hosts[1], "verify", "web"]);
    assert_eq!(failed(&report), [""; 0]);
    let names: Vec<&Value> =
        report["checks"].as_array().into_iter().flatten().map(|check| &check["name"]).collect();
    assert!(names.contains(&&Value::from("large-copy")) && names.contains(&&Value::from("large-answer")));
    let status = json(&["--host", &hosts[2], "status", "web"]);
    assert_eq!(
        (&status["state"], engines_in(&status)),
        (&Value::from("ready"), vec!["a", "b", "c", "b", "c", "a"])
    );
    // Ports are published at the address of each engine only, those of the bus, too.
    let published = swarm.published(1);
    for port in ["7002", "17002", "7004", "17004"] {
        assert!(published.contains(&format!("{}:{port}", addresses[1])), "{published}");
    }
    assert!(!published.contains("0.0.0.0"), "{published}");
    let environment = succeed(&redisctl(&["--host", &hosts[0], "env", "web"]));
    assert!(environment.contains(&format!("{}:7001", addresses[0])), "{environment}");
    succeed(&cli(&hosts[0], "web", &["set", "foo", "bar"]));
    let value = succeed(&cli(&hosts[2], "web", &["get", "foo"]));
    assert!(value.contains("bar"), "{value}");
    succeed(&redisctl(&["--host", &hosts[0], "failover", "web", "--key", "foo"]));
    assert_eq!(json(&["plan", &spec])["changes"], 0);
    assert_eq!(failed(&json(&["--host", &hosts[1], "verify", "web"])), [""; 0]);
    succeed(&redisctl(&["--host", &hosts[1], "down", "web"]));
    assert_eq!(swarm.leftovers(), "");

    // A sentinel tells one address of each server, which leads there from nodes and from this machine.
    let fields = "kind: sentinel\nnetwork: {driver: host-ports}\nauth: {password: generate}";
    let spec = swarm.spec_with("watch", fields, "");
    succeed(&redisctl(&["up", &spec]));
    assert_eq!(failed(&json(&["--host", &hosts[2], "verify", "watch"])), [""; 0]);
    succeed(&redisctl(&["--host", &hosts[0], "failover", "watch"]));
    assert_eq!(failed(&json(&["--host", &hosts[1], "verify", "watch"])), [""; 0]);
    assert_eq!(json(&["plan", &spec])["changes"], 0);
    succeed(&redisctl(&["--host", &hosts[0], "down", "watch"]));

    for (name, fields) in [
        ("lone", "kind: standalone\nnodes: {lone-1: {engine: b}}"),
        ("pair", "kind: replication\nreplicas: 3\ntls: true\ndata: volume"),
    ] {
        let spec =
            swarm.spec_with(name, &format!("{fields}\nnetwork: {{driver: host-ports, mtu: 1400}}"), "");
        succeed(&redisctl(&["up", &spec]));
        assert_eq!(failed(&json(&["--host", &hosts[1], "verify", name])), [""; 0], "{name}");
        assert_eq!(json(&["plan", &spec])["changes"], 0, "{name}");
        succeed(&redisctl(&["--host", &hosts[1], "down", name, "--volumes"]));
        assert_eq!(swarm.leftovers(), "", "{name}");
    }
}
