//! Limits, kernel parameters and platforms of containers: in force, changed node by node, refused at their places.

use redis::Connection;

use crate::support::{Deployment, docker, eventually, fail_with, redisctl, succeed, texts};

/// What a container has of its machine: the limit of open files, and the length of the queue of connections. Not every
/// image has a shell to ask.
fn in_force(container: &str) -> (String, String) {
    let of = |what: &str| docker(&["inspect", "--format", what, container]);
    let files = of("{{range .HostConfig.Ulimits}}{{if eq .Name \"nofile\"}}{{.Hard}}{{end}}{{end}}");
    (files, of("{{index .HostConfig.Sysctls \"net.core.somaxconn\"}}"))
}

fn most_clients(mut connection: Connection) -> u32 {
    let (_, value): (String, u32) =
        redis::cmd("CONFIG").arg("GET").arg("maxclients").query(&mut connection).expect("a setting");
    value
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn limits_are_in_force_and_change_node_by_node() {
    let deployment = Deployment::new("limits");
    let own = format!("nodes.{}.resources.files=4096", deployment.node(2));
    let with = |files: &str, queue: &str| {
        let files = format!("resources.files={files}");
        let queue = format!("sysctls={{net.core.somaxconn: {queue}, kernel.msgmax: 16384}}");
        ["--set".to_owned(), files, "--set".to_owned(), queue, "--set".to_owned(), own.clone()]
    };
    let first = with("1024", "2048");
    let first: Vec<&str> = first.iter().map(String::as_str).collect();
    deployment.up("replica", &first);
    assert_eq!(deployment.changes("replica", &first), 0, "{}", deployment.plan("replica", &first));
    assert_eq!(in_force(&deployment.node(1)), ("1024".to_owned(), "2048".to_owned()));
    assert_eq!(in_force(&deployment.node(2)), ("4096".to_owned(), "2048".to_owned()));
    assert_eq!(most_clients(deployment.connect(1)), 992);
    assert_eq!(most_clients(deployment.connect(2)), 4064);
    let _: () = redis::cmd("SET").arg("a").arg(1).query(&mut deployment.connect(1)).expect("written");

    let then = with("20000", "512");
    let then: Vec<&str> = then.iter().map(String::as_str).collect();
    let plan = deployment.plan("replica", &then);
    assert!(plan.contains("resources") && plan.contains("sysctls"), "{plan}");
    deployment.up("replica", &then);
    assert_eq!(deployment.changes("replica", &then), 0, "{}", deployment.plan("replica", &then));
    assert_eq!(in_force(&deployment.node(1)), ("20000".to_owned(), "512".to_owned()));
    assert_eq!(in_force(&deployment.node(2)), ("4096".to_owned(), "512".to_owned()));
    assert_eq!(most_clients(deployment.connect(1)), 10_000);
    let kept: String = redis::cmd("GET").arg("a").query(&mut deployment.connect(2)).expect("the key");
    assert_eq!(kept, "1");
    deployment.verify();
}

/// Sentinels and servers share the network namespace of one container, which has the parameters of the network.
#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn nodes_that_share_a_network_have_its_parameters() {
    let deployment = Deployment::new("limits-shared");
    let options = ["--set", "sysctls={net.core.somaxconn: 777, kernel.msgmax: 16384}"];
    deployment.up("sentinel", &options);
    assert_eq!(in_force(&format!("{}-network", deployment.name)).1, "777");
    let of_node = "{{.HostConfig.Sysctls}}";
    assert_eq!(docker(&["inspect", "--format", of_node, &deployment.node(1)]), "map[kernel.msgmax:16384]");
    assert_eq!(deployment.changes("sentinel", &options), 0);
    deployment.verify();
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn what_the_engine_refuses_is_told_at_its_place_before_anything_is_made() {
    let deployment = Deployment::new("limits-refused");
    let sysctls =
        "sysctls={kernel.panic: 1, net.core.somaxconn: many, net.core.none: 1, kernel.msgmax: 16384}";
    for command in ["plan", "up"] {
        let run =
            deployment.run(command, "standalone", &["--set", sysctls, "--set", "resources.files=4000000000"]);
        let said = fail_with(&run, 2);
        for word in ["kernel.panic", "somaxconn", "net/core/none", "rlimit"] {
            assert!(said.contains(word), "{command}, {word}: {said}");
        }
        assert!(!said.contains("msgmax\""), "{said}");
        assert_eq!(deployment.leftovers(), [""; 0], "{command}");
    }
    let run = deployment.run("up", "standalone", &["--set", "platform=linux/s390x"]);
    let said = fail_with(&run, 2);
    assert!(
        said.contains("--set platform=linux/s390x") && said.contains("is for the platform linux/"),
        "{said}"
    );
    assert_eq!(deployment.leftovers(), [""; 0]);
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_platform_is_passed_to_the_engine() {
    let deployment = Deployment::new("limits-platform");
    let platform = docker(&["version", "--format", "{{.Server.Os}}/{{.Server.Arch}}"]);
    let platform = format!("platform={}", platform.trim());
    let options = ["--set", platform.as_str()];
    deployment.up("standalone", &options);
    assert_eq!(deployment.changes("standalone", &options), 0);
    // Without it, the engine has the same image.
    let before = deployment.containers();
    deployment.up("standalone", &[]);
    assert_eq!(deployment.containers(), before);
    assert_eq!(deployment.changes("standalone", &[]), 0);
    deployment.verify();
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_server_that_was_killed_for_lack_of_memory_is_named_by_every_command() {
    let deployment = Deployment::new("limits-memory");
    let options = ["--set", "resources.memory=12mb"];
    deployment.up("standalone", &options);
    // The engine learns of the end and of its cause from two sources. Where the end comes first, the engine does not
    // name the cause; then the server is killed once more.
    let killed = || docker(&["inspect", "--format", "{{.State.OOMKilled}}", &deployment.node(1)]) == "true";
    eventually("the kernel kills the server", || {
        let filled: redis::RedisResult<()> =
            redis::cmd("SETRANGE").arg("key").arg(40_000_000).arg("x").query(&mut deployment.connect(1));
        filled.is_err() && killed()
    });
    for command in ["verify", "status"] {
        eventually("the server answers again", || redisctl(&["status", &deployment.name]).status.success());
        let (out, said) = texts(&redisctl(&[command, &deployment.name]));
        assert!(format!("{out}{said}").contains("ran out of memory"), "{command}: {out}{said}");
    }
    let (_, said) = texts(&deployment.run("up", "standalone", &options));
    assert!(said.contains("ran out of memory"), "{said}");
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_container_that_restarts_in_a_loop_is_never_shown_as_running() {
    let deployment = Deployment::new("limits-loop");
    deployment.up("standalone", &[]);
    // A server ends on this file.
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), "no-such-directive 1\n").expect("it can be written");
    let (node, path) = (deployment.node(1), file.path().to_str().expect("a path in UTF-8"));
    docker(&["cp", path, &format!("{node}:/redisctl/{node}/server.conf")]);
    docker(&["restart", &node]);
    eventually("the container restarts", || {
        docker(&["inspect", "--format", "{{.RestartCount}}", &node])
            .parse::<u32>()
            .is_ok_and(|count| count > 1)
    });
    let of = |list: &str| {
        let line = list.lines().find(|line| line.contains(&deployment.name)).unwrap_or_default().to_owned();
        assert!(line.contains("restarting") && line.contains("0/1"), "{list}");
    };
    of(&succeed(&redisctl(&["ls"])));
    let status = deployment.status();
    assert_eq!(status["nodes"][0]["condition"], "restarting", "{status}");
    let verified = redisctl(&["verify", &deployment.name]);
    assert_eq!(verified.status.code(), Some(1));
    let (found, _) = texts(&verified);
    assert!(found.contains("restarts in a loop"), "{found}");
}
