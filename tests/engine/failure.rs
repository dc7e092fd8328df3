//! A failed `up` lists the deployment's parts and the next commands. With `--on-failure remove`, it removes the
//! parts.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::made_image::MadeImage;
use crate::moment::{Ended, is_step, meanwhile};
use crate::support::{Deployment, REDIS_7, docker, fail_with, redisctl, succeed};

/// The last line of stderr: the error.
fn error_of(ended: &Ended) -> Value {
    assert_eq!(ended.status.code(), Some(1), "{}", ended.stderr);
    let line = ended.stderr.lines().last().expect("an error");
    serde_json::from_str(line).expect("an error as JSON")
}

fn text<'a>(error: &'a Value, field: &str) -> &'a str {
    error[field].as_str().unwrap_or_else(|| panic!("no {field}: {error}"))
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_setting_that_the_server_refuses_is_shown_with_its_own_words() {
    let deployment = Deployment::new("refused");
    let image = MadeImage::with_server("refused", REDIS_7, "echo 'negative or zero time parameter'; exit 1");
    let (name, bad) = (&deployment.name, ["--image", image.name.as_str()]);
    let folder = tempfile::tempdir().expect("a folder");
    let bundle = folder.path().to_str().expect("a path in UTF-8");
    let bundled: Vec<&str> = bad.iter().copied().chain(["--bundle", bundle]).collect();
    let said = fail_with(&deployment.run("up", "standalone", &bundled), 1);
    let written = std::fs::read_to_string(folder.path().join("error.txt")).expect("the bundle's error");
    for part in [
        "its container ended with exit code 1",
        "negative or zero time parameter",
        &format!("`{name}` is left as it is: its network, 1 volume, "),
        &format!("run the same command again to complete it, or `redisctl down {name}` to remove it"),
    ] {
        assert!(said.contains(part), "{said}");
        assert!(written.contains(part), "{written}");
    }
    assert!(!deployment.leftovers().is_empty());
    // A failure does not remove objects that existed before.
    let remove: Vec<&str> = bad.iter().copied().chain(["--on-failure", "remove"]).collect();
    let said = fail_with(&deployment.run("up", "standalone", &remove), 1);
    assert!(said.contains(&format!("`{name}` is not removed (it existed before)")), "{said}");
    assert!(!deployment.leftovers().is_empty());
    succeed(&redisctl(&["down", name]));
    let said = fail_with(&deployment.run("up", "standalone", &remove), 1);
    assert!(said.contains(&format!("`{name}` is removed: ")), "{said}");
    assert_eq!(deployment.leftovers(), Vec::<String>::new());
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_container_that_is_killed_meanwhile_is_named_at_once() {
    let deployment = Deployment::new("killed");
    let started = Instant::now();
    let ended = meanwhile(
        &deployment,
        &["cluster"],
        (1, |event: &Value| event["event"] == "stage-finished" && event["stage"] == "start"),
        |_| drop(docker(&["kill", &deployment.node(3)])),
    );
    let error = error_of(&ended);
    assert!(
        text(&error, "error").contains(&format!("`{}`: its container ended", deployment.node(3))),
        "{error}"
    );
    assert!(
        text(&error, "details").contains(&format!("last log lines of `{}`", deployment.node(3))),
        "{error}"
    );
    assert!(text(&error, "details").contains("6 containers (5 running, 1 stopped)"), "{error}");
    assert!(started.elapsed() < Duration::from_secs(40), "{:?}", started.elapsed());
    deployment.up("cluster", &[]);
    deployment.verify();
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_node_that_is_frozen_or_cut_off_meanwhile_is_named_too() {
    let deployment = Deployment::new("frozen");
    let (name, node) = (&deployment.name, &deployment.node(1));
    for (harm, state) in [
        (&["pause", node][..], "is paused"),
        (&["network", "disconnect", "--force", name, node], "is in no network"),
    ] {
        let ended = meanwhile(
            &deployment,
            &["replica"],
            (1, |event: &Value| event["event"] == "stage-finished" && event["stage"] == "start primary"),
            |_| drop(docker(harm)),
        );
        let error = error_of(&ended);
        assert_eq!(text(&error, "error"), format!("`{node}`: its container {state}"));
        deployment.up("replica", &[]);
        deployment.verify();
        succeed(&redisctl(&["down", name]));
    }
}

/// Some servers hang for ever in some states, like Redis 8.0 after some failovers.
#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_server_that_hangs_is_named_with_a_way_out() {
    let deployment = Deployment::new("hangs");
    deployment.up("replica", &[]);
    let node = &deployment.node(2);
    docker(&["kill", "--signal", "STOP", node]);
    let said = fail_with(&deployment.run("up", "replica", &["--timeout", "3s"]), 1);
    docker(&["kill", "--signal", "CONT", node]);
    assert!(said.contains(&format!("{node} does not answer")), "{said}");
    // Each question waits 5 s for its answer. Only the first is asked.
    let waited = said.split_once("gave up after ").and_then(|(_, rest)| rest.split_once(" s:"));
    assert!(
        waited.is_some_and(|(seconds, _)| seconds.parse::<u8>().is_ok_and(|waited| waited < 10)),
        "{said}"
    );
    assert!(
        said.contains(&format!("`docker restart {node}` restarts the servers that do not answer")),
        "{said}"
    );
    deployment.up("replica", &[]);
    deployment.verify();
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_port_that_is_taken_meanwhile_is_named_and_replaced_where_it_may_be() {
    let deployment = Deployment::new("port-meanwhile");
    let mut holder = None;
    let mut run = |more: &[&str]| {
        let arguments: Vec<&str> = ["replica"].iter().chain(more).copied().collect();
        let moment = (1, |event: &Value| is_step(event, "step-started", "create container"));
        meanwhile(&deployment, &arguments, moment, |event| {
            let (_, port) = event["action"].as_str().and_then(|text| text.rsplit_once(':')).expect("a port");
            let port: u16 = port.parse().expect("a port");
            holder = Some((port, TcpListener::bind(("127.0.0.1", port)).expect("nobody has it yet")));
        })
    };
    let chosen = run(&["--port-base", "auto"]);
    assert!(chosen.status.success(), "{}", chosen.stderr);
    assert!(chosen.stderr.contains("at the same moment: choosing other ports"), "{}", chosen.stderr);
    succeed(&redisctl(&["verify", &deployment.name]));
    succeed(&redisctl(&["down", &deployment.name]));

    let refused = run(&[]);
    let error = error_of(&refused);
    let (port, listener) = holder.take().expect("a port was taken");
    let said = format!("cannot have port {port}: another process took it meanwhile");
    assert!(text(&error, "error").contains(&said), "{error}");
    assert!(text(&error, "details").contains("2 containers"), "{error}");
    drop(listener);
    deployment.up("replica", &[]);
    deployment.verify();
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn other_ports_are_chosen_although_servers_have_begun_to_form() {
    let deployment = Deployment::new("port-late");
    let mut holder = None;
    // The engine starts twelve containers at a time. While `up` is stopped, the last ones are not started.
    let arguments = ["cluster", "--port-base", "auto", "--set", "shards=14", "--set", "replicas=0"];
    let moment = (1, |event: &Value| is_step(event, "step-finished", "set config epoch"));
    let up = meanwhile(&deployment, &arguments, moment, |_| {
        let published = "{{range .HostConfig.PortBindings}}{{range .}}{{.HostPort}}{{end}}{{end}}";
        let port = docker(&["inspect", "--format", published, &deployment.node(14)]);
        let port: u16 = port.trim().parse().expect("a port");
        holder = Some(TcpListener::bind(("127.0.0.1", port)).expect("nobody has it yet"));
    });
    assert!(up.status.success(), "{}", up.stderr);
    assert!(up.stderr.contains("at the same moment: choosing other ports"), "{}", up.stderr);
    deployment.verify();
}
