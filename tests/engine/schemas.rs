//! The real output of every command against its schema in `docs/schemas`, after successes and failures.

use std::process::Output;

use serde_json::Value;

use crate::documents::{check_stderr, check_text};
use crate::support::{Deployment, command, output, redisctl, texts};

/// Runs a command with `--output json`. Checks its stderr, and the exit code. Returns its stdout and its error.
#[track_caller]
fn json(arguments: &[&str], code: i32) -> (String, Option<Value>) {
    judge(&output(command(&["--output", "json"]).args(arguments)), code)
}

#[track_caller]
fn judge(ended: &Output, code: i32) -> (String, Option<Value>) {
    let (stdout, stderr) = texts(ended);
    assert_eq!(ended.status.code(), Some(code), "stdout:\n{stdout}\nstderr:\n{stderr}");
    (stdout, check_stderr(&stderr))
}

/// A command that prints one document.
#[track_caller]
fn document(name: &str, arguments: &[&str], code: i32) -> Value {
    let (stdout, error) = json(arguments, code);
    assert_eq!(error, None, "{arguments:?}");
    check_text(name, &stdout)
}

/// A command that prints a document in each line. Returns the number of lines.
#[track_caller]
fn lines(name: &str, arguments: &[&str], code: i32) -> usize {
    let (stdout, error) = json(arguments, code);
    assert_eq!(error, None, "{arguments:?}");
    stdout.lines().inspect(|line| drop(check_text(name, line))).count()
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn every_command_prints_what_its_schema_says() {
    let shop = Deployment::new("schemas");
    let name = shop.name.as_str();
    let with = |verb, more: &[&str]| {
        let more =
            [&["--set", "tls=true", "--set", "auth.password=schemas", "--output", "json"], more].concat();
        shop.run(verb, "replica", &more)
    };

    let (plan, error) = judge(&with("plan", &["--detailed-exitcode"]), 3);
    assert!(check_text("plan", &plan)["changes"].as_u64() > Some(3) && error.is_none());
    let up = with("up", &["--ttl", "1h", "--set", "data=volume"]);
    assert!(texts(&up).1.contains("step-finished"), "its events are on stderr");
    let (result, error) = judge(&up, 0);
    assert!(check_text("up", &result)["verification"].is_object() && error.is_none());
    let (again, _) = judge(&with("up", &["--no-verify", "--set", "data=volume"]), 0);
    assert!(check_text("up", &again)["verification"].is_null());

    document("verify", &["verify", name], 0);
    document("verify", &["verify", name, "--explain"], 0);
    document("status", &["status", name], 0);
    document("ls", &["ls"], 0);
    assert!(document("env", &["env", name], 0)["REDIS_CA_FILE"].is_string());
    document("ca", &["ca", name], 0);
    document("gc", &["gc"], 0);
    assert_eq!(lines("logs", &["logs", name, "--tail", "2"], 0), 4);
    assert_eq!(lines("cli", &["cli", name, "--", "CONFIG", "GET", "max*"], 0), 1);
    assert_eq!(lines("cli", &["cli", name, "--", "GET"], 1), 1);
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), "SET a 1\nSET b 2\n").expect("a file that can be written");
    document("seed", &["seed", name, &file.path().display().to_string()], 0);
    let snapshot = file.path().display().to_string();
    document("snapshot", &["snapshot", name, &snapshot], 0);
    document("restore", &["restore", name, &snapshot, "--replace"], 0);
    document("reset", &["reset", name], 0);
    document("reset", &["reset", name], 0);
    document("export-spec", &["export", "spec", name], 0);
    document("export-svg", &["export", "svg", "--running", name], 0);
    document("failover", &["failover", name], 0);
    document("failover", &["failover", name], 0);
    let doctor = redisctl(&["doctor", "--output", "json"]);
    check_text("doctor", &texts(&doctor).0);

    // Failures: checks, a plan that needs an option, an image that does not exist, a name that does not exist.
    document("nodes", &["kill", name, "2"], 0);
    let verified = document("verify", &["verify", name, "--explain"], 1);
    assert!(verified["failed"].as_u64() > Some(0), "{verified:#}");
    let status = document("status", &["status", name, "--exit-code"], 1);
    assert!(!status["problems"].as_array().expect("problems").is_empty(), "{status:#}");
    document("nodes", &["start", name], 0);
    let failed = |ended: &Output, code| judge(ended, code).1.expect("an error");
    failed(&with("up", &["--set", "data=volume", "--subnet", "10.213.99.0/24"]), 1);
    failed(&with("up", &["--image", "redisctl-test/none:0"]), 1);
    for verb in ["verify", "status", "env", "ca", "logs", "cli", "stop", "reset", "down"] {
        assert!(json(&[verb, "redisctl-test-no-such"], 1).1.is_some(), "{verb}");
    }

    let removed = document("down", &["down", name], 0);
    assert_eq!(removed[name]["kept_volumes"].as_array().map(Vec::len), Some(2), "{removed:#}");
    document("down", &["down", name, "--volumes"], 0);
}
