//! What is in the way is named, and left alone.

use std::net::TcpListener;

use crate::support::{Deployment, docker, fail_with, redisctl, wanted};

/// A network or container of somebody else's; gone when it goes out of scope.
struct Foreign(&'static str, String);

impl Drop for Foreign {
    fn drop(&mut self) {
        let arguments: &[&str] =
            if self.0 == "network" { &["network", "rm", &self.1] } else { &["rm", "-f", &self.1] };
        docker(arguments);
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
    let id =
        docker(&["create", "--name", &name, "--network", "none", crate::support::REDIS_7, "redis-server"]);
    let _foreign = Foreign("container", name.clone());
    let said = fail_with(&deployment.run("up", "replica", &[]), 1);
    assert!(said.contains(&name), "{said}");
    assert_eq!(deployment.leftovers(), Vec::<String>::new());
    redisctl(&["down", &deployment.name]);
    assert_eq!(docker(&["inspect", "--format", "{{.Id}}", &name]), id);
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
