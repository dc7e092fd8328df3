//! Abilities of some versions: used if a server has them, otherwise refused beforehand.

use std::fs;

use redis::Value;

use crate::support::{Deployment, REDIS_6, REDIS_7, VALKEY_8, VALKEY_9, fail_with};

/// A node in CLUSTER SLOTS: host, port, id, and other facts.
type Node = (String, u16, Value, Value);

const DATABASES: [&str; 2] = ["--set", "config.cluster-databases=16"];

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_cluster_of_valkey_9_has_several_databases() {
    let deployment = Deployment::new("cluster-databases");
    let older =
        fail_with(&deployment.run("up", "cluster", &[&["--image", VALKEY_8], &DATABASES[..]].concat()), 2);
    assert!(older.contains("cluster-databases"), "{older}");
    assert_eq!(deployment.leftovers(), Vec::<String>::new());

    let more = ["replicas=0", "shards=1"].map(|set| ["--set", set]).concat();
    let arguments = [&["--image", VALKEY_9], &DATABASES[..], &more].concat();
    deployment.up("cluster", &arguments);
    let mut connection = deployment.connect(1);
    for database in [0, 15] {
        redis::cmd("SELECT").arg(database).exec(&mut connection).expect("it has this database");
        redis::cmd("SET").arg("key").arg(database).exec(&mut connection).expect("it is written");
    }
    redis::cmd("SELECT").arg(0).exec(&mut connection).expect("it has this database");
    assert_eq!(redis::cmd("GET").arg("key").query::<u64>(&mut connection).expect("a number"), 0);
    deployment.verify();
    assert_eq!(deployment.changes("cluster", &arguments), 0);
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn users_with_selectors_are_proved_where_the_server_has_selectors() {
    let folder = tempfile::tempdir().expect("a folder");
    let spec = folder.path().join("spec.yaml");
    let user = "{name: app, password: pw, rules: ['~a:*', +get, '(%R~b:* +get)']}";
    fs::write(&spec, format!("kind: standalone\nauth:\n  password: p\n  users:\n  - {user}\n"))
        .expect("it can be written");
    let spec = spec.display().to_string();
    let deployment = Deployment::new("selectors");
    let older = fail_with(&deployment.run("up", &spec, &["--image", REDIS_6]), 2);
    assert!(older.contains(":5:") && older.contains("(%R~b:* +get)"), "{older}");
    assert_eq!(deployment.leftovers(), Vec::<String>::new());

    for image in [REDIS_7, VALKEY_9] {
        deployment.up(&spec, &["--image", image, "--recreate"]);
        deployment.verify();
        let mut connection = deployment.connect(1);
        redis::cmd("AUTH").arg("app").arg("pw").exec(&mut connection).expect("it logs in");
        let mut get = |key: &str| redis::cmd("GET").arg(key).query::<Value>(&mut connection);
        assert_eq!(
            (get("a:1").is_ok(), get("b:1").is_ok(), get("c:1").is_ok()),
            (true, true, false),
            "{image}"
        );
    }
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_cluster_tells_clients_a_host_name_since_redis_7() {
    for image in [REDIS_7, VALKEY_9] {
        let deployment = Deployment::new("hostnames");
        let more = ["replicas=0", "shards=1"].map(|set| ["--set", set]).concat();
        deployment.up("cluster", &[&["--image", image], &more[..]].concat());
        let mut connection = deployment.connect(1);
        let slots: Vec<(u16, u16, Node)> =
            redis::cmd("CLUSTER").arg("SLOTS").query(&mut connection).expect("the slots");
        let (_, _, (host, port, ..)) = &slots[0];
        assert_eq!((host.as_str(), *port), ("127.0.0.1", deployment.port), "{image}");
    }
}
