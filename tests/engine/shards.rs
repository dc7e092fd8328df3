//! Clusters that change their number of shards while clients read and write, and clusters that somebody else
//! resharded.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use redis::cluster::ClusterClient;
use redis::{Commands as _, Connection, RedisResult, cmd};
use serde_json::Value;

use crate::moment::{at, is_step};
use crate::support::{
    Deployment, REDIS_6, REDIS_7, VALKEY_8, docker, eventually, fail_with, redisctl, succeed,
};

/// The keys that a test writes.
const KEYS: u64 = 2000;

/// The client of a cluster, as programs use it.
fn client(deployment: &Deployment) -> redis::cluster::ClusterConnection {
    let status = deployment.status();
    let nodes = status["nodes"].as_array().expect("nodes");
    let seeds =
        nodes.iter().map(|node| format!("redis://{}", node["endpoint"].as_str().expect("an endpoint")));
    let client = ClusterClient::new(seeds.collect::<Vec<_>>()).expect("a client");
    client.get_connection().expect("a connection")
}

/// The keys of all primaries.
fn keys(deployment: &Deployment) -> u64 {
    succeed(&redisctl(&["cli", &deployment.name, "--all", "--", "DBSIZE"])).trim().parse().expect("a number")
}

/// A client that writes and reads until it is told to stop. Returns the number of its calls.
fn load(name: &str, mut client: redis::cluster::ClusterConnection, stop: &AtomicBool) -> RedisResult<u64> {
    let mut count = 0;
    while !stop.load(Ordering::Relaxed) {
        let key = format!("{name}:{}", count % 500);
        let () = client.set(&key, count)?;
        let read: Option<u64> = client.get(&key)?;
        assert_eq!(read, Some(count), "{key}");
        count += 1;
    }
    Ok(count)
}

fn with_shards(count: &'static str) -> [&'static str; 4] {
    ["--image", REDIS_7, "--set", count]
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn shards_come_and_go_under_a_load_of_clients() {
    let deployment = Deployment::new("shards");
    deployment.up("cluster", &with_shards("shards=3"));
    let mut writer = client(&deployment);
    for key in 0..KEYS {
        let () = writer.set_ex(format!("key:{key}"), key, 1000).expect("a write");
    }
    let library = "#!lua name=known\nredis.register_function('known', function() return 1 end)";
    for node in [1, 2, 3] {
        cmd("FUNCTION").arg("LOAD").arg(library).exec(&mut deployment.connect(node)).expect("a function");
    }
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let clients = ["one", "other"].map(|name| {
            scope.spawn({
                let client = client(&deployment);
                let stop = &stop;
                move || load(name, client, stop)
            })
        });
        let changed = std::panic::catch_unwind(|| {
            let more = with_shards("shards=4");
            let plan = deployment.plan("cluster", &more);
            assert!(plan.contains("will move 1365 slots to"), "{plan}");
            // A killed run leaves open slots.
            let is_moment = |event: &Value| is_step(event, "step-started", "move ");
            at(&deployment, &[&["cluster"][..], &more].concat(), (2, is_moment), |process, _| {
                thread::sleep(Duration::from_millis(30));
                process.signal("KILL");
            });
            deployment.up("cluster", &more);
            deployment.verify();
            assert_eq!(deployment.changes("cluster", &more), 0);
            let known: i64 =
                cmd("FCALL").arg("known").arg(0).query(&mut deployment.connect(7)).expect("a function");
            assert_eq!(known, 1);
            let fewer = with_shards("shards=2");
            deployment.up("cluster", &fewer);
            deployment.verify();
            assert_eq!(deployment.changes("cluster", &fewer), 0);
        });
        stop.store(true, Ordering::Relaxed);
        for client in clients {
            let calls = client.join().expect("a client ends").expect("no call fails");
            assert!(calls > 100, "{calls} calls");
        }
        changed.expect("the shards change");
    });
    assert_eq!(deployment.containers().lines().count(), 4);
    // The first client was idle, and its connections to removed nodes are closed.
    let mut reader = client(&deployment);
    for key in 0..KEYS {
        let kept: Option<u64> = reader.get(format!("key:{key}")).expect("a read");
        assert_eq!(kept, Some(key));
    }
    let left: i64 = reader.ttl("key:7").expect("a time to live");
    assert!((1..=1000).contains(&left), "{left}");
    assert_eq!(keys(&deployment), KEYS + 1000);
}

