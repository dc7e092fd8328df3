//! `up --ttl` and `gc`: a deployment whose time is over is removed, and nothing else.

use serde_json::Value;

use crate::support::{Deployment, REDIS_7, docker, eventually, fail_with, redisctl, succeed, texts};

/// The names of all containers of a deployment, its lease and its expiry included.
fn containers(deployment: &Deployment) -> String {
    let filter = format!("name=^/{}-", deployment.name);
    docker(&["ps", "--all", "--filter", &filter, "--format", "{{.Names}}"])
}

/// The line of a deployment in `ls`.
fn line(deployment: &Deployment) -> Option<Value> {
    let lines: Value = serde_json::from_str(&succeed(&redisctl(&["ls", "--output", "json"]))).expect("JSON");
    lines.as_array().expect("a list").iter().find(|line| line["name"] == deployment.name).cloned()
}

/// The seconds until the time of a deployment is over.
fn seconds_left(deployment: &Deployment) -> Option<u64> {
    line(deployment).expect("the deployment is listed")["seconds_left"].as_u64()
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_deployment_lives_for_its_time_and_its_time_can_be_renewed() {
    let shop = Deployment::new("expiry-renewed");
    shop.up("standalone", &["--ttl", "1h"]);
    assert!(seconds_left(&shop).is_some_and(|left| (3500..=3601).contains(&left)));
    succeed(&redisctl(&["gc"]));
    assert!(line(&shop).is_some(), "its time is not over");

    // A run without --ttl leaves the time as it is.
    shop.up("standalone", &[]);
    assert!(seconds_left(&shop).is_some_and(|left| left > 3000));

    let (_, stderr) = texts(&shop.run("up", "standalone", &["--ttl", "1s"]));
    assert!(stderr.contains("lives for 1 s"), "{stderr}");
    eventually("gc removes the deployment", || {
        succeed(&redisctl(&["gc"]));
        line(&shop).is_none()
    });
    // A run of another test may remove it. Its lease is the last part.
    eventually("the run that removes it ends", || containers(&shop).is_empty());
    assert_eq!(shop.leftovers(), [""; 0]);
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn the_next_up_removes_what_a_killed_run_left_after_its_time() {
    let shop = Deployment::new("expiry-killed");
    let mut killed = shop.command("up", "cluster", &["--ttl", "2s"]).spawn().expect("redisctl starts");
    eventually("the run creates containers", || line(&shop).is_some_and(|line| line["nodes"] != 0));
    killed.kill().expect("it runs");
    killed.wait().expect("it ends");

    eventually("the time is over", || line(&shop).is_none_or(|line| line["seconds_left"] == 0));
    let other = Deployment::new("expiry-other");
    other.up("standalone", &[]);
    eventually("the run that removes it ends", || containers(&shop).is_empty());
    assert_eq!(shop.leftovers(), [""; 0]);
    assert!(line(&other).is_some(), "a deployment without a time limit stays");
}

/// A run that is killed before it sets the expiry leaves its lease alone.
#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn gc_removes_the_lease_of_a_killed_run_that_made_nothing() {
    let shop = Deployment::new("expiry-lease");
    let name = format!("{}-lease", shop.name);
    let lease = format!("io.redisctl.lease={}", shop.name);
    docker(&["create", "--name", &name, "--label", &lease, REDIS_7, "lease"]);
    succeed(&redisctl(&["gc"]));
    assert_eq!(containers(&shop), name, "its run may still work");
    eventually("gc removes the lease", || {
        succeed(&redisctl(&["gc"]));
        containers(&shop).is_empty()
    });
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn an_up_that_makes_nothing_leaves_no_expiry() {
    let shop = Deployment::new("expiry-nothing");
    let taken = docker(&["network", "inspect", "bridge", "--format", "{{(index .IPAM.Config 0).Subnet}}"]);
    fail_with(&shop.run("up", "standalone", &["--ttl", "1h", "--subnet", &taken]), 2);
    assert_eq!(containers(&shop), "");
    let stderr = fail_with(&shop.run("up", "standalone", &["--ttl", "0s"]), 2);
    assert!(stderr.contains("at least one second"), "{stderr}");
}
