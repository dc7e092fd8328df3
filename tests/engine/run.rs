//! `redisctl run`: a deployment for one command, which leaves nothing.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Output, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tempfile::TempDir;

use crate::documents::check_text;
use crate::support::{
    Deployment, REDIS_6, REDIS_7, command, docker, end, eventually, fail_with, output, own_name, redisctl,
    succeed, texts,
};

/// A command line with a deployment of this name and a shell script.
fn arguments<'a>(deployment: &'a Deployment, options: &[&'a str], script: &'a str) -> Vec<&'a str> {
    let fixed = ["run", "standalone", "--image", REDIS_7, "--name", &deployment.name];
    [&fixed[..], options, &["--", "sh", "-c", script]].concat()
}

fn run(deployment: &Deployment, options: &[&str], script: &str) -> Output {
    redisctl(&arguments(deployment, options, script))
}

/// Starts a run, and waits until its script has printed a line. The script reads a pipe.
fn start(deployment: &Deployment, options: &[&str], script: &str) -> Child {
    let mut command = command(&arguments(deployment, options, script));
    let mut child = command.stdin(Stdio::piped()).spawn().expect("redisctl starts");
    let mut line = String::new();
    let stdout = child.stdout.take().expect("a pipe");
    BufReader::new(stdout).read_line(&mut line).expect("text");
    assert_eq!(line, "ready\n");
    child
}

fn signal(child: &Child, signal: Signal) {
    let process = i32::try_from(child.id()).expect("a process number");
    kill(Pid::from_raw(process), signal).expect("it runs");
}

/// The names of all containers of a deployment, its lease and its expiry included.
fn containers(beginning: &str) -> String {
    docker(&["ps", "--all", "--filter", &format!("name=^/{beginning}-"), "--format", "{{.Names}}"])
}

#[track_caller]
fn leaves_nothing(deployment: &Deployment) {
    assert_eq!(deployment.leftovers(), [""; 0]);
    assert_eq!(containers(&deployment.name), "");
}