/// Commands that write a key of each type. `KEY` stands for the key.
const WRITES: [&str; 10] = [
    "SET KEY text",
    "RPUSH KEY a b a",
    "SADD KEY 7 8",
    "HSET KEY field value",
    "ZADD KEY 1.5 a -inf b",
    "PFADD KEY a b",
    "SETBIT KEY 70 1",
    "XADD KEY 1-1 field value",
    "XGROUP CREATE KEY readers 0",
    "XREADGROUP GROUP readers one STREAMS KEY >",
];

/// A command of words with a key.
fn command(words: &str, key: &str) -> redis::Cmd {
    let mut words = words.split(' ').map(|word| if word == "KEY" { key } else { word });
    let mut command = cmd(words.next().expect("a command"));
    words.for_each(|word| {
        command.arg(word);
    });
    command
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn keys_of_all_types_move_whole_and_only_where_there_is_room() {
    let deployment = Deployment::new("shards-types");
    let with = |shards: &'static str| {
        let limit = "config.maxmemory=60mb";
        ["--image", REDIS_7, "--set", "replicas=0", "--set", limit, "--set", shards]
    };
    deployment.up("cluster", &with("shards=1"));
    let mut first = deployment.connect(1);
    let mut keys = Vec::new();
    for number in 0..20 {
        for (kind, words) in WRITES.iter().enumerate() {
            // The last three write the same stream.
            let key = format!("{number}:{}", kind.min(7));
            command(words, &key).exec(&mut first).expect("a write");
            keys.push(key);
        }
    }
    let dump = |node: &mut dyn redis::ConnectionLike, key: &str| -> Vec<u8> {
        cmd("DUMP").arg(key).query(node).expect("the whole value")
    };
    let dumps: Vec<Vec<u8>> = keys.iter().map(|key| dump(&mut first, key)).collect();
    deployment.up("cluster", &with("shards=2"));
    deployment.verify();
    let moved: u64 = cmd("DBSIZE").query(&mut deployment.connect(2)).expect("a number");
    assert!(moved > 0, "no key has moved");
    let mut client = client(&deployment);
    for (key, before) in keys.iter().zip(&dumps) {
        assert_eq!(dump(&mut client, key), *before, "{key}");
    }
    for key in ["big:1", "big:2", "big:3", "big:4"] {
        let () = client.setrange(key, 20 << 20, "the end").expect("a write");
    }
    let refused = fail_with(&deployment.run("up", "cluster", &with("shards=1")), 1);
    assert!(refused.contains("has no room for the keys"), "{refused}");
    assert!(refused.contains("its `maxmemory` is 60 MiB"), "{refused}");
    assert_eq!(deployment.changes("cluster", &with("shards=2")), 0);
}

/// The cluster id of a node.
fn id(connection: &mut Connection) -> String {
    cmd("CLUSTER").arg("MYID").query(connection).expect("an id")
}

