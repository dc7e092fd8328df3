//! Directives on every server: in a spec, in force, changed, and removed.

use redis::Connection;

use crate::support::{Deployment, REDIS_6, REDIS_7, REDIS_8, VALKEY_8, succeed, texts};

/// Old names, values with several spellings, and directives that repeat.
const FIRST: &str = "
kind: replication
config:
  save: [\"900 1\", \"300 10\"]
  client-output-buffer-limit: [replica 512mb 128mb 60, pubsub 64mb 16mb 30]
  rename-command: FLUSHALL \"\"
  lua-time-limit: 4000
  slave-read-only: no
  hash-max-ziplist-entries: 100
  notify-keyspace-events: KEA
  maxmemory: 64MB
nodes:
  NAME-2: {config: {slave-priority: 7}}
";

/// Some directives changed, and some removed.
const THEN: &str = "
kind: replication
config:
  save: 600 5
  client-output-buffer-limit: replica 256mb 64mb 30
  rename-command: FLUSHALL \"\"
  busy-reply-threshold: 3000
  notify-keyspace-events: Kx
nodes:
  NAME-2: {config: {replica-priority: 8}}
";

fn setting(connection: &mut Connection, directive: &str) -> String {
    let (_, value): (String, String) =
        redis::cmd("CONFIG").arg("GET").arg(directive).query(connection).expect("a setting");
    value
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn directives_are_in_force_as_each_server_understands_them() {
    for (test, image) in
        [("redis-6", REDIS_6), ("redis-7", REDIS_7), ("redis-8", REDIS_8), ("valkey-8", VALKEY_8)]
    {
        let deployment = Deployment::new(&format!("settings-{test}"));
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("spec.yaml");
        let path = path.to_str().expect("a path in UTF-8");
        let write = |spec: &str| {
            let mut spec = spec.replace("NAME", &deployment.name);
            if image == REDIS_6 {
                spec = spec.replace("busy-reply-threshold", "lua-time-limit");
            }
            std::fs::write(path, spec).expect("the file");
        };
        let options = ["--image", image];
        write(FIRST);
        deployment.up(path, &options);
        assert_eq!(deployment.changes(path, &options), 0, "{image}: {}", deployment.plan(path, &options));
        let (mut first, mut second) = (deployment.connect(1), deployment.connect(2));
        for (directive, value) in [
            ("save", "900 1 300 10"),
            (
                "client-output-buffer-limit",
                "normal 0 0 0 slave 536870912 134217728 60 pubsub 67108864 16777216 30",
            ),
            ("lua-time-limit", "4000"),
            ("replica-read-only", "no"),
            ("maxmemory", "67108864"),
        ] {
            assert_eq!(setting(&mut first, directive), value, "{image} {directive}");
        }
        assert_eq!(setting(&mut second, "replica-priority"), "7", "{image}");
        let flushed: redis::RedisResult<()> = redis::cmd("FLUSHALL").query(&mut first);
        assert!(flushed.expect_err("no such command").to_string().contains("unknown command"), "{image}");

        let before = deployment.containers();
        write(THEN);
        let plan = deployment.plan(path, &options);
        assert!(plan.contains("client-output-buffer-limit"), "{image}: {plan}");
        deployment.up(path, &options);
        assert_eq!(deployment.changes(path, &options), 0, "{image}: {}", deployment.plan(path, &options));
        assert_eq!(deployment.containers(), before, "{image}: these directives change while servers run");
        for (directive, value) in [
            ("save", "600 5"),
            (
                "client-output-buffer-limit",
                "normal 0 0 0 slave 268435456 67108864 30 pubsub 33554432 8388608 60",
            ),
            ("lua-time-limit", "3000"),
            ("replica-read-only", "yes"),
            ("hash-max-ziplist-entries", "512"),
            ("maxmemory", "0"),
        ] {
            assert_eq!(setting(&mut first, directive), value, "{image} {directive}");
        }
        assert_eq!(setting(&mut second, "replica-priority"), "8", "{image}");
        deployment.verify();
    }
}

/// The same directives as in `FIRST`, in the servers' own syntax.
const FILE: &str = r#"
# Everything that a line can have.
save 900 1
save 300 10
client-output-buffer-limit replica 512mb 128mb 60
client-output-buffer-limit pubsub 64mb 16mb 30
rename-command FLUSHALL ""
LUA-time-limit 4000
slave-read-only "no"
proc-title-template '{title} \'x\''
notify-keyspace-events "\x4bEA"
include conf.d/*.conf
"#;

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn directives_of_a_file_are_in_force_and_a_changed_file_is_a_changed_setting() {
    for (test, image) in [("redis-6", REDIS_6), ("redis-8", REDIS_8)] {
        let deployment = Deployment::new(&format!("settings-file-{test}"));
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("conf.d")).expect("a folder");
        let write = |name: &str, text: &str| {
            let is_old = image == REDIS_6;
            let text = if is_old { text.replace("proc-title", "#proc-title") } else { text.to_owned() };
            std::fs::write(folder.path().join(name), text).expect("the file");
        };
        let own = format!("{}-2", deployment.name);
        write(
            "spec.yaml",
            &format!(
                "{{kind: replication, config_file: redis.conf, config: {{hz: 30}}, \
                 nodes: {{{own}: {{config_file: own.conf}}}}}}"
            ),
        );
        write("redis.conf", FILE);
        write("conf.d/memory.conf", "maxmemory 64MB\nhz 20\n");
        write("own.conf", "slave-priority 7\n");
        let path = folder.path().join("spec.yaml");
        let path = path.to_str().expect("a path in UTF-8");
        let options = ["--image", image];
        deployment.up(path, &options);
        assert_eq!(deployment.changes(path, &options), 0, "{image}: {}", deployment.plan(path, &options));
        let (mut first, mut second) = (deployment.connect(1), deployment.connect(2));
        let limits = "normal 0 0 0 slave 536870912 134217728 60 pubsub 67108864 16777216 30";
        for (directive, value) in [
            ("save", "900 1 300 10"),
            ("client-output-buffer-limit", limits),
            ("lua-time-limit", "4000"),
            ("replica-read-only", "no"),
            ("maxmemory", "67108864"),
            ("hz", "30"),
        ] {
            assert_eq!(setting(&mut first, directive), value, "{image} {directive}");
        }
        if image == REDIS_8 {
            assert_eq!(setting(&mut first, "proc-title-template"), "{title} 'x'");
        }
        assert_eq!(setting(&mut second, "replica-priority"), "7", "{image}");
        deployment.verify();

        // The pattern may match no file.
        std::fs::remove_dir_all(folder.path().join("conf.d")).expect("the folder goes");
        let plan = deployment.plan(path, &options);
        assert!(plan.contains("maxmemory"), "{image}: {plan}");
        deployment.up(path, &options);
        assert_eq!(setting(&mut first, "maxmemory"), "0", "{image}");
        assert_eq!(deployment.changes(path, &options), 0, "{image}");

        // Problems that only the server finds are shown at their places, before anything changes.
        for line in ["maxmemory 1tb-and-more", "no-such-directive 1", "no-such-directive \"\""] {
            write("own.conf", &format!("slave-priority 7\n{line}\n"));
            let run = deployment.run("up", path, &options);
            let (_, said) = texts(&run);
            assert_eq!(run.status.code(), Some(2), "{image}: {said}");
            assert!(said.contains("own.conf:2:1"), "{image}: {said}");
        }
    }
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_value_that_the_server_lowers_is_told_once_and_is_no_drift() {
    let deployment = Deployment::new("settings-lowered");
    let options = ["--set", "config.maxclients=2000000"];
    let (_, said) = texts(&deployment.run("up", "standalone", &options));
    assert!(said.contains("of `maxclients: 2000000`"), "{said}");
    assert_eq!(deployment.changes("standalone", &options), 0);
    let again = deployment.run("up", "standalone", &options);
    succeed(&again);
    assert!(!texts(&again).1.contains("maxclients"), "{}", texts(&again).1);
    deployment.verify();

    // A directive outside the spec returns to the default that the server has reported.
    let _: () =
        redis::cmd("CONFIG").arg("SET").arg("hz").arg(77).query(&mut deployment.connect(1)).expect("set");
    let plan = deployment.plan("standalone", &options);
    assert!(plan.contains("set hz 10  # hz is `77`, not `10`"), "{plan}");
    deployment.up("standalone", &options);
    assert_eq!(deployment.changes("standalone", &options), 0);

    // While it runs, it refuses values that it lowers at its start.
    deployment.up("standalone", &["--set", "config.maxclients=100"]);
    let before = deployment.containers();
    deployment.up("standalone", &options);
    assert_eq!(deployment.containers(), before);
    assert_eq!(deployment.changes("standalone", &options), 0);
}