/// The seconds until the time of a deployment is over; `None`: it has no limit.
fn seconds_left(deployment: &Deployment) -> Option<u64> {
    let all: Value = serde_json::from_str(&succeed(&redisctl(&["ls", "--output", "json"]))).expect("JSON");
    let own = all.as_array().expect("a list").iter().find(|line| line["name"] == deployment.name);
    own.expect("it is listed")["seconds_left"].as_u64()
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn the_command_has_its_deployment_and_its_exit_code_is_passed_on() {
    let shop = Deployment::new("run-plain");
    let script =
        "echo $REDISCTL_NAME; redis-cli -u $TEST_REDIS_URL PING; test -z \"$TEST_REDIS_PASSWORD\" && exit 7";
    let mut command = command(&arguments(&shop, &["--env-prefix", "TEST_"], script));
    let ended = output(command.env("TEST_REDIS_PASSWORD", "of another server"));
    let stderr = fail_with(&ended, 7);
    assert!(stderr.contains("is up and verified"), "{stderr}");
    assert_eq!(texts(&ended).0, format!("{}\nPONG\n", shop.name));
    leaves_nothing(&shop);
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_failure_keeps_the_deployment_if_the_user_wants_it() {
    let shop = Deployment::new("run-kept");
    let stderr = fail_with(&run(&shop, &["--keep-on-failure"], "exit 1"), 1);
    assert!(stderr.contains("stays"), "{stderr}");
    shop.verify();
    assert_eq!(seconds_left(&shop), None);
    let stderr = fail_with(&run(&shop, &[], "true"), 2);
    assert!(stderr.contains("there is already a deployment"), "{stderr}");

    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("new/checks.xml");
    succeed(&redisctl(&["verify", &shop.name, "--junit", &file.display().to_string()]));
    let report = fs::read_to_string(file).expect("a report");
    assert!(report.contains("<testcase name=\"ping\"") && report.contains("failures=\"0\""), "{report}");
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_signal_is_passed_on_to_the_command() {
    let shop = Deployment::new("run-signal");
    let child = start(&shop, &[], "trap 'exit 5' TERM; echo ready; while :; do sleep 0.1; done");
    signal(&child, Signal::SIGTERM);
    fail_with(&end(child), 5);
    leaves_nothing(&shop);
    let child = start(&shop, &[], "echo ready; exec cat");
    signal(&child, Signal::SIGINT);
    fail_with(&end(child), 130);
    leaves_nothing(&shop);
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_signal_while_the_deployment_comes_up_removes_it() {
    let shop = Deployment::new("run-early-signal");
    let child = command(&arguments(&shop, &[], "true")).spawn().expect("redisctl starts");
    eventually("a container is made", || containers(&shop.name).contains(&shop.node(1)));
    signal(&child, Signal::SIGTERM);
    let stderr = fail_with(&end(child), 143);
    assert!(stderr.contains("interrupted"), "{stderr}");
    leaves_nothing(&shop);
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_killed_run_leaves_a_deployment_whose_time_ends() {
    let shop = Deployment::new("run-killed");
    let mut child = start(&shop, &["--ttl", "3s"], "echo ready; exec cat");
    let begun = std::time::Instant::now();
    eventually("its time would be over without renewals", || begun.elapsed().as_secs() > 4);
    succeed(&redisctl(&["gc"]));
    shop.verify();
    // The command ends when its stdin ends.
    signal(&child, Signal::SIGKILL);
    child.wait().expect("it ends");
    eventually("gc removes the deployment", || {
        succeed(&redisctl(&["gc"]));
        containers(&shop.name).is_empty()
    });
    leaves_nothing(&shop);
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn two_runs_of_one_spec_do_not_disturb_each_other() {
    let folder = TempDir::new().expect("a folder");
    let name = own_name("run-pair");
    let spec = folder.path().join(format!("{name}.yaml"));
    let text = format!(
        "kind: standalone\nports: {{base: 7001}}\nnetwork: {{subnet: 172.30.99.0/24}}\n\
         nodes: {{{name}-1: {{config: {{maxmemory: 12mb}}}}}}\n"
    );
    fs::write(&spec, text).expect("a file");
    let spec = spec.display().to_string();
    let script = "redis-cli -u $REDIS_URL CONFIG GET maxmemory | tail -1; echo $REDIS_URL; echo $REDISCTL_NAME; sleep 1";
    let start =
        || command(&["run", &spec, "--image", REDIS_7, "--", "sh", "-c", script]).spawn().expect("it starts");
    let ended = [start(), start()].map(|child| succeed(&end(child)));
    let lines: Vec<Vec<&str>> = ended.iter().map(|text| text.lines().collect()).collect();
    assert_eq!((lines[0][0], lines[1][0]), ("12582912", "12582912"));
    assert!(lines[0][1] != lines[1][1] && lines[0][2] != lines[1][2], "{lines:?}");
    assert_eq!(containers(&name), "");
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn each_image_has_a_run_a_case_and_a_bundle_if_it_fails() {
    let folder = TempDir::new().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (junit, bundle) = (path("out.xml"), path("bundle"));
    let options = ["--output", "json", "--jobs", "2", "--junit", &junit, "--bundle", &bundle];
    let images = ["run", "standalone", "--image", REDIS_6, "--image", REDIS_7];
    let script = "redis-cli -u $REDIS_URL INFO server | grep -q redis_version:7";
    let ended = redisctl(&[&images[..], &options, &["--", "sh", "-c", script]].concat());
    fail_with(&ended, 1);
    let document = check_text("run", &texts(&ended).0);
    let runs = document["runs"].as_array().expect("runs");
    let outcomes: Vec<&str> = runs.iter().filter_map(|run| run["outcome"].as_str()).collect();
    assert_eq!(outcomes, ["failed", "passed"]);
    let report = fs::read_to_string(junit).expect("a report");
    assert!(report.contains("tests=\"2\"") && report.contains("message=\"exit code 1\""), "{report}");

    let folders: Vec<_> =
        fs::read_dir(bundle).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    let [failed] = folders.as_slice() else { panic!("one image failed: {folders:?}") };
    let node = format!("nodes/{}-1/info.txt", runs[0]["deployment"].as_str().expect("a name"));
    for file in ["plans/1.txt", &node, "events.ndjson"] {
        assert!(failed.join(file).is_file(), "{file}");
    }
    let summary = fs::read_to_string(failed.join("bundle.json")).expect("a summary");
    assert!(summary.contains("command failed"), "{summary}");
    for run in runs {
        assert_eq!(containers(run["deployment"].as_str().expect("a name")), "");
    }
}
