//! An engine that is lost: repairs of the other nodes, the replacement of the engine, and its remains when it comes back.

use std::process::Stdio;

use redis::Commands as _;
use serde_json::Value;

use crate::private_engine::PrivateEngine;
use crate::support::{REDIS_7, command, eventually, fail_with, succeed};
use crate::swarm::{Swarm, cluster, engines_in, json, redisctl};

/// The id of a cluster's node, from its own point of view.
fn own_id(engine: &PrivateEngine, port: u16) -> String {
    let client = redis::Client::open(format!("redis://{}:{port}", engine.address())).expect("an address");
    let mut connection = client.get_connection().expect("a connection");
    redis::cmd("CLUSTER").arg("MYID").query(&mut connection).expect("an id")
}

/// The lines of CLUSTER NODES of the first node.
fn known_nodes(engine: &PrivateEngine) -> usize {
    let client = redis::Client::open(format!("redis://{}:7001", engine.address())).expect("an address");
    let mut connection = client.get_connection().expect("a connection");
    let text: String = redis::cmd("CLUSTER").arg("NODES").query(&mut connection).expect("an answer");
    text.lines().count()
}

/// A spec whose nodes have ports from this number on.
fn spec_at(swarm: &Swarm, name: &str, fields: &str, base: u16) -> String {
    let spec = swarm.spec(name, fields);
    let text = std::fs::read_to_string(&spec).expect("the spec");
    std::fs::write(&spec, text.replace("{bind:", &format!("{{base: {base}, bind:"))).expect("a file");
    spec
}

