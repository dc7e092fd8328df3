//! Atomic migrations of slots (Valkey 9): with a login, after a killed run, and where the servers refuse them.

use std::collections::HashMap;

use redis::{Connection, cmd};
use redisctl::topology::slots::slot_of;
use serde_json::Value;

use crate::moment::{at, is_step};
use crate::support::{Deployment, VALKEY_9, redisctl, succeed, texts};

/// Keys of many slots.
const KEYS: u64 = 3000;

/// Writes keys through `redisctl cli`, which follows redirections.
fn write(deployment: &Deployment) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("keys.redis");
    let lines: Vec<String> = (0..KEYS).map(|key| format!("SET key:{key} {key} EX 1000")).collect();
    std::fs::write(&file, lines.join("\n")).expect("it can be written");
    succeed(&redisctl(&["seed", &deployment.name, &file.display().to_string()]));
}

fn assert_kept(deployment: &Deployment) {
    let found = succeed(&redisctl(&["cli", &deployment.name, "--all", "--", "DBSIZE"]));
    assert_eq!(found.trim(), KEYS.to_string());
    let last = KEYS - 1;
    let read = redisctl(&["cli", &deployment.name, "--", "GET", &format!("key:{last}")]);
    assert_eq!(succeed(&read).trim(), last.to_string());
}

/// The states of the migrations that a server lists.
fn states(connection: &mut Connection) -> Vec<String> {
    let listed: Vec<HashMap<String, redis::Value>> =
        cmd("CLUSTER").arg("GETSLOTMIGRATIONS").query(connection).expect("migrations");
    let state = |fields: &HashMap<String, redis::Value>| {
        redis::from_redis_value(fields["state"].clone()).expect("a state")
    };
    listed.iter().map(state).collect()
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn slots_move_at_once_with_a_login() {
    let deployment = Deployment::new("migrations");
    let with = |shards: &'static str| ["--image", VALKEY_9, "--set", "auth={}", "--set", shards];
    deployment.up("cluster", &with("shards=2"));
    write(&deployment);
    let library = "#!lua name=known\nredis.register_function('known', function() return 1 end)";
    for node in [1, 2] {
        cmd("FUNCTION").arg("LOAD").arg(library).exec(&mut deployment.connect(node)).expect("a function");
    }
    let more = with("shards=3");
    let is_moment = |event: &Value| is_step(event, "step-started", "move ");
    at(&deployment, &[&["cluster"][..], &more].concat(), (1, is_moment), |process, _| {
        process.signal("KILL");
    });
    deployment.up("cluster", &more);
    deployment.verify();
    assert_eq!(deployment.changes("cluster", &more), 0);
    assert_kept(&deployment);
    let states = states(&mut deployment.connect(1));
    assert!(!states.is_empty() && states.iter().all(|state| state == "success"), "{states:?}");
    let known: i64 = cmd("FCALL").arg("known").arg(0).query(&mut deployment.connect(5)).expect("a function");
    assert_eq!(known, 1);
    // The migration of a killed run goes on. It contradicts the spec.
    let mut first = deployment.connect(1);
    let () =
        cmd("CONFIG").arg("SET").arg("rdb-key-save-delay").arg(100_000).query(&mut first).expect("a delay");
    let second: String = cmd("CLUSTER").arg("MYID").query(&mut deployment.connect(2)).expect("an id");
    let migrate = &mut cmd("CLUSTER");
    let migrate = migrate.arg("MIGRATESLOTS").arg("SLOTSRANGE").arg(0).arg(99).arg("NODE").arg(second);
    let () = migrate.query(&mut first).expect("a migration");
    let plan = deployment.plan("cluster", &more);
    assert!(plan.contains("cancel its migrations of slots"), "{plan}");
    deployment.up("cluster", &more);
    deployment.verify();
    assert_kept(&deployment);
    let () = cmd("CONFIG").arg("SET").arg("rdb-key-save-delay").arg(0).query(&mut first).expect("no delay");
    let fewer = with("shards=2");
    deployment.up("cluster", &fewer);
    deployment.verify();
    assert_eq!(deployment.changes("cluster", &fewer), 0);
    assert_kept(&deployment);
}

/// With atomic migrations, replicas would get later keys in other databases.
#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn slots_move_with_all_databases() {
    let deployment = Deployment::new("databases");
    let with =
        |shards: &'static str| ["--image", VALKEY_9, "--set", "config.cluster-databases=4", "--set", shards];
    deployment.up("cluster", &with("shards=3"));
    // The slots of the first shard.
    let keys: Vec<String> =
        (0..KEYS * 3).map(|key| format!("key:{key}")).filter(|key| slot_of(key) < 5461).collect();
    let mut first = deployment.connect(1);
    for database in [0, 2, 3] {
        let mut pipeline = redis::pipe();
        pipeline.cmd("SELECT").arg(database).ignore();
        for key in &keys {
            pipeline.set(key, database).ignore();
        }
        let () = pipeline.query(&mut first).expect("writes");
    }
    let more = with("shards=4");
    let (_, events) = texts(&deployment.run("up", "cluster", &[&more[..], &["--output", "json"]].concat()));
    let events: Vec<Value> = events.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let mut moved = events.iter().filter(|event| event["event"] == "moving");
    let last = moved.next_back().expect("the progress of a move");
    assert_eq!(last["slots"], last["all_slots"], "{last}");
    deployment.verify();
    assert_eq!(deployment.changes("cluster", &more), 0);
    for database in [0, 2, 3] {
        // The first shard and the new shard, each with its replica.
        let counts = [1, 4, 7, 8].map(|node| {
            let mut connection = deployment.connect(node);
            let () = cmd("SELECT").arg(database).query(&mut connection).expect("a database");
            cmd("DBSIZE").query::<usize>(&mut connection).expect("a number")
        });
        let [primary, replica, new_primary, new_replica] = counts;
        assert_eq!((primary, new_primary), (replica, new_replica), "database {database}");
        assert_eq!(primary + new_primary, keys.len(), "database {database}");
        assert!(new_primary > 0, "database {database}");
    }
}
