//! One deployment on two or three engines, which are one swarm: brought up, verified, hit by the loss of an engine,
//! removed.

use std::collections::BTreeSet;
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use redis::Commands as _;
use serde_json::Value;

use crate::private_engine::PrivateEngine;
use crate::support::{REDIS_7, command, eventually, fail_with, output, succeed};
use crate::swarm::{Swarm, cluster, engines_in, json, redisctl};

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_cluster_on_three_engines_survives_the_loss_of_one() {
    let mut swarm = Swarm::start(3);
    let spec = swarm.spec("shop", "kind: cluster\nconfig: {cluster-node-timeout: 2000}");
    let said = fail_with(&redisctl(&["plan", &spec]), 2);
    assert!(said.contains("must be one swarm, and `a`, `b`, `c` are in none"), "{said}");
    swarm.join();

    let plan = json(&["plan", &spec]);
    let steps: Vec<&Value> = plan["stages"]
        .as_array()
        .expect("stages")
        .iter()
        .filter_map(|stage| stage["steps"].as_array())
        .flatten()
        .collect();
    let networks: Vec<&Value> = steps
        .iter()
        .filter(|step| step["action"].as_str().is_some_and(|action| action.starts_with("create network")))
        .map(|step| &step["engine"])
        .collect();
    assert_eq!(networks, ["a"], "a manager makes the network");
    assert!(steps.iter().filter(|step| step["node"].is_string()).all(|step| step["engine"].is_string()));

    succeed(&redisctl(&["up", &spec]));
    let hosts: Vec<String> = swarm.engines.iter().map(PrivateEngine::host).collect();
    // Each engine knows the whole deployment.
    for host in &hosts {
        let status = json(&["--host", host, "status", "shop"]);
        assert_eq!(
            (&status["state"], engines_in(&status)),
            (&Value::from("ready"), vec!["a", "b", "c", "b", "c", "a"])
        );
    }
    assert_eq!(json(&["--host", &hosts[1], "verify", "shop"])["failed"], 0);
    assert_eq!(json(&["plan", &spec])["changes"], 0);
    let listed = json(&["ls", "--host", &hosts[1], "--host", &hosts[2]]);
    let engines: Vec<&Value> = listed[0]["engines"].as_array().expect("engines").iter().collect();
    assert_eq!(listed.as_array().map(Vec::len), Some(1), "{listed}");
    assert_eq!((&listed[0]["name"], &listed[0]["nodes"]), (&Value::from("shop"), &Value::from(6)));
    assert_eq!(engines.iter().map(|engine| &engine["name"]).collect::<Vec<_>>(), ["a", "b", "c"]);
    let logs = succeed(&redisctl(&["--host", &hosts[2], "logs", "shop"]));
    let nodes: BTreeSet<&str> = logs.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert!(nodes.len() >= 6, "{nodes:?}");

    let lost = the_loss_of_b(&mut swarm, &spec, &hosts[0]);
    println!("{lost} acknowledged writes were lost with the engine");

    swarm.engines[1].start_again();
    eventually("the engine's containers are in the network again", || {
        redisctl(&["up", &spec]).status.success()
    });
    assert_eq!(json(&["--host", &hosts[1], "verify", "shop"])["failed"], 0);
    succeed(&redisctl(&["--host", &hosts[2], "down", "shop"]));
    assert_eq!(swarm.leftovers(), "");
}

