//! Clients on other machines, and the networks that this machine reaches.

use std::process::Command;

use serde_json::Value;

use crate::private_engine::{Network, run};
use crate::support::{Deployment, REDIS_6, REDIS_8, command, fail_with, output, succeed, texts};

/// redisctl with these arguments on the machine of a namespace, at the same engine.
fn on(network: &Network, arguments: &[&str]) -> Command {
    let mut nsenter = network.inside(env!("CARGO_BIN_EXE_redisctl"));
    nsenter.args(arguments).env("NO_COLOR", "1");
    nsenter
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn networks_that_this_machine_reaches_are_left_alone() {
    // A machine with a VPN and a LAN: routes of a namespace are no harm to any other process.
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

    // A VPN may be hidden on purpose.
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
    // TLS clients verify that certificates bear the host that they dial.
    shop.verify();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().to_str().expect("a path");
    let text = succeed(&output(&mut command(&["env", &shop.name, "--tls-folder", path, "--format", "json"])));
    let env: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(env["REDIS_URL"], format!("rediss://{host}:{}", shop.port));
    let ca = env["REDIS_CA_FILE"].as_str().expect("a path");
    let port = shop.port.to_string();
    // Their slots are at three primaries.
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

    // This machine has a route to the network, and the other machine has none.
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