fn set_slot(connection: &mut Connection, slot: u16, words: &[&str]) {
    cmd("CLUSTER").arg("SETSLOT").arg(slot).arg(words).exec(connection).expect("a slot's new state");
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn what_somebody_else_moved_comes_back_and_open_slots_are_closed() {
    for image in [REDIS_7, VALKEY_8] {
        let deployment = Deployment::new("resharded");
        let options = ["--image", image];
        deployment.up("cluster", &options);
        // Both keys have slot 0.
        let () = deployment.connect(1).set("{06S}one", 1).expect("a write");
        let () = deployment.connect(1).set("{06S}two", 2).expect("a write");
        let (mut source, mut target) = (deployment.connect(1), deployment.connect(2));
        let (from, to) = (id(&mut source), id(&mut target));
        for slot in [0, 1, 2] {
            set_slot(&mut target, slot, &["IMPORTING", &from]);
            set_slot(&mut source, slot, &["MIGRATING", &to]);
        }
        let status = deployment.status();
        let address = status["nodes"][1]["address"].as_str().expect("an address");
        let (host, port) = address.split_once(':').expect("a port");
        let migrate = &mut cmd("MIGRATE");
        migrate.arg(host).arg(port).arg("{06S}one").arg(0).arg(5000).exec(&mut source).expect("a moved key");
        // Slot 1 is moved, slot 0 is half moved, and slot 2 is open without a key.
        set_slot(&mut target, 1, &["NODE", &to]);
        set_slot(&mut source, 1, &["NODE", &to]);
        eventually("all nodes know the new owner of a slot", || {
            !redisctl(&["verify", &deployment.name]).status.success()
        });
        let plan = deployment.plan("cluster", &options);
        assert!(plan.contains("open slots"), "{plan}");
        deployment.up("cluster", &options);
        deployment.verify();
        assert_eq!(deployment.changes("cluster", &options), 0, "{image}");
        for (key, value) in [("{06S}one", 1), ("{06S}two", 2)] {
            let kept: Option<u64> = deployment.connect(1).get(key).expect("a read");
            assert_eq!(kept, Some(value), "{image}: {key}");
        }
        assert_eq!(keys(&deployment), 2, "{image}");
        adopt(&deployment, &options);
    }
}

/// Slots that somebody moved stay if the user adopts them, also in later runs, and the exported spec agrees.
fn adopt(deployment: &Deployment, options: &[&str]) {
    let (mut source, mut target) = (deployment.connect(1), deployment.connect(2));
    let to = id(&mut target);
    set_slot(&mut target, 1, &["NODE", &to]);
    set_slot(&mut source, 1, &["NODE", &to]);
    eventually("the plan moves the slot back", || {
        deployment.plan("cluster", options).contains("`--adopt-slots` keeps them there")
    });
    eventually("all nodes know the owner of the slot", || {
        deployment.status()["problems"].to_string().contains("has slots 1 of shard 1")
    });
    deployment.up("cluster", &[options, &["--adopt-slots"]].concat());
    assert_eq!(deployment.changes("cluster", options), 0);
    assert_eq!(deployment.status()["state"], "ready");
    deployment.verify();
    let yaml = succeed(&redisctl(&["export", "spec", &deployment.name]));
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), yaml).expect("a file that can be written");
    let path = file.path().display().to_string();
    succeed(&redisctl(&["validate", &path]));
    succeed(&redisctl(&["plan", &path, "--detailed-exitcode"]));
}

/// Since Valkey 8, replicas have the open slots of their primary.
#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_replica_that_missed_the_end_of_a_move_closes_its_slots() {
    let deployment = Deployment::new("shards-late");
    let options = ["--image", VALKEY_8, "--set", "data=volume"];
    deployment.up("cluster", &options);
    let mut source = deployment.connect(1);
    let to = id(&mut deployment.connect(2));
    set_slot(&mut source, 5, &["MIGRATING", &to]);
    docker(&["kill", &deployment.node(4)]);
    eventually("the primary has no replica", || {
        let replication: String = cmd("INFO").arg("replication").query(&mut source).expect("a reply");
        replication.contains("connected_slaves:0")
    });
    set_slot(&mut source, 5, &["STABLE"]);
    docker(&["start", &deployment.node(4)]);
    deployment.up("cluster", &options);
    deployment.verify();
    assert_eq!(deployment.changes("cluster", &options), 0);
}