fn states(status: &Value) -> Vec<&str> {
    status["nodes"].as_array().expect("nodes").iter().filter_map(|node| node["condition"].as_str()).collect()
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_lost_engine_is_replaced_and_its_remains_go() {
    let mut swarm = Swarm::start(3);
    swarm.join();
    let spec = swarm.spec("shop", "kind: cluster\nconfig: {cluster-node-timeout: 2000}");
    succeed(&redisctl(&["up", &spec]));
    let hosts: Vec<String> = swarm.engines.iter().map(PrivateEngine::host).collect();
    other_runs_are_respected(&swarm, &spec);

    let first = swarm.engines[0].address();
    let mut client = cluster(first).expect("the cluster serves");
    for number in 0_u32..200 {
        client.set::<_, _, ()>(format!("key:{number}"), number).expect("it is written");
    }
    // Each replica acknowledges a later write.
    assert_eq!(json(&["--host", &hosts[0], "verify", "shop"])["failed"], 0);
    let former = own_id(&swarm.engines[1], 7002);
    let wrong = fail_with(&redisctl(&["up", &spec, "--replace-engine", "b=c"]), 2);
    assert!(wrong.contains("engine `b` answers"), "{wrong}");

    swarm.lose(1);
    the_other_nodes_are_repaired(&swarm, &spec);

    // A run that is killed leaves a description that the next run continues.
    let mut killed = command(&["up", &spec, "--replace-engine", "b=c"]);
    let mut killed = killed.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("redisctl starts");
    eventually("the first new container is made", || {
        !swarm.engines[2].docker(&["ps", "--all", "--quiet", "--filter", "name=shop-2"]).is_empty()
    });
    killed.kill().expect("it can be killed");
    killed.wait().expect("it has ended");
    succeed(&redisctl(&["up", &spec]));
    let status = json(&["--host", &hosts[2], "status", "shop"]);
    assert_eq!(
        (&status["state"], engines_in(&status)),
        (&Value::from("ready"), vec!["a", "c", "c", "c", "c", "a"])
    );
    assert_eq!(json(&["plan", &spec, "--replace-engine", "b=c"])["changes"], 0);
    assert_ne!(own_id(&swarm.engines[2], 7002), former);
    assert_eq!(known_nodes(&swarm.engines[0]), 6);
    let mut client = cluster(first).expect("the cluster serves");
    let lost: Vec<u32> =
        (0..200).filter(|number| client.get(format!("key:{number}")) != Ok(Some(*number))).collect();
    assert_eq!(lost, [0_u32; 0], "keys with a living copy stay");

    // The lost engine comes back with its containers. Its own description is old.
    swarm.engines[1].start_again();
    for host in &hosts {
        let status = json(&["--host", host, "status", "shop"]);
        let problems = status["problems"].to_string();
        assert!(problems.contains("a former shop-2 is on engine b, which was replaced"), "{problems}");
    }
    let failed = redisctl(&["--host", &hosts[1], "verify", "shop"]);
    assert!(String::from_utf8_lossy(&failed.stdout).contains("a former shop-4 is on engine b"));
    succeed(&redisctl(&["up", &spec]));
    assert_eq!(swarm.engines[1].docker(&["ps", "--all", "--quiet"]), "");
    assert_eq!(swarm.engines[1].docker(&["volume", "ls", "--quiet"]), "");
    assert_eq!(known_nodes(&swarm.engines[0]), 6);
    assert_eq!(json(&["--host", &hosts[0], "verify", "shop"])["failed"], 0);
    assert_eq!(json(&["plan", &spec])["changes"], 0);

    // Any engine knows when the time of a deployment is over.
    let brief = spec_at(&swarm, "brief", "kind: replication\nreplicas: 2", 7101);
    succeed(&redisctl(&["up", &brief, "--ttl", "1s", "--no-verify"]));
    eventually("the time is over", || {
        succeed(&redisctl(&["--host", &hosts[2], "gc"]));
        redisctl(&["--host", &hosts[0], "status", "brief"]).status.code() == Some(1)
    });
    succeed(&redisctl(&["--host", &hosts[2], "down", "shop"]));
    assert_eq!(swarm.leftovers(), "");
}

/// A run of another machine that does not reach the first engine has its lease on the second.
fn other_runs_are_respected(swarm: &Swarm, spec: &str) {
    let holder = r#"io.redisctl.lease-holder={"command":"up","user":"ann","host":"box"}"#;
    let labels = ["--label", "io.redisctl.lease=shop", "--label", holder];
    let create = [&["create", "--name", "shop-lease"][..], &labels, &[REDIS_7, "true"]].concat();
    swarm.engines[1].docker(&create);
    let said = fail_with(&redisctl(&["up", spec, "--timeout", "1s"]), 1);
    assert!(said.contains("`redisctl up` of ann@box") && said.contains("still at work on `shop`"), "{said}");
    swarm.engines[1].docker(&["rm", "shop-lease"]);
    assert_eq!(swarm.engines[0].docker(&["ps", "--all", "--quiet", "--filter", "name=lease"]), "");
}

/// While `b` is out of reach, a container that was stopped on `a` and one that was removed on `c` come back.
fn the_other_nodes_are_repaired(swarm: &Swarm, spec: &str) {
    let host = swarm.engines[0].host();
    eventually("the cluster fails over", || {
        let status = redisctl(&["--host", &host, "status", "shop", "--output", "json"]);
        let status: Value = serde_json::from_slice(&status.stdout).unwrap_or_default();
        let acts = |node: &Value| node["role"] == "primary" && node["condition"] == "answering";
        let primaries =
            status["nodes"].as_array().map_or(0, |nodes| nodes.iter().filter(|node| acts(node)).count());
        primaries == 3 && !status["problems"].to_string().contains("not served")
    });
    swarm.engines[0].docker(&["stop", "shop-6"]);
    let client =
        redis::Client::open(format!("redis://{}:7001", swarm.engines[0].address())).expect("an address");
    let mut connection = client.get_connection().expect("a connection");
    redis::cmd("CONFIG").arg(&["SET", "maxmemory", "99mb"]).exec(&mut connection).expect("it is set");
    let said = fail_with(&redisctl(&["up", spec]), 4);
    assert!(said.contains("with shop-2, shop-4") && said.contains("2 changes repaired"), "{said}");
    assert!(said.contains("--replace-engine LOST=OTHER"), "{said}");
    let status = json(&["--host", &host, "status", "shop"]);
    let (up, away) = ("answering", "out of reach");
    assert_eq!(states(&status), [up, away, up, away, up, up]);
    let maxmemory: Vec<String> =
        redis::cmd("CONFIG").arg(&["GET", "maxmemory"]).query(&mut connection).expect("an answer");
    assert_eq!(maxmemory, ["maxmemory", "0"]);
    let said = fail_with(&redisctl(&["up", spec, "--set", "replicas=2"]), 4);
    assert!(said.contains("a change of the spec needs every engine"), "{said}");
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_primary_on_a_lost_engine_has_an_heir_or_needs_a_consent() {
    let mut swarm = Swarm::start(3);
    swarm.join();
    let on_b = |name: &str| format!("nodes: {{{name}-1: {{engine: b}}}}");
    let specs = [
        ("pair", format!("kind: replication\nauth: {{password: generate}}\n{}", on_b("pair")), 7001),
        ("watch", format!("kind: sentinel\naccess: network\n{}", on_b("watch")), 7101),
        ("solo", "kind: cluster\nreplicas: 0".to_owned(), 7201),
    ]
    .map(|(name, fields, base)| (name, spec_at(&swarm, name, &fields, base)));
    let (lost, other) = (swarm.engines[1].host(), swarm.engines[2].host());
    for (name, spec) in &specs {
        succeed(&redisctl(&["up", spec]));
        succeed(&redisctl(&["--host", &lost, "cli", name, "--", "SET", "key", "value"]));
        // A replica acknowledges a later write.
        assert_eq!(json(&["--host", &lost, "verify", name])["failed"], 0, "{name}");
    }
    swarm.lose(1);
    for (name, spec) in &specs {
        let wish = ["up", spec, "--replace-engine", "b=c"];
        if *name == "solo" {
            let said = fail_with(&redisctl(&wish), 1);
            assert!(
                said.contains("only `solo-2` had their keys") && said.contains("--discard-keys"),
                "{said}"
            );
            succeed(&redisctl(&[&wish[..], &["--discard-keys"]].concat()));
        } else {
            succeed(&redisctl(&wish));
        }
        // The key of the cluster is in the last slots, which are not on the lost engine.
        let value = succeed(&redisctl(&["--host", &other, "cli", name, "--", "GET", "key"]));
        assert_eq!(value, "value\n", "{name}");
        let status = json(&["--host", &other, "status", name]);
        assert_eq!(status["state"], "ready", "{name}: {}", status["problems"]);
        assert!(!engines_in(&status).contains(&"b"), "{name}");
        assert_eq!(json(&["plan", spec])["changes"], 0, "{name}");
    }
    // The remains on the lost engine stay until it comes back.
    for (name, _) in &specs {
        let said = fail_with(&redisctl(&["--host", &other, "down", name]), 4);
        let node = if *name == "solo" { "solo-2".to_owned() } else { format!("{name}-1") };
        assert!(said.contains(&node), "{said}");
    }
    swarm.engines[1].start_again();
    for (name, _) in &specs {
        succeed(&redisctl(&["--host", &lost, "down", name]));
    }
    assert_eq!(swarm.leftovers(), "");
}
