//! `redisctl reset`: data, functions and scripts are removed in place.

use redis::{Commands as _, Connection};
use serde_json::Value;

use crate::support::{Deployment, VALKEY_9, fail_with, redisctl, succeed};

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

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn an_unknown_deployment_is_an_error() {
    let stderr = fail_with(&redisctl(&["reset", "redisctl-test-nowhere"]), 1);
    assert!(stderr.contains("there is no deployment `redisctl-test-nowhere`"), "{stderr}");
}