/// Redis 6.0 shows the password of MIGRATE in MONITOR.
#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn the_login_of_a_move_is_worthless_afterwards() {
    let deployment = Deployment::new("shards-login");
    let with = |shards: &'static str| {
        ["--image", REDIS_6, "--set", "replicas=0", "--set", "auth={}", "--set", shards]
    };
    deployment.up("cluster", &with("shards=1"));
    // Keys of many slots.
    let mut first = deployment.connect(1);
    for key in 0..100 {
        let () = first.set(format!("key:{key}"), key).expect("a write");
    }
    let mut monitor = deployment.connect(1);
    let () = cmd("MONITOR").query(&mut monitor).expect("a monitor");
    deployment.up("cluster", &with("shards=2"));
    deployment.verify();
    assert_eq!(deployment.changes("cluster", &with("shards=2")), 0);
    let () = cmd("ECHO").arg("the last command").query(&mut first).expect("a reply");
    let mut logins: Vec<(String, String)> = Vec::new();
    loop {
        let line: String = redis::from_redis_value(monitor.recv_response().expect("a line")).expect("text");
        if line.contains("the last command") {
            break;
        }
        let words: Vec<&str> = line.split('"').collect();
        logins.extend(
            words
                .windows(5)
                .filter(|words| words[0] == "AUTH2")
                .map(|words| (words[2].to_owned(), words[4].to_owned())),
        );
    }
    logins.dedup();
    assert_eq!(logins.len(), 1, "one user for one move");
    let (user, password) = &logins[0];
    for node in [1, 2] {
        let refused = cmd("AUTH").arg(user).arg(password).query::<()>(&mut deployment.connect(node));
        assert_eq!(refused.expect_err("a refusal").code(), Some("WRONGPASS"), "node {node}");
    }
    assert_eq!(keys(&deployment), 100);
}

/// The slots of each primary, and the number of its replicas, by the primary's number.
fn shape(deployment: &Deployment) -> Vec<String> {
    let status = deployment.status();
    let nodes = status["nodes"].as_array().expect("nodes");
    let primaries = nodes.iter().filter(|node| node["role"] == "primary");
    let shard = |primary: &Value| {
        let replicas = nodes.iter().filter(|node| node["primary"] == primary["name"]).count();
        format!("{} {replicas}", primary["slots"])
    };
    primaries.map(shard).collect()
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn shards_are_as_uneven_as_the_list() {
    let deployment = Deployment::new("uneven");
    let with = |shards: &'static str| ["--image", REDIS_7, "--set", "data=volume", "--set", shards];
    let first = with("shards=[{slots: 0-11999, replicas: 1}, {slots: 12000-16383, replicas: 0}]");
    deployment.up("cluster", &first);
    deployment.verify();
    assert_eq!(deployment.changes("cluster", &first), 0);
    assert_eq!(shape(&deployment), ["[[0,11999]] 1", "[[12000,16383]] 0"]);
    let mut writer = client(&deployment);
    for key in 0..500 {
        let () = writer.set(format!("key:{key}"), key).expect("a write");
    }
    // `down` keeps the data, and the second `up` finds the same shape.
    succeed(&redisctl(&["down", &deployment.name]));
    deployment.up("cluster", &first);
    assert_eq!(shape(&deployment), ["[[0,11999]] 1", "[[12000,16383]] 0"]);
    let second = with("shards=[{slots: [0-99, 200], replicas: 0}, {}]");
    let plan = deployment.plan("cluster", &second);
    assert!(plan.contains("move 11899 slots"), "{plan}");
    deployment.up("cluster", &second);
    deployment.verify();
    assert_eq!(deployment.changes("cluster", &second), 0);
    assert_eq!(shape(&deployment), ["[[0,99],[200,200]] 0", "[[100,199],[201,16383]] 1"]);
    assert_eq!(keys(&deployment), 500);
}