/// Kills the second engine while a client writes, and checks the rest. Returns the number of lost writes.
fn the_loss_of_b(swarm: &mut Swarm, spec: &str, host: &str) -> usize {
    let first = swarm.engines[0].address();
    let is_over = AtomicBool::new(false);
    let acknowledged = thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut acknowledged = Vec::new();
            let mut client = cluster(first);
            for number in 0_u32.. {
                if is_over.load(Ordering::Relaxed) {
                    break;
                }
                let key = format!("key:{number}");
                let written = client.as_mut().map(|client| client.set::<_, _, ()>(&key, number));
                match written {
                    Some(Ok(())) => acknowledged.push((key, number)),
                    Some(Err(_)) | None => client = cluster(first),
                }
            }
            acknowledged
        });
        eventually("the client writes", || {
            cluster(first).is_some_and(|mut client| client.exists("key:500") == Ok(true))
        });
        swarm.lose(1);
        eventually("the cluster fails over", || {
            let status = redisctl(&["--host", host, "status", "shop", "--output", "json"]);
            let status: Value = serde_json::from_slice(&status.stdout).unwrap_or_default();
            let problems = status["problems"].to_string();
            let served = |node: &Value| node["role"] == "primary" && node["condition"] == "answering";
            let primaries = status["nodes"]
                .as_array()
                .map_or(0, |nodes| nodes.iter().filter(|node| served(node)).count());
            primaries == 3 && !problems.contains("not served")
        });
        is_over.store(true, Ordering::Relaxed);
        writer.join().expect("the writer ends")
    });
    let status = json(&["--host", host, "status", "shop"]);
    assert_eq!(status["state"], "degraded");
    let conditions: Vec<&Value> = status["nodes"]
        .as_array()
        .expect("nodes")
        .iter()
        .filter(|node| node["engine"] == "b")
        .map(|node| &node["condition"])
        .collect();
    assert_eq!(conditions, ["out of reach", "out of reach"]);
    assert!(status["problems"][0].as_str().is_some_and(|text| text.starts_with("engine b is out of reach")));

    let listing = redisctl(&["ls", "--host", host, "--host", &swarm.engines[1].host()]);
    let said = String::from_utf8_lossy(&listing.stderr).into_owned();
    let listed = succeed(&listing);
    assert!(said.contains(&format!("engine {} is out of reach", swarm.engines[1].host())), "{said}");
    assert!(listed.contains("4/6") && listed.contains("a, b (out of reach), c"), "{listed}");

    // Nothing is changed: another copy of a node would have the same identity.
    let said = fail_with(&redisctl(&["up", spec]), 4);
    assert!(said.contains("engine `b`") && said.contains("with shop-2, shop-4"), "{said}");
    let mut client = cluster(first).expect("the cluster serves");
    let is_lost = |(key, value): &&(String, u32)| client.get::<_, Option<u32>>(key) != Ok(Some(*value));
    let lost = acknowledged.iter().filter(is_lost).count();
    // Replication is asynchronous: only the last writes before the loss can be missing.
    assert!(lost * 100 < acknowledged.len(), "{lost} of {} writes were lost", acknowledged.len());
    lost
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn every_kind_comes_up_on_two_engines_and_goes_without_a_trace() {
    let mut swarm = Swarm::start(2);
    swarm.join();
    for (name, fields) in [
        ("lone", "kind: standalone\nnodes: {lone-1: {engine: b}}"),
        ("pair", "kind: replication\nreplicas: 2\ntls: true\ndata: volume\nauth: {password: generate}"),
        ("watch", "kind: sentinel\naccess: network"),
    ] {
        let spec = swarm.spec(name, fields);
        succeed(&redisctl(&["up", &spec]));
        let host = swarm.engines[1].host();
        assert_eq!(json(&["--host", &host, "verify", name])["failed"], 0, "{name}");
        assert_eq!(json(&["plan", &spec])["changes"], 0, "{name}");
        succeed(&redisctl(&["--host", &host, "down", name, "--volumes"]));
        assert_eq!(swarm.leftovers(), "", "{name}");
    }

    the_only_server_on_b_is_tried_there(&swarm);

    let contexts = swarm.contexts();
    let through = |context: &str, arguments: &[&str]| {
        succeed(&output(
            command(arguments).env("DOCKER_CONFIG", contexts.path()).env("DOCKER_CONTEXT", context),
        ))
    };
    let spec = swarm.write("made", "kind: replication\nimage: host\nports: {bind: 0.0.0.0}\nengines:\n  a: {context: on-a}\n  b: {context: on-b}");
    through("default", &["up", &spec]);
    assert!(through("on-b", &["verify", "made"]).contains("checks passed"));
    assert_eq!(through("default", &["plan", &spec]), "made: nothing to do\n");
    let listed = through("default", &["ls", "--context", "on-b", "--context", "on-a"]);
    assert!(listed.lines().count() == 2 && listed.trim_end().ends_with("a, b"), "{listed}");
    // An engine of the deployment is enough, although the contexts are known on another machine.
    let status = json(&["--host", &swarm.engines[1].host(), "status", "made"]);
    assert!(
        status["problems"][0].as_str().is_some_and(|text| text.contains("no Docker context `on-a`")),
        "{status}"
    );
    through("on-a", &["down", "made"]);
    assert_eq!(swarm.leftovers(), "");

    what_cannot_work_is_said_before_anything_is_made(&swarm);

    // A lost engine keeps its part until the next `down`.
    let spec = swarm.spec("rest", "kind: replication");
    succeed(&redisctl(&["up", &spec]));
    swarm.engines[1].kill();
    let said = fail_with(&redisctl(&["--host", &swarm.engines[0].host(), "down", "rest"]), 4);
    let host = swarm.engines[1].host();
    assert!(said.contains(&format!("redisctl --host {host} down rest")), "{said}");
    swarm.engines[1].start_again();
    succeed(&redisctl(&["--host", &host, "down", "rest"]));
    assert_eq!(swarm.leftovers(), "");
}

