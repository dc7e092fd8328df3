//! `redisctl reset`: data is removed in place, and what a test changed is undone.

use std::thread;

use redis::{Commands as _, Connection};
use serde_json::Value;

use crate::support::{Deployment, VALKEY_9, docker, eventually, fail_with, redisctl, succeed};

/// `reset --output json`, which must succeed.
#[track_caller]
fn reset(deployment: &Deployment, more: &[&str]) -> Value {
    let arguments = ["reset", &deployment.name, "--output", "json"];
    let arguments: Vec<&str> = arguments.iter().chain(more).copied().collect();
    serde_json::from_str(&succeed(&redisctl(&arguments))).expect("a JSON document")
}

/// A number in the reply to INFO; zero if the server does not report it.
fn info(connection: &mut Connection, name: &str) -> u64 {
    let text: String = redis::cmd("INFO").arg("everything").query(connection).expect("INFO");
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.and_then(|number| number.trim().parse().ok()).unwrap_or(0)
}

/// The reply to INFO replication.
fn info_text(deployment: &Deployment, number: u16) -> String {
    redis::cmd("INFO").arg("replication").query(&mut deployment.connect(number)).expect("INFO")
}

/// Whether a node holds no key in any database, no function and no script.
fn is_empty(deployment: &Deployment, number: u16) -> bool {
    let connection = &mut deployment.connect(number);
    let keyspace: String = redis::cmd("INFO").arg("keyspace").query(connection).expect("INFO");
    !keyspace.contains("keys=")
        && info(connection, "number_of_libraries") == 0
        && info(connection, "number_of_cached_scripts") == 0
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn every_node_of_a_cluster_is_empty_afterwards_and_no_container_was_touched() {
    let deployment = Deployment::new("reset-cluster");
    deployment.up("cluster", &["--image", VALKEY_9, "--set", "config.cluster-databases=4"]);
    let before = deployment.containers();
    // `a`, `b` and `c` belong to shards 3, 1 and 2.
    for (key, number) in [("a", 3), ("b", 1), ("c", 2)] {
        let mut connection = deployment.connect(number);
        for database in [0, 3] {
            redis::cmd("SELECT").arg(database).exec(&mut connection).expect("a database");
            let () = connection.set(key, 1).expect("a key of this shard");
        }
        let library = "#!lua name=tests\nredis.register_function('one', function() return 1 end)";
        redis::cmd("FUNCTION").arg("LOAD").arg(library).exec(&mut connection).expect("a function");
        redis::cmd("SCRIPT").arg("LOAD").arg("return 1").exec(&mut connection).expect("a script");
    }
    let done = reset(&deployment, &[]);
    assert_eq!(
        (&done["keys"], &done["libraries"], &done["scripts"], &done["changes"]),
        (&6.into(), &3.into(), &3.into(), &0.into()),
        "{done}"
    );
    assert!((1..=6).all(|number| is_empty(&deployment, number)));
    assert_eq!(reset(&deployment, &[])["keys"], 0, "nothing is left");
    assert_eq!(deployment.containers(), before);
    deployment.verify();
}

/// Runs a command at a node, which must accept it.
#[track_caller]
fn run(deployment: &Deployment, number: u16, words: &str) {
    let mut words = words.split(' ');
    let mut command = redis::cmd(words.next().expect("a word"));
    words.for_each(|word| {
        command.arg(word);
    });
    command.exec(&mut deployment.connect(number)).expect("the server accepts it");
}

/// The cluster id of a node.
fn id(deployment: &Deployment, number: u16) -> String {
    redis::cmd("CLUSTER").arg("MYID").query(&mut deployment.connect(number)).expect("an id")
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn whatever_a_test_did_to_a_cluster_is_undone() {
    let deployment = Deployment::new("reset-drift");
    deployment.up("cluster", &[]);
    let before = deployment.container_ids();
    let (second, third) = (id(&deployment, 2), id(&deployment, 3));
    // Settings and users.
    run(&deployment, 2, "CONFIG SET maxmemory 100mb");
    run(&deployment, 2, "CONFIG SET notify-keyspace-events KEA");
    run(&deployment, 3, "ACL SETUSER guest on nopass +get");
    // A moved slot, a lost slot, an open slot.
    run(&deployment, 3, &format!("CLUSTER SETSLOT 6000 IMPORTING {second}"));
    run(&deployment, 3, &format!("CLUSTER SETSLOT 6000 NODE {third}"));
    run(&deployment, 2, &format!("CLUSTER SETSLOT 6000 NODE {third}"));
    run(&deployment, 2, "CLUSTER DELSLOTS 7000");
    run(&deployment, 3, &format!("CLUSTER SETSLOT 16000 MIGRATING {second}"));
    // A failover, and keys at the new primary.
    run(&deployment, 4, "CLUSTER FAILOVER TAKEOVER");
    eventually("shard 1 has another primary", || info_text(&deployment, 1).contains("role:slave"));
    run(&deployment, 4, "SET b 1");
    // A client that waits.
    let mut waiting = deployment.connect(4);
    let waiting = thread::spawn(move || redis::cmd("BLPOP").arg("{b}list").arg(0).exec(&mut waiting));
    eventually("the client is blocked", || info(&mut deployment.connect(4), "blocked_clients") == 1);
    // Nodes that do not run.
    docker(&["kill", &deployment.node(6)]);
    docker(&["pause", &deployment.node(5)]);

    let done = reset(&deployment, &["--clients"]);
    assert_eq!(done["keys"], 1, "{done}");
    assert!(done["clients_ended"].as_u64() >= Some(1) && done["changes"].as_u64() > Some(5), "{done}");
    assert!(waiting.join().expect("no panic").is_err(), "its connection was ended");
    assert_eq!(deployment.container_ids(), before);
    let status = deployment.status();
    for (number, role) in
        ["primary", "primary", "primary", "replica", "replica", "replica"].iter().enumerate()
    {
        assert_eq!(status["nodes"][number]["role"], *role, "{status:#}");
        assert!(is_empty(&deployment, u16::try_from(number).expect("a small number") + 1));
    }
    deployment.verify();
    let setting = |name: &str| -> (String, String) {
        redis::cmd("CONFIG").arg("GET").arg(name).query(&mut deployment.connect(2)).expect("a setting")
    };
    assert_eq!(
        (setting("maxmemory").1, setting("notify-keyspace-events").1),
        ("0".to_owned(), String::new())
    );
    let users: Vec<String> = redis::cmd("ACL").arg("USERS").query(&mut deployment.connect(3)).expect("users");
    assert_eq!(users, ["default"]);
    assert_eq!(deployment.changes("cluster", &[]), 0);
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn sentinels_give_the_role_back_to_the_specs_primary() {
    let deployment = Deployment::new("reset-sentinel");
    deployment.up("sentinel", &[]);
    let first_sentinel = deployment.status()["nodes"].as_array().expect("nodes").len() - 2;
    let sentinel = u16::try_from(first_sentinel).expect("a small number");
    run(&deployment, sentinel, &format!("SENTINEL FAILOVER {}", deployment.name));
    eventually("another server is primary", || info_text(&deployment, 1).contains("role:slave"));
    reset(&deployment, &[]);
    let status = deployment.status();
    assert_eq!(status["nodes"][0]["role"], "primary", "{status:#}");
    deployment.verify();
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn an_unknown_deployment_is_an_error() {
    let stderr = fail_with(&redisctl(&["reset", "redisctl-test-nowhere"]), 1);
    assert!(stderr.contains("there is no deployment `redisctl-test-nowhere`"), "{stderr}");
}
