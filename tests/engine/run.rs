//! `redisctl run`: a deployment for one command, which leaves nothing.

use std::process::Output;

use serde_json::Value;

use crate::support::{Deployment, REDIS_7, command, fail_with, output, redisctl, succeed};

/// Runs a shell script with a deployment of this name.
fn run(deployment: &Deployment, options: &[&str], script: &str) -> Output {
    let fixed = ["run", "standalone", "--image", REDIS_7, "--name", &deployment.name];
    let script = ["--", "sh", "-c", script];
    output(&mut command(&[&fixed[..], options, &script[..]].concat()))
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn the_command_has_its_deployment_and_its_exit_code_is_passed_on() {
    let shop = Deployment::new("run-plain");
    let script =
        "echo $REDISCTL_NAME; redis-cli -u $TEST_REDIS_URL PING; test -z \"$TEST_REDIS_PASSWORD\"; exit 7";
    let mut command =
        command(&["run", "standalone", "--image", REDIS_7, "--name", &shop.name, "--env-prefix", "TEST_"]);
    command.args(["--", "sh", "-ec", script]).env("TEST_REDIS_PASSWORD", "of another server");
    let ended = output(&mut command);
    let stderr = fail_with(&ended, 7);
    assert!(stderr.contains("is up and verified"), "{stderr}");
    assert_eq!(String::from_utf8_lossy(&ended.stdout), format!("{}\nPONG\n", shop.name));
    assert_eq!(shop.leftovers(), [""; 0]);
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_failure_keeps_the_deployment_if_the_user_wants_it() {
    let shop = Deployment::new("run-kept");
    let stderr = fail_with(&run(&shop, &["--keep-on-failure"], "exit 1"), 1);
    assert!(stderr.contains("stays"), "{stderr}");
    shop.verify();
    let all: Value = serde_json::from_str(&succeed(&redisctl(&["ls", "--output", "json"]))).expect("JSON");
    let own = all.as_array().expect("a list").iter().find(|line| line["name"] == shop.name);
    assert!(own.expect("it is listed")["seconds_left"].is_null(), "it has no time limit");
    let stderr = fail_with(&run(&shop, &[], "true"), 2);
    assert!(stderr.contains("there is already a deployment"), "{stderr}");
    shop.verify();
}