/// Servers on trial run on the engine of their node: the host of its endpoint leads there.
fn the_only_server_on_b_is_tried_there(swarm: &Swarm) {
    let b = &swarm.engines[1];
    let spec = swarm.spec("tried", "kind: standalone\nnodes: {tried-1: {engine: b}}\nconfig: {hz: 1000}");
    let said = redisctl(&["up", &spec]);
    succeed(&said);
    let warned = String::from_utf8_lossy(&said.stderr).into_owned();
    assert!(warned.contains("redis 7.0.15 makes 500 of `hz: 1000`"), "{warned}");

    let (file, client) = (&swarm.path("dump.rdb"), &mut b.connect(7001));
    redis::pipe().set("key", "value").cmd("SAVE").exec(client).expect("the server saves its keys");
    b.docker(&["cp", "tried-1:/redisctl/tried-1/data/dump.rdb", file]);
    redis::cmd("FLUSHALL").exec(client).expect("the server is emptied");
    let said = succeed(&redisctl(&["--host", &b.host(), "seed", "tried", file]));
    assert!(said.contains("seeded: 1 key"), "{said}");
    assert_eq!(redis::Commands::get(client, "key"), Ok("value".to_owned()));
    succeed(&redisctl(&["--host", &b.host(), "down", "tried"]));
}

/// The engines refuse what cannot work. Each error names the engine.
fn what_cannot_work_is_said_before_anything_is_made(swarm: &Swarm) {
    let [a, b] = swarm.engines.as_slice() else { panic!("two engines") };
    let refused = |fields: &str, code| {
        let spec = swarm.spec("bad", &format!("kind: replication\n{fields}"));
        let said = fail_with(&redisctl(&["up", &spec]), code);
        let filter = "label=io.redisctl.deployment";
        let made = [a, b].map(|engine| {
            [
                engine.docker(&["ps", "--all", "--quiet", "--filter", filter]),
                engine.docker(&["volume", "ls", "--quiet", "--filter", filter]),
            ]
            .concat()
        });
        assert_eq!(made.concat(), "", "{said}");
        said
    };

    let node = b.docker(&["info", "--format", "{{.Swarm.NodeID}}"]);
    for (availability, state) in [("drain", "drained"), ("pause", "paused")] {
        a.docker(&["node", "update", "--availability", availability, &node]);
        let said = refused("", 2);
        assert!(said.contains(&format!("engine `b`: it is {state}")), "{said}");
    }
    a.docker(&["node", "update", "--availability", "active", &node]);

    let subnet = "network: {subnet: 172.31.9.0/24}";
    b.docker(&["network", "create", "--subnet", "172.31.9.0/24", "other"]);
    assert!(refused(subnet, 2).contains("of the network `other` on engine `b`"));
    b.docker(&["network", "rm", "other"]);
    a.docker(&["network", "create", "--driver", "overlay", "--subnet", "172.31.9.0/24", "other"]);
    assert!(refused(subnet, 2).contains("of the network `other`"));
    a.docker(&["network", "rm", "other"]);

    b.docker(&["run", "--detach", "--name", "squatter", "--publish", "7002:7002", REDIS_7, "redis-server"]);
    assert!(refused("", 2).contains("port 7002 of `bad-2` is taken by container `squatter` on engine `b`"));
    b.docker(&["rm", "--force", "squatter"]);
    let mut listener = b
        .inside("redis-server")
        .args(["--port", "7002", "--protected-mode", "no"])
        .spawn()
        .expect("a server");
    let address = (b.address(), 7002);
    eventually("a process has the port", || TcpStream::connect(address).is_ok());
    assert!(refused("", 2).contains("is taken by another process on the machine of engine `b`"));
    let _ = listener.kill();
    let _ = listener.wait();

    // No registry is at this address.
    let image = "127.0.0.1:1/none:1";
    a.docker(&["tag", REDIS_7, image]);
    let said = refused(&format!("image: {image}"), 1);
    let copy = format!("docker --host {} save {image} | docker --host {} load", a.host(), b.host());
    assert!(said.contains("engine `b` cannot get its image") && said.contains(&copy), "{said}");

    let twice = format!(
        "kind: standalone\nname: bad\nengines:\n  a: {{host: \"{}\"}}\n  b: {{host: \"{}\"}}",
        a.host(),
        a.socket()
    );
    let said = fail_with(&redisctl(&["up", &swarm.write("bad", &twice)]), 2);
    assert!(said.contains("`a` and `b` are the same engine"), "{said}");
}
