//! Objects that redisctl did not make are named, and not changed.

use std::net::TcpListener;
use std::process::Command;
use std::sync::mpsc;

use serde_json::Value;

use crate::moment::is_step;
use crate::relay;
use crate::support::{Deployment, REDIS_7, clean_up, docker, fail_with, own_name, redisctl, succeed, texts};

/// A stopped container, a network or a volume that redisctl did not make. It is removed when it is dropped.
struct Foreign(&'static str, String);

impl Drop for Foreign {
    fn drop(&mut self) {
        clean_up(&[self.0, "rm", &self.1]);
    }
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_port_of_another_process_is_found_before_anything_is_made() {
    let deployment = Deployment::new("port-taken");
    let port = deployment.port + 2;
    let _holder = TcpListener::bind(("127.0.0.1", port)).expect("a free port");
    let said = fail_with(&deployment.run("up", "cluster", &[]), 2);
    assert!(said.contains(&format!("port {port}")) && said.contains("--port-base"), "{said}");
    assert_eq!(deployment.leftovers(), Vec::<String>::new());
    // `auto` finds other ports.
    deployment.up("replica", &["--port-base", "auto"]);
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn an_overlapping_subnet_is_found_before_anything_is_made() {
    let deployment = Deployment::new("subnet-taken");
    let name = own_name("foreign-subnet");
    docker(&["network", "create", "--subnet", "10.214.9.0/24", &name]);
    let _foreign = Foreign("network", name.clone());
    let said = fail_with(&deployment.run("up", "standalone", &["--subnet", "10.214.0.0/16"]), 2);
    assert!(said.contains(&name), "{said}");
    assert_eq!(deployment.leftovers(), Vec::<String>::new());
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_foreign_container_of_the_same_name_is_not_touched() {
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
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_foreign_network_or_volume_of_the_same_name_is_not_touched() {
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
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_foreign_container_that_appears_meanwhile_is_named_and_not_touched() {
    let deployment = Deployment::new("foreign-late");
    let name = deployment.node(2);
    let host = relay::before(format!("/containers/create?name={name}"), {
        let name = name.clone();
        move |_| drop(docker(&["create", "--name", &name, "--network", "none", REDIS_7, "redis-server"]))
    });
    let said = fail_with(&deployment.run("up", "replica", &["--host", &host]), 1);
    let _foreign = Foreign("container", name.clone());
    let created = || docker(&["inspect", "--format", "{{.Id}} {{.Created}}", &name]);
    let before = created();
    assert!(said.contains(&format!("there is a container `{name}` that redisctl did not make")), "{said}");
    assert!(
        said.contains(&format!("`{}` is left as it is: its network, 1 volume", deployment.name)),
        "{said}"
    );
    succeed(&redisctl(&["down", &deployment.name]));
    assert_eq!(deployment.leftovers(), Vec::<String>::new());
    assert_eq!(created(), before);
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_foreign_network_that_appears_meanwhile_is_named_and_not_touched() {
    let deployment = Deployment::new("foreign-network-late");
    let name = &deployment.name;
    let host = relay::before("/networks/create", {
        let name = name.clone();
        move |_| drop(docker(&["network", "create", &name]))
    });
    let said = fail_with(&deployment.run("up", "replica", &["--host", &host]), 1);
    let _foreign = Foreign("network", name.clone());
    let inspect = || docker(&["network", "inspect", "--format", "{{json .}}", name]);
    let before = inspect();
    assert!(said.contains(&format!("there is a network `{name}` that redisctl did not make")), "{said}");
    succeed(&redisctl(&["down", name]));
    assert_eq!(deployment.leftovers(), Vec::<String>::new());
    assert_eq!(inspect(), before);
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_foreign_volume_that_appears_meanwhile_is_named_and_not_touched() {
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
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_subnet_that_is_taken_meanwhile_is_replaced() {
    let deployment = Deployment::new("subnet-meanwhile");
    let name = own_name("foreign-subnet-late");
    let (report, made) = mpsc::channel();
    let foreign = name.clone();
    let host = relay::before("\"Subnet\"", move |call| {
        let (_, rest) = call.split_once("\"Subnet\":\"").expect("the network's subnet");
        let subnet = rest.split('"').next().expect("a subnet");
        let create = ["network", "create", "--subnet", subnet, &foreign];
        let created = Command::new("docker").args(create).output().expect("the docker client starts");
        // The deployment of another test may have the subnet already: it is taken in any case.
        let taken = String::from_utf8_lossy(&created.stderr).contains("overlaps");
        assert!(created.status.success() || taken, "{created:?}");
        report.send(created.status.success()).expect("the test waits");
    });
    let ended = deployment.run("up", "cluster", &["--host", &host, "--output", "json"]);
    let _foreign = made.try_recv().expect("a call for a network").then(|| Foreign("network", name));
    let (_, said) = texts(&ended);
    assert!(ended.status.success() && said.contains("choosing another subnet"), "{said}");
    // The existing volume is empty, so the cluster is formed as a new cluster, by the role swap.
    let events = || said.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    assert!(events().any(|event| is_step(&event, "step-finished", "take over")), "{said}");
    deployment.verify();
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_changed_spec_is_not_forced_on_a_deployment_without_a_word() {
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

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn the_holder_of_a_fixed_subnet_that_is_taken_meanwhile_is_named_and_nothing_stays() {
    let deployment = Deployment::new("subnet-fixed");
    let (name, other) = (own_name("foreign-subnet-fixed"), own_name("other"));
    let host = relay::before("\"Subnet\"", {
        let (name, label) = (name.clone(), format!("io.redisctl.deployment={other}"));
        move |_| {
            docker(&["network", "create", "--subnet", "10.214.12.0/24", "--label", &label, &name]);
        }
    });
    let ended = deployment.run("up", "standalone", &["--subnet", "10.214.12.0/25", "--host", &host]);
    let _foreign = Foreign("network", name);
    let said = fail_with(&ended, 1);
    let holder = format!("cannot have the subnet 10.214.12.0/25: deployment `{other}` took it meanwhile");
    assert!(said.contains(&holder), "{said}");
    assert!(said.contains("choose another subnet with `--subnet`"), "{said}");
    assert!(!said.contains("is left as it is"), "{said}");
    assert_eq!(deployment.leftovers(), Vec::<String>::new());
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_foreign_container_in_the_network_is_named_before_anything_is_removed() {
    let deployment = Deployment::new("guest");
    let (name, guest) = (&deployment.name, &own_name("guest-of-somebody"));
    deployment.up("standalone", &[]);
    let before = deployment.containers();
    docker(&["run", "--detach", "--name", guest, "--network", name, REDIS_7, "redis-server"]);
    let down = redisctl(&["down", name]);
    let recreate = deployment.run("up", "standalone", &["--subnet", "10.214.13.0/24", "--recreate"]);
    let after = deployment.containers();
    docker(&["network", "disconnect", name, guest]);
    docker(&["rm", "--force", guest]);
    for ended in [down, recreate] {
        let said = fail_with(&ended, 1);
        assert!(said.contains(guest) && said.contains("docker network disconnect"), "{said}");
    }
    assert_eq!(after, before);
    succeed(&redisctl(&["down", name]));
    assert_eq!(deployment.leftovers(), Vec::<String>::new());
}

/// Like `docker system prune` for a stopped deployment.
#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_deployment_that_has_only_its_volume_left_comes_up_without_a_wait() {
    let deployment = Deployment::new("pruned");
    deployment.up("standalone", &[]);
    docker(&["rm", "--force", &deployment.node(1)]);
    docker(&["network", "rm", &deployment.name]);
    let ended = deployment.run("up", "standalone", &[]);
    succeed(&ended);
    let (_, said) = texts(&ended);
    assert!(!said.contains("waiting"), "{said}");
    deployment.verify();
}
