//! Two redisctl at the same deployment at the same moment: one does it, and the other finds it done.

use std::process::Output;
use std::time::{Duration, Instant};

use crate::support::{Deployment, command, docker, end, fail_with, succeed};

/// How long something that must come about may take.
const PATIENCE: Duration = Duration::from_secs(60);

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Waits until the deployment has a container. Engine 20.10 lists one before it can be inspected.
fn await_container(deployment: &Deployment) {
    let started = Instant::now();
    while deployment.container_ids().is_empty() {
        assert!(started.elapsed() < PATIENCE, "no container of {} comes about", deployment.name);
    }
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn of_two_ups_one_makes_it_and_the_other_finds_it_made() {
    let deployment = Deployment::new("two-ups");
    let start = || deployment.command("up", "secure", &[]).spawn().expect("redisctl starts");
    let outputs = [start(), start()].map(end);
    for output in &outputs {
        succeed(output);
    }
    let said = outputs.iter().map(stderr).collect::<String>();
    assert_eq!(said.matches("`redisctl up` (process ").count(), 1, "{said}");
    assert_eq!(said.matches("is at work on `redisctl-test-two-ups`").count(), 1, "{said}");
    deployment.verify();
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_down_waits_for_an_up_and_leaves_nothing() {
    let deployment = Deployment::new("up-down");
    let up = deployment.command("up", "cluster", &[]).spawn().expect("redisctl starts");
    await_container(&deployment);
    // Without time to wait, it says who is in its way.
    let said = fail_with(&crate::support::redisctl(&["down", &deployment.name, "--timeout", "0s"]), 1);
    assert!(said.contains(&format!("`redisctl up` (process {}", up.id())), "{said}");
    assert!(said.contains("is still at work on `redisctl-test-up-down`"), "{said}");
    let downs = [(); 2].map(|()| command(&["down", &deployment.name]).spawn().expect("redisctl starts"));
    succeed(&end(up));
    for output in downs.map(end) {
        succeed(&output);
    }
    assert_eq!(deployment.leftovers(), Vec::<String>::new());
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn two_that_cannot_see_each_other_make_one_deployment_all_the_same() {
    let deployment = Deployment::new("two-users");
    let folders = [(); 2].map(|()| tempfile::tempdir().expect("a folder for locks"));
    let start = |folder: &tempfile::TempDir| {
        let mut command = deployment.command("up", "secure", &[]);
        command.env("XDG_RUNTIME_DIR", folder.path()).spawn().expect("redisctl starts")
    };
    let outputs = folders.each_ref().map(start).map(end);
    for output in &outputs {
        succeed(output);
    }
    let said = outputs.iter().map(stderr).collect::<String>();
    assert!(said.contains("another redisctl makes `redisctl-test-two-users`"), "{said}");
    deployment.verify();
    let networks = docker(&["network", "ls", "-q", "--filter", &format!("name=^{}$", deployment.name)]);
    assert_eq!(networks.lines().count(), 1, "{networks}");
}
