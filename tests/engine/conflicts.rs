//! What is in the way is named, and left alone.

use std::net::TcpListener;
use std::process::Command;

use serde_json::Value;

use crate::moment::{is_step, meanwhile};
use crate::relay;
use crate::support::{Deployment, REDIS_7, docker, fail_with, redisctl, succeed, texts, wanted};

/// A container that does not run, a network or a volume of somebody else's; gone when it goes out of scope.
struct Foreign(&'static str, String);

impl Drop for Foreign {
    fn drop(&mut self) {
        docker(&[self.0, "rm", &self.1]);
    }
}

#[test]
fn a_port_of_another_process_is_found_before_anything_is_made() {
    if !wanted() {
        return;
    }
    let deployment = Deployment::new("port-taken");
    let port = deployment.port + 2;
    let _holder = TcpListener::bind(("127.0.0.1", port)).expect("a free port");
    let said = fail_with(&deployment.run("up", "cluster", &[]), 2);
    assert!(said.contains(&format!("port {port}")) && said.contains("--port-base"), "{said}");
    assert_eq!(deployment.leftovers(), Vec::<String>::new());
    // `auto` finds others.
    deployment.up("replica", &["--port-base", "auto"]);
}

#[test]
fn an_overlapping_subnet_is_found_before_anything_is_made() {
    if !wanted() {
        return;
    }
    let deployment = Deployment::new("subnet-taken");
    docker(&["network", "create", "--subnet", "10.214.9.0/24", "redisctl-test-foreign-subnet"]);
    let _foreign = Foreign("network", "redisctl-test-foreign-subnet".to_owned());
    let said = fail_with(&deployment.run("up", "standalone", &["--subnet", "10.214.0.0/16"]), 2);
    assert!(said.contains("redisctl-test-foreign-subnet"), "{said}");
    assert_eq!(deployment.leftovers(), Vec::<String>::new());
}

#[test]
fn a_foreign_container_of_the_same_name_is_not_touched() {
    if !wanted() {
        return;
    }
    let deployment = Deployment::new("foreign");
    let name = deployment.node(2);
    let id = docker(&["create", "--name", &name, "--network", "none", REDIS_7, "redis-server"]);
    let _foreign = Foreign("container", name.clone());
    let said = fail_with(&deployment.run("up", "replica", &[]), 1);
    assert!(said.contains(&name), "{said}");
    assert_eq!(deployment.leftovers(), Vec::<String>::new());
    redisctl(&["down", &deployment.name]);
    assert_eq!(docker(&["inspect", "--format", "{{.Id}}", &name]), id);
}

#[test]
fn a_foreign_network_or_volume_of_the_same_name_is_not_touched() {
    if !wanted() {
        return;
    }
    let deployment = Deployment::new("foreign-parts");
    let volume = format!("{}-nodes", deployment.name);
    for (kind, name) in [("network", deployment.name.clone()), ("volume", volume)] {
        docker(&[kind, "create", &name]);
        let _foreign = Foreign(kind, name.clone());
        let created = || docker(&[kind, "inspect", "--format", "{{json .}}", &name]);
        let before = created();
        let said = fail_with(&deployment.run("up", "replica", &[]), 1);
        assert!(said.contains(&format!("there is a {kind} `{name}` that redisctl did not make")), "{said}");
        assert_eq!(deployment.leftovers(), Vec::<String>::new());
        redisctl(&["down", &deployment.name, "--volumes"]);
        assert_eq!(created(), before);
    }
}

#[test]
fn a_foreign_container_that_appears_meanwhile_is_named_and_not_touched() {
    if !wanted() {
        return;
    }
    let deployment = Deployment::new("foreign-late");
    let (name, mut id) = (deployment.node(2), String::new());
    let moment = (1, |event: &Value| event["event"] == "plan-started");
    let ended = meanwhile(&deployment, &["replica", "--subnet", "10.214.20.0/24"], moment, |_| {
        id = docker(&["create", "--name", &name, "--network", "none", REDIS_7, "redis-server"]);
    });
    let _foreign = Foreign("container", name.clone());
    assert_eq!(ended.status.code(), Some(1), "{}", ended.stderr);
    let said = ended.stderr;
    assert!(said.contains(&format!("there is a container `{name}` that redisctl did not make")), "{said}");
    assert!(said.contains("there is now of `redisctl-test-foreign-late`: its network, 1 volume"), "{said}");
    succeed(&redisctl(&["down", &deployment.name]));
    assert_eq!(deployment.leftovers(), Vec::<String>::new());
    assert_eq!(docker(&["inspect", "--format", "{{.Id}}", &name]), id);
}

#[test]
fn a_foreign_network_that_appears_meanwhile_is_named_and_not_touched() {
    if !wanted() {
        return;
    }
    let deployment = Deployment::new("foreign-network-late");
    let named = format!("name=^{}$", deployment.name);
    // The network is made after the shared volume, which leaves a moment: now and then too short a one.
    for _ in 0..10 {
        let mut made = None;
        let moment = (1, |event: &Value| event["event"] == "planned");
        let ended = meanwhile(&deployment, &["replica"], moment, |_| {
            made = Command::new("docker").args(["network", "create", &deployment.name]).output().ok();
        });
        let made = made.filter(|made| made.status.success());
        let foreign =
            made.map(|made| Foreign("network", String::from_utf8_lossy(&made.stdout).trim().to_owned()));
        let all = docker(&["network", "ls", "-q", "--no-trunc", "--filter", &named]);
        let Some(foreign) = foreign.filter(|foreign| all == foreign.1) else {
            succeed(&redisctl(&["down", &deployment.name]));
            continue;
        };
        let inspect = || docker(&["network", "inspect", "--format", "{{json .}}", &foreign.1]);
        let before = inspect();
        assert_eq!(ended.status.code(), Some(1), "{}", ended.stderr);
        let said = format!("there is a network `{}` that redisctl did not make", deployment.name);
        assert!(ended.stderr.contains(&said), "{}", ended.stderr);
        succeed(&redisctl(&["down", &deployment.name]));
        assert_eq!(deployment.leftovers(), Vec::<String>::new());
        assert_eq!(inspect(), before);
        return;
    }
    panic!("the network never came between");
}

#[test]
fn a_foreign_volume_that_appears_meanwhile_is_named_and_not_touched() {
    if !wanted() {
        return;
    }
    let deployment = Deployment::new("foreign-volume-late");
    let name = format!("{}-data", deployment.node(1));
    let inspect = || docker(&["volume", "inspect", "--format", "{{json .}}", &name]);
    let host = relay::before("/volumes/create", {
        let name = name.clone();
        move |_| drop(docker(&["volume", "create", &name]))
    });
    let ended = deployment.run("up", "standalone", &["--set", "data=volume", "--host", &host]);
    let _foreign = Foreign("volume", name.clone());
    let before = inspect();
    let said = fail_with(&ended, 1);
    assert!(said.contains(&format!("there is a volume `{name}` that redisctl did not make")), "{said}");
    assert!(!before.contains("io.redisctl."), "{before}");
    succeed(&redisctl(&["down", &deployment.name, "--volumes"]));
    assert_eq!(deployment.leftovers(), Vec::<String>::new());
    assert_eq!(inspect(), before);
}

#[test]
fn a_subnet_that_is_taken_meanwhile_is_replaced() {
    if !wanted() {
        return;
    }
    let deployment = Deployment::new("subnet-meanwhile");
    let name = "redisctl-test-foreign-subnet-late";
    let host = relay::before("\"Subnet\"", move |call| {
        let (_, rest) = call.split_once("\"Subnet\":\"").expect("the network's subnet");
        let subnet = rest.split('"').next().expect("a subnet");
        docker(&["network", "create", "--subnet", subnet, name]);
    });
    let _foreign = Foreign("network", name.to_owned());
    let ended = deployment.run("up", "cluster", &["--host", &host, "--output", "json"]);
    let (_, said) = texts(&ended);
    assert!(ended.status.success() && said.contains("choosing another subnet"), "{said}");
    // The volume that it has made already is its own, and not somebody else's whom it would wait for.
    assert!(!said.contains("somebody else makes"), "{said}");
    // Nothing has lived in it either: the cluster is formed as a new one, the quick way.
    let events = || said.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    assert!(events().any(|event| is_step(&event, "step-finished", "take over")), "{said}");
    deployment.verify();
}

#[test]
fn a_changed_spec_is_not_forced_on_a_deployment_without_a_word() {
    if !wanted() {
        return;
    }
    let deployment = Deployment::new("changed");
    deployment.up("standalone", &[]);
    let before = deployment.containers();
    let changed = ["--set", "resources.memory=64mb"];
    let said = fail_with(&deployment.run("up", "standalone", &changed), 1);
    assert!(said.contains("resources") && said.contains("--recreate"), "{said}");
    assert_eq!(deployment.containers(), before);
    deployment.up("standalone", &["--set", "resources.memory=64mb", "--recreate"]);
    deployment.verify();
    assert_eq!(deployment.changes("standalone", &changed), 0);
}
