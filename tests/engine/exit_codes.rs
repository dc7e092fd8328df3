//! `status --exit-code`: scripts learn from the exit code whether a deployment is ready.

use crate::support::{Deployment, docker, eventually, redisctl};

/// The exit code of `status` with these options, and the state in its JSON, if it has one.
fn status(shop: &Deployment, options: &[&str]) -> (Option<i32>, String) {
    let output = redisctl(&[&["status", &shop.name, "--output", "json"], options].concat());
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    (output.status.code(), json["state"].as_str().unwrap_or("absent").to_owned())
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn the_exit_code_of_status_tells_each_state() {
    let shop = Deployment::new("exit-codes");
    let told = |code: i32, state: &str| (Some(code), state.to_owned());

    assert_eq!(status(&shop, &["--exit-code"]), told(1, "absent"));
    assert_eq!(
        status(&shop, &[]),
        told(1, "absent"),
        "a deployment that does not exist is an error in any case"
    );

    shop.up("replica", &[]);
    assert_eq!(status(&shop, &["--exit-code"]), told(0, "ready"));

    docker(&["kill", &shop.node(2)]);
    eventually("the replica is down", || status(&shop, &["--exit-code"]) == told(1, "degraded"));
    assert_eq!(status(&shop, &[]), told(0, "degraded"), "without the option, the exit code is as before");

    docker(&["stop", "-t", "0", &shop.node(1)]);
    assert_eq!(status(&shop, &["--exit-code"]), told(1, "stopped"));

    shop.up("replica", &[]);
    docker(&["pause", &shop.node(1)]);
    assert_eq!(status(&shop, &["--exit-code"]), told(1, "degraded"));
    docker(&["unpause", &shop.node(1)]);
    eventually("it is ready again", || status(&shop, &["--exit-code"]) == told(0, "ready"));
}
