//! Clients on other machines, and the networks that this machine reaches.

use std::process::Command;

use serde_json::Value;

use crate::private_engine::{Network, run};
use crate::support::{
    Deployment, REDIS_6, REDIS_8, VALKEY_8, VALKEY_9, command, docker, eventually, fail_with, output,
    redisctl, succeed, texts,
};

/// redisctl with these arguments on the machine of a namespace, at the same engine.
fn on(network: &Network, arguments: &[&str]) -> Command {
    let mut nsenter = network.inside(env!("CARGO_BIN_EXE_redisctl"));
    nsenter.args(arguments).env("NO_COLOR", "1");
    nsenter
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn networks_that_this_machine_reaches_are_left_alone() {
    // A machine with a VPN and a LAN. Routes in a namespace do not affect other processes.
    let machine = Network::make();
    for arguments in [
        &["address", "add", "10.214.77.5/24", "dev", "eth0"][..],
        &["route", "add", "172.30.0.0/16", "via", "10.214.77.1"],
    ] {
        run(machine.inside("ip").args(arguments));
    }
    let shop = Deployment::new("routes");
    let port = shop.port.to_string();
    let plan = ["plan", "standalone", "--name", &shop.name, "--image", REDIS_8, "--port-base", &port];
    let said = succeed(&output(&mut on(&machine, &plan)));
    assert!(said.contains("10.231."), "{said}");
    let lan = [&plan[..], &["--subnet", "10.214.0.0/16"]].concat();
    let said = fail_with(&output(&mut on(&machine, &lan)), 2);
    assert!(said.contains("`10.214.77.0/24`") && said.contains("`eth0`"), "{said}");
    let said = output(&mut on(&machine, &["doctor", "--output", "json"]));
    let diagnosis: Value = serde_json::from_str(&texts(&said).0).expect("JSON");
    let checks = diagnosis["checks"].as_array().expect("checks");
    let detail =
        checks.iter().find(|check| check["name"] == "subnet").expect("a check")["detail"].to_string();
    assert!(detail.contains("10.231.") && detail.contains("172.30.0.0/16 (eth0)"), "{detail}");

    // A spec may hide a VPN.
    let mut up = on(&machine, &["up", "standalone", "--name", &shop.name, "--image", REDIS_8]);
    up.args(["--port-base", &port, "--subnet", "172.30.214.0/24", "--timeout", "1s"]);
    let said = texts(&output(&mut up)).1;
    assert!(said.contains("does not reach that part of it"), "{said}");
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn clients_on_another_machine_follow_the_announced_host() {
    let machine = Network::make();
    let host = machine.near.to_string();
    let shop = Deployment::new("announce");
    let announce = format!("ports.announce={host}");
    let more = ["--set", "ports.bind=0.0.0.0", "--set", &announce, "--set", "tls=true", "--image", REDIS_8];
    shop.up("cluster", &more);
    // TLS clients verify that certificates name the dialled host.
    shop.verify();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().to_str().expect("a path");
    let text = succeed(&output(&mut command(&["env", &shop.name, "--tls-folder", path, "--format", "json"])));
    let env: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(env["REDIS_URL"], format!("rediss://{host}:{}", shop.port));
    let ca = env["REDIS_CA_FILE"].as_str().expect("a path");
    let port = shop.port.to_string();
    // Their slots belong to three primaries.
    for key in ["a", "b", "c"] {
        let mut client = machine.inside("redis-cli");
        client.args(["--tls", "--cacert", ca, "-c", "-h", &host, "-p", &port, "SET", key, "1"]);
        assert_eq!(succeed(&output(&mut client)), "OK\n");
    }
    assert_eq!(shop.changes("cluster", &more), 0);
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_client_without_a_route_to_announced_addresses_is_told_so() {
    let machine = Network::make();
    let announce = format!("ports.announce={}", machine.near);
    let shop = Deployment::new("no-route");
    let up = shop.up(
        "cluster",
        &["--set", "ports.bind=0.0.0.0", "--set", &announce, "--image", REDIS_6, "--set", "replicas=0"],
    );
    assert!(up.contains("note: redis 6.0"), "{up}");
    let said = texts(&output(&mut command(&["env", &shop.name]))).1;
    assert!(said.contains("only machines with a route to it can follow redirections"), "{said}");

    // This machine has a route to the network, but the other machine has none.
    shop.verify();
    let report = output(&mut on(&machine, &["verify", &shop.name, "--output", "json"]));
    let report: Value = serde_json::from_str(&texts(&report).0).expect("JSON");
    let checks = report["checks"].as_array().expect("checks");
    let failed: Vec<_> = checks.iter().filter(|check| check["outcome"] == "failed").collect();
    assert_eq!(failed.len(), 3, "{report:#}");
    for check in failed {
        assert_eq!(check["name"], "announced", "{check:#}");
        let detail = check["detail"].as_str().expect("a text");
        assert!(detail.contains("172.") && detail.contains("`access: network`"), "{detail}");
    }
}

/// The first column of CLUSTER NODES of a node, without the bus port.
fn first_column(shop: &Deployment, number: u16) -> Vec<String> {
    let text: String = redis::cmd("CLUSTER").arg("NODES").query(&mut shop.connect(number)).expect("text");
    let address = |line: &str| Some(line.split(' ').nth(1)?.split('@').next()?.to_owned());
    let mut addresses: Vec<String> = text.lines().filter_map(address).collect();
    addresses.sort();
    addresses
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn valkey_tells_endpoints_also_in_the_first_column_of_cluster_nodes() {
    let shop = Deployment::new("first-column");
    let endpoints = |count: u16| (0..count).map(|node| format!("127.0.0.1:{}", shop.port + node)).collect();
    let image = ["--image", VALKEY_8];
    shop.up("cluster", &image);
    shop.verify();
    let six: Vec<String> = endpoints(6);
    for number in 1..=6 {
        assert_eq!(first_column(&shop, number), six);
    }
    assert_eq!(shop.changes("cluster", &image), 0);

    // A deployment of a redisctl that did not know the directive.
    let before = shop.containers();
    for number in 1..=6 {
        let mut node = shop.connect(number);
        let set = ["SET", "cluster-announce-client-ipv4", ""];
        let _: () = redis::cmd("CONFIG").arg(&set).query(&mut node).expect("OK");
    }
    let addresses = || {
        first_column(&shop, 1).iter().all(|address| address.starts_with("172.") || address.starts_with("10."))
    };
    eventually("addresses are told", addresses);
    assert_ne!(shop.changes("cluster", &image), 0);
    shop.up("cluster", &image);
    assert_eq!(shop.containers(), before);
    assert_eq!(first_column(&shop, 1), six);

    // Nodes come and go, and a node that is down is no stranger.
    docker(&["kill", &shop.node(6)]);
    shop.up("cluster", &[&image[..], &["--set", "replicas=2"]].concat());
    shop.verify();
    let nine: Vec<String> = endpoints(9);
    assert_eq!(first_column(&shop, 9), nine);
    docker(&["stop", "-t", "0", &shop.node(9)]);
    let plan = shop.plan("cluster", &image);
    assert!(!plan.contains("stranger"), "{plan}");
    shop.up("cluster", &image);
    assert_eq!(first_column(&shop, 1), six);
    shop.verify();

    let newer = ["--image", VALKEY_9];
    shop.up("cluster", &newer);
    shop.verify();
    assert_eq!(shop.changes("cluster", &newer), 0);
    let inside = [&newer[..], &["--set", "access=network"]].concat();
    shop.up("cluster", &inside);
    assert!(first_column(&shop, 2).iter().all(|address| !address.starts_with("127.")));
    assert_eq!(shop.changes("cluster", &inside), 0);
    succeed(&redisctl(&["down", &shop.name]));
    assert_eq!(shop.leftovers(), Vec::<String>::new());
}
