//! Sentinels lead clients on the host to the primary, also after a failover. Manual changes of sentinels, and of the
//! shared network, are repaired.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{Deployment, connect, docker, eventually, redisctl, succeed, texts};

/// The primary's port, from the sentinel with this number.
fn discovered(deployment: &Deployment, number: u16) -> (String, u16) {
    let mut ask = redis::cmd("SENTINEL");
    let ask = ask.arg("GET-MASTER-ADDR-BY-NAME").arg(&deployment.name);
    ask.query(&mut deployment.connect(number)).expect("a sentinel knows the primary")
}

/// Asks like a client, until the sentinel names another primary.
fn another_primary(deployment: &Deployment, number: u16, before: u16) -> u16 {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let (host, port) = discovered(deployment, number);
        assert_eq!(host, "127.0.0.1", "clients are told what they can dial");
        if port != before {
            return port;
        }
        assert!(Instant::now() < deadline, "no failover within 30 s");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn clients_follow_a_failover_and_up_converges_after_it() {
    let deployment = Deployment::new("failover");
    // This is faster than usual, but slow enough for a busy machine on which a server pauses for a second.
    let quick = ["--set", "config.down-after-milliseconds=3000"];
    deployment.up("sentinel", &quick);
    let sentinel = 4;
    let (host, first) = discovered(&deployment, sentinel);
    assert_eq!((host.as_str(), first), ("127.0.0.1", deployment.port));
    let write = |port: u16, value: &str| {
        let mut connection = connect(("127.0.0.1", port)).expect("a connection");
        redis::cmd("SET").arg("kept").arg(value).exec(&mut connection).expect("a write");
        redis::cmd("WAIT").arg(2).arg(2000).exec(&mut connection).expect("an answer");
    };
    write(first, "before");
    docker(&["kill", &deployment.node(1)]);
    let second = another_primary(&deployment, sentinel, first);
    let number = second - deployment.port + 1;
    let mut connection = deployment.connect(number);
    let kept: String = redis::cmd("GET").arg("kept").query(&mut connection).expect("the key");
    assert_eq!(kept, "before");

    deployment.up("sentinel", &quick);
    deployment.verify();
    let status = deployment.status();
    assert_eq!(status["state"], "ready", "{status:#}");
    assert_eq!(status["nodes"][0]["role"], "replica", "{status:#}");
    assert_eq!(status["nodes"][3]["role"], "sentinel", "{status:#}");
    assert_eq!(discovered(&deployment, sentinel).1, second, "`up` went against the sentinels");
    assert_eq!(deployment.changes("sentinel", &quick), 0);

    // The test does not wait until the sentinels notice it.
    docker(&["kill", &deployment.node(number.into())]);
    let plan = deployment.plan("sentinel", &quick);
    assert!(plan.contains("would come back without its keys"), "{plan}");
    deployment.up("sentinel", &quick);
    deployment.verify();
    let third = discovered(&deployment, sentinel).1;
    let mut connection = deployment.connect(third - deployment.port + 1);
    let kept: String = redis::cmd("GET").arg("kept").query(&mut connection).expect("the key");
    assert_eq!(kept, "before");

    a_former_primary_is_not_asked(&deployment, third);
}

/// Makes the sentinels replace the primary at a port, restarts it, and checks that its own report does not count.
fn a_former_primary_is_not_asked(deployment: &Deployment, port: u16) {
    let former = deployment.node((port - deployment.port + 1).into());
    docker(&["stop", &former]);
    let chosen = another_primary(deployment, 4, port);
    // The sentinel that leads the failover reports it until its end.
    let has_ended = |sentinel| {
        let mut connection = deployment.connect(sentinel);
        let said = redis::cmd("SENTINEL").arg("MASTER").arg(&deployment.name).query(&mut connection);
        said.is_ok_and(|said: BTreeMap<String, String>| {
            said.get("flags").is_some_and(|flags| flags == "master")
        })
    };
    eventually("the failover has ended at every sentinel", || (4..=6).all(has_ended));
    docker(&["start", &former]);
    let says_primary = || {
        let mut connection = connect(("127.0.0.1", port)).ok()?;
        let info: String = redis::cmd("INFO").arg("replication").query(&mut connection).ok()?;
        Some(info.contains("role:master"))
    };
    eventually("the former primary answers", || says_primary().is_some());
    // The sentinels leave it a primary for about ten seconds.
    let read = succeed(&redisctl(&["cli", &deployment.name, "--", "GET", "kept"]));
    assert_eq!(read.trim(), "before");
    let settings = succeed(&redisctl(&["env", &deployment.name]));
    assert!(settings.contains(&format!("REDIS_PORT='{chosen}'")), "{settings}");
    let verified = texts(&redisctl(&["verify", &deployment.name, "--output", "json"])).0;
    let report: Value = serde_json::from_str(&verified).expect("a report");
    let failed = || {
        let checks = report["checks"].as_array().expect("checks");
        checks.iter().filter(|check| check["outcome"] == "failed")
    };
    assert!(failed().all(|check| check["name"] != "sentinel-watch"), "{report:#}");
    let status = deployment.status();
    if says_primary() == Some(true) {
        let roles =
            failed().find(|check| check["name"] == "roles").expect("the former primary has a wrong role");
        assert_eq!(roles["node"], former.as_str());
        let problem = format!("{former} still says that it is a primary");
        assert!(status["problems"].to_string().contains(&problem), "{status:#}");
    }
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn an_up_in_the_midst_of_a_failover_does_not_get_in_its_way() {
    let deployment = Deployment::new("midst");
    let shape = ["--set", "replicas=1"];
    deployment.up("sentinel", &shape);
    let (second, sentinel) = (2, 3);
    let mut fail_over = redis::cmd("SENTINEL");
    fail_over.arg("FAILOVER").arg(&deployment.name);
    fail_over.exec(&mut deployment.connect(sentinel)).expect("the sentinel begins");
    // A sentinel closes all connections of a server when it gives it a role.
    let info = || {
        connect(("127.0.0.1", deployment.port + second - 1))
            .and_then(|mut replica| redis::cmd("INFO").arg("replication").query::<String>(&mut replica))
    };
    eventually("the replica is told to be primary", || info().is_ok_and(|info| info.contains("role:master")));
    // The sentinel waits for the replica's report, and names the former primary for a second.
    let ended = deployment.run("up", "sentinel", &[&shape[..], &["--output", "json"]].concat());
    let (_, events) = texts(&ended);
    succeed(&ended);
    let against = format!("follow 127.0.0.1:{}", deployment.port);
    assert!(!events.contains(&against), "{events}");
    assert_eq!(discovered(&deployment, sentinel).1, deployment.port + second - 1, "{events}");
    deployment.verify();
    assert_eq!(deployment.changes("sentinel", &shape), 0);
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_lost_network_namespace_and_a_reset_sentinel_are_mended() {
    let deployment = Deployment::new("namespace");
    deployment.up("sentinel", &[]);
    docker(&["restart", &format!("{}-network", deployment.name)]);
    let plan = succeed(&deployment.run("plan", "sentinel", &[]));
    assert!(plan.contains("detached from the network"), "{plan}");
    deployment.up("sentinel", &[]);
    deployment.verify();

    docker(&["rm", "-f", &deployment.node(5)]);
    let mut remove = redis::cmd("SENTINEL");
    remove.arg("REMOVE").arg(&deployment.name).exec(&mut deployment.connect(6)).expect("it forgets");
    deployment.up("sentinel", &[]);
    deployment.verify();
    assert_eq!(deployment.changes("sentinel", &[]), 0);
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn sentinels_work_with_passwords_and_tls_and_in_the_network() {
    let deployment = Deployment::new("sentinel-secure");
    let mut secure = vec!["--set", "auth.password=generate", "--set", "tls=true"];
    deployment.up("sentinel", &secure);
    deployment.verify();
    assert_eq!(deployment.changes("sentinel", &secure), 0);
    // Every node is replaced, the primary after the sentinels have chosen another primary.
    secure.extend(["--set", "resources.memory=192mb"]);
    deployment.up("sentinel", &secure);
    let report = deployment.verify();
    for name in ["sentinel-watch", "sentinel-peers", "sentinel-quorum", "sentinel-discovery"] {
        let checks = report["checks"].as_array().expect("checks");
        let passed = checks.iter().filter(|check| check["name"] == name && check["outcome"] == "passed");
        assert_eq!(passed.count(), 3, "{name}: {report:#}");
    }
    assert_eq!(deployment.status()["nodes"][0]["role"], "replica");
    assert_eq!(deployment.changes("sentinel", &secure), 0);
    drop(deployment);

    let inside = Deployment::new("sentinel-inside");
    inside.up("sentinel", &["--set", "access=network"]);
    inside.verify();
    let address = inside.status()["nodes"][0]["address"].to_string();
    assert!(!address.contains("127.0.0.1"), "{address}");
}
