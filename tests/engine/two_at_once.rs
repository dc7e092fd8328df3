//! Two runs on the same deployment: one holds the lease, and the other waits for it.

use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use crate::moment::{at, is_step, meanwhile};
use crate::private_engine::as_root;
use crate::support::{Deployment, REDIS_7, command, docker, end, fail_with, redisctl, succeed};

/// The time limit for expected events.
const PATIENCE: Duration = Duration::from_secs(60);

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The time after which a lease expires.
const EXPIRY: Duration = Duration::from_secs(20);

/// The names of the deployment's leases.
fn leases(deployment: &Deployment) -> String {
    let filter = format!("label=io.redisctl.lease={}", deployment.name);
    docker(&["ps", "--all", "--format", "{{.Names}}", "--filter", &filter])
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
    assert_eq!(said.matches("`redisctl up` o").count(), 1, "{said}");
    assert_eq!(said.matches(&format!("is at work on `{}`", deployment.name)).count(), 1, "{said}");
    deployment.verify();
    assert_eq!(leases(&deployment), "");
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_down_waits_for_an_up_and_leaves_nothing() {
    let deployment = Deployment::new("up-down");
    let up = deployment.command("up", "cluster", &[]).spawn().expect("redisctl starts");
    await_container(&deployment);
    // With no time to wait, it names the other run.
    let said = fail_with(&redisctl(&["down", &deployment.name, "--timeout", "0s"]), 1);
    assert!(said.contains(&format!("(process {}, begun ", up.id())), "{said}");
    assert!(said.contains(&format!("end process {}", up.id())), "{said}");
    assert!(said.contains(&format!("is still at work on `{}`", deployment.name)), "{said}");
    let downs = [(); 2].map(|()| command(&["down", &deployment.name]).spawn().expect("redisctl starts"));
    succeed(&end(up));
    for output in downs.map(end) {
        succeed(&output);
    }
    assert_eq!(deployment.leftovers(), Vec::<String>::new());
}

/// A process in a container can have the number of another process outside.
#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn runs_that_do_not_see_each_others_processes_wait_for_each_other_too() {
    let deployment = Deployment::new("two-users");
    let up = || deployment.command("up", "secure", &[]);
    let mut first = as_root("unshare");
    first.args(["--pid", "--fork", "--mount-proc", "--kill-child"]).arg(up().get_program());
    first.args(up().get_args()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let first = first.spawn().expect("unshare starts");
    await_container(&deployment);
    let second = end(up().spawn().expect("redisctl starts"));
    succeed(&end(first));
    succeed(&second);
    let said = stderr(&second);
    assert!(said.contains(&format!("is at work on `{}`", deployment.name)), "{said}");
    assert!(said.contains("`redisctl up` o") && !said.contains("(process "), "{said}");
    deployment.verify();
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn the_lease_of_a_killed_run_goes_to_the_next_run() {
    let deployment = Deployment::new("killed-run");
    let moment = (1, |event: &serde_json::Value| is_step(event, "step-finished", "create network"));
    at(&deployment, &["replica"], moment, |process, _| process.signal("KILL"));
    let lease = format!("{}-lease", deployment.name);
    assert_eq!(leases(&deployment), lease);
    let listed = succeed(&redisctl(&["ls"]));
    assert!(!listed.contains(&lease), "{listed}");
    let started = Instant::now();
    let said = stderr(&deployment.run("up", "replica", &[]));
    assert!(said.contains("was cut off: waiting until the engine has finished its calls"), "{said}");
    assert!(started.elapsed() < EXPIRY, "{:?}", started.elapsed());
    deployment.verify();
    succeed(&redisctl(&["down", &deployment.name]));
    assert_eq!(leases(&deployment), "");
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_lease_that_is_not_renewed_expires() {
    let deployment = Deployment::new("expired");
    let lease = format!("{}-lease", deployment.name);
    // A run on another machine that was killed right after it took the lease.
    let labels = [
        format!("io.redisctl.lease={}", deployment.name),
        r#"io.redisctl.lease-holder={"command":"up","user":"ann","host":"box"}"#.to_owned(),
    ];
    docker(&["create", "--name", &lease, "--label", &labels[0], "--label", &labels[1], REDIS_7, "lease"]);
    let said = fail_with(&redisctl(&["down", &deployment.name, "--timeout", "0s"]), 1);
    assert!(said.contains("`redisctl up` of ann@box (begun "), "{said}");
    let ended = deployment.run("up", "standalone", &[]);
    succeed(&ended);
    let said = stderr(&ended);
    assert!(said.contains("`redisctl up` of ann@box (begun ") && said.contains("was cut off"), "{said}");
    assert_eq!(leases(&deployment), "");
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_run_whose_lease_is_removed_stops() {
    let deployment = Deployment::new("lease-lost");
    let moment = (1, |event: &serde_json::Value| {
        event["event"] == "stage-finished" && event["stage"] == "start primary"
    });
    let ended = meanwhile(&deployment, &["replica"], moment, |_| {
        docker(&["kill", "--signal", "STOP", &deployment.node(1)]);
        docker(&["rm", "--force", &leases(&deployment)]);
    });
    docker(&["kill", "--signal", "CONT", &deployment.node(1)]);
    assert_eq!(ended.status.code(), Some(1), "{}", ended.stderr);
    assert!(
        ended.stderr.contains(&format!("the lease of `{}` was removed", deployment.name)),
        "{}",
        ended.stderr
    );
    // The existing parts may belong to another run.
    assert!(!ended.stderr.contains("is left as it is"), "{}", ended.stderr);
    deployment.up("replica", &[]);
    deployment.verify();
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_container_of_somebody_else_with_the_name_of_the_lease_is_named_and_not_touched() {
    let deployment = Deployment::new("lease-name");
    let lease = format!("{}-lease", deployment.name);
    let id = docker(&["create", "--name", &lease, REDIS_7, "redis-server"]);
    let said = fail_with(&deployment.run("up", "standalone", &[]), 1);
    let kept = docker(&["inspect", "--format", "{{.Id}}", &lease]);
    docker(&["rm", &lease]);
    assert!(said.contains(&format!("there is a container `{lease}` that redisctl did not make")), "{said}");
    assert_eq!(kept, id);
    assert_eq!(deployment.leftovers(), Vec::<String>::new());
}
