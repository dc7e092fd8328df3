//! `redisctl seed`, `snapshot` and `restore`, and `seed` in specs.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::{
    Deployment, VALKEY_8, command, docker, end, eventually, fail_with, redisctl, succeed, texts,
};

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn files_of_commands_are_routed_by_slot() {
    let shop = Deployment::new("seed-cluster");
    shop.up("cluster", &[]);
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, content: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, content).expect("written");
        path.to_str().expect("a path").to_owned()
    };
    let cli = |words: &[&str]| {
        succeed(&redisctl(&[&["cli", &shop.name, "--all", "--"], words].concat())).trim_end().to_owned()
    };

    let mut lines = String::from("# fixtures\n\nHSET \"user 1\" name 'Ann \"A\"'\n");
    for number in 0..10_000 {
        let _ = writeln!(lines, "INCR count:{number}");
    }
    lines.push_str("MULTI\nSET {t}a 1\nSET {t}b 2\nEXEC\nFUNCTION LOAD \"#!lua name=lib\\nredis.register_function('f', function() return 1 end)\"\n");
    let text = file("a.redis", lines.as_bytes());
    let resp = file("b.resp", b"*3\r\n$3\r\nSET\r\n$6\r\nbinary\r\n$3\r\n\n\r\x00\r\n");
    let began = Instant::now();
    let said = succeed(&redisctl(&["seed", &shop.name, &text, &resp]));
    assert!(said.contains("seeded: 10007 commands"), "{said}");
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    assert_eq!(cli(&["DBSIZE"]), "10004");
    assert_eq!(cli(&["HGET", "user 1", "name"]), "Ann \"A\"");
    assert_eq!(cli(&["STRLEN", "binary"]), "3");
    // Every primary has the function.
    for key in ["a", "b", "c"] {
        assert_eq!(cli(&["FCALL", "f", "1", key]), "1");
    }

    // A broken line is found before anything is sent, without an engine.
    let broken = file("broken.redis", b"SET new 1\nSET new 'hunter2\n");
    let said = fail_with(&redisctl(&["seed", &shop.name, &broken]), 2);
    assert!(said.contains("broken.redis:2: the quotes do not match") && !said.contains("hunter2"), "{said}");
    assert_eq!(cli(&["EXISTS", "new"]), "0");

    // A refused command ends the run. The error says how much was done.
    let refused = file("refused.redis", b"SET new 1\n# b\nLPUSH new hunter2\nSAT new hunter2\n");
    let said = fail_with(&redisctl(&["seed", &shop.name, &refused]), 1);
    assert!(said.contains("refused.redis:3: LPUSH failed: WRONGTYPE"), "{said}");
    assert!(said.contains("1 of 3 commands were executed") && !said.contains("hunter2"), "{said}");
    let unknown = file("unknown.redis", b"SAT new hunter2\n");
    let said = fail_with(&redisctl(&["seed", &shop.name, &unknown]), 1);
    assert!(said.contains("unknown.redis:1: SAT failed: ERR unknown command") && !said.contains("hunter2"));

    restored_elsewhere(&shop, folder.path());
    for words in [&["seed", &shop.name][..], &["seed", &shop.name, "absent.redis"]] {
        fail_with(&redisctl(words), 2);
    }
    let json = redisctl(&["seed", &shop.name, &resp, "--output", "json"]);
    let (stdout, events) = texts(&json);
    assert!(stdout.contains("\"commands\": 1"), "{stdout}");
    assert!(events.contains(r#""unit":"commands","done":1,"total":1}"#), "{events}");
}

/// The data of a cluster in another shape, on another server, with passwords and TLS, and back.
fn restored_elsewhere(cluster: &Deployment, folder: &Path) {
    let file = |name: &str| folder.join(name).to_str().expect("a path").to_owned();
    let key = |deployment: &Deployment, words: &[&str]| shop_cli(deployment, words);
    let command = |words: &[&str]| redisctl(words);
    key(cluster, &["SET", "timed", "v", "PXAT", "4000000000123"]);
    let (snapshot, back) = (file("shop.snapshot"), file("back.snapshot"));
    let said = succeed(&command(&["snapshot", &cluster.name, &snapshot]));
    assert!(said.contains("10006 keys"), "{said}");
    assert_eq!(
        fs::read_dir(folder)
            .expect("a folder")
            .filter(|entry| {
                entry.as_ref().is_ok_and(|entry| entry.file_name().to_string_lossy().ends_with(".part"))
            })
            .count(),
        0
    );

    let single = Deployment::new("seed-single");
    single.up("standalone", &["--image", VALKEY_8, "--set", "auth.password=p", "--set", "tls=true"]);
    let said = succeed(&command(&["restore", &single.name, &snapshot]));
    assert!(said.contains("10006 keys"), "{said}");
    assert_eq!(key(&single, &["PEXPIRETIME", "timed"]), "4000000000123");
    assert_eq!(key(&single, &["HGET", "user 1", "name"]), "Ann \"A\"");
    assert_eq!(
        (key(&single, &["FCALL", "f", "1", "a"]), key(&single, &["DBSIZE"])),
        ("1".into(), "10006".into())
    );

    let said = fail_with(&command(&["restore", &single.name, &snapshot]), 2);
    assert!(said.contains("has 10006 keys") && said.contains("--replace"), "{said}");
    key(&single, &["SET", "extra", "1"]);
    succeed(&command(&["restore", &single.name, &snapshot, "--replace"]));
    assert_eq!(key(&single, &["DBSIZE"]), "10006");

    // A restore that failed is completed without `--replace`.
    key(&single, &["CONFIG", "SET", "maxmemory", "1mb"]);
    let said = fail_with(&command(&["restore", &single.name, &snapshot, "--replace"]), 1);
    assert!(said.contains("0 keys are in") && said.contains("FUNCTION RESTORE failed: OOM"), "{said}");
    key(&single, &["CONFIG", "SET", "maxmemory", "0"]);
    succeed(&command(&["restore", &single.name, &snapshot]));
    assert_eq!(key(&single, &["DBSIZE"]), "10006");

    // An older server does not read it, and a damaged file is found before anything is changed.
    succeed(&command(&["snapshot", &single.name, &back]));
    let said = fail_with(&command(&["restore", &cluster.name, &back, "--replace"]), 2);
    assert!(said.contains("data format 11, which redis 7.0"), "{said}");
    data_files(cluster, &single, &file("node.rdb"), &file("single.rdb"));
    let whole = fs::read(&snapshot).expect("read");
    fs::write(&snapshot, &whole[..whole.len() / 2]).expect("written");
    let said = fail_with(&command(&["restore", &single.name, &snapshot, "--replace"]), 2);
    assert!(said.contains("it is cut off"), "{said}");
    assert_ne!(key(&single, &["DBSIZE"]), "0");

    // A shard that does not answer is found before the other shards are emptied.
    fs::write(&snapshot, &whole).expect("written");
    let first = || succeed(&command(&["cli", &cluster.name, "1", "--", "DBSIZE"]));
    let before = first();
    docker(&["kill", &cluster.node(2), &cluster.node(5)]);
    let said = fail_with(&command(&["restore", &cluster.name, &snapshot, "--replace"]), 1);
    assert!(said.contains("could not connect") && before != "0\n", "{said}");
    assert_eq!(first(), before);
}

/// The data file of a server, in another server and spread over a cluster. A newer file changes nothing.
fn data_files(cluster: &Deployment, single: &Deployment, of_node: &str, of_single: &str) {
    let save = |deployment: &Deployment, to: &str| {
        let node = deployment.node(1);
        assert_eq!(succeed(&redisctl(&["cli", &deployment.name, "1", "--", "SAVE"])), "OK\n");
        docker(&["cp", &format!("{node}:/redisctl/{node}/data/dump.rdb"), to]);
    };
    let count = |words: &[&str]| succeed(&redisctl(words)).trim_end().to_owned();
    save(cluster, of_node);
    save(single, of_single);
    let keys = count(&["cli", &cluster.name, "1", "--", "DBSIZE"]);
    for deployment in [cluster, single] {
        let name = deployment.name.as_str();
        count(&["cli", name, "--all", "--", "FLUSHALL"]);
        let said = succeed(&redisctl(&["seed", name, of_node]));
        assert!(said.contains(&format!("seeded: {keys} keys")), "{said}");
        assert_eq!(count(&["cli", name, "--all", "--", "DBSIZE"]), keys);
    }
    // Each file begins in database 0.
    let (selects, next) = (format!("{of_node}.redis"), format!("{of_single}.redis"));
    fs::write(&selects, "SELECT 3\nSET three 3\n").expect("written");
    fs::write(&next, "SET zero 0\n").expect("written");
    let said = succeed(&redisctl(&["seed", &single.name, &selects, &next]));
    assert!(said.contains("seeded: 3 commands"), "{said}");
    assert_eq!(count(&["cli", &single.name, "--", "GET", "zero"]), "0");
    let said = fail_with(&redisctl(&["seed", &cluster.name, of_single]), 2);
    assert!(said.contains("Can't handle RDB format version 11"), "{said}");
    assert_eq!(count(&["cli", &cluster.name, "--all", "--", "DBSIZE"]), keys);
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_spec_seeds_a_new_deployment_once() {
    let shop = Deployment::new("seed-spec");
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, content: &str| fs::write(folder.path().join(name), content).expect("written");
    write("a.redis", "INCR ups\n");
    write("b.redis", "SET b 1\n\nSET b 'hunter2\n");
    let spec = folder.path().join("shop.yaml");
    let spec = spec.to_str().expect("a path");
    write("shop.yaml", "kind: standalone\nauth: {password: p}\nseed: [a.redis, b.redis]\n");
    let count = || shop_cli(&shop, &["GET", "ups"]);

    // A broken line is a problem of the spec, before anything is made.
    for verb in ["validate", "plan", "up"] {
        let said = fail_with(&shop.run(verb, spec, &[]), 2);
        assert!(said.contains("b.redis:3: the quotes do not match"), "{said}");
        assert!(said.contains("shop.yaml:3:17") && !said.contains("hunter2"), "{said}");
    }
    assert!(shop.leftovers().is_empty());

    write("b.redis", "SET b 1\nBLPOP never 60\n");
    write("shop.yaml", "kind: standalone\nauth: {password: p}\nseed: [a.redis, b.redis]\n");
    let mut interrupted = shop.command("up", spec, &[]).spawn().expect("redisctl starts");
    eventually("the seed begins", || {
        let found = redisctl(&["cli", &shop.name, "--", "GET", "b"]);
        found.status.success() && texts(&found).0 == "1\n"
    });
    interrupted.kill().expect("killed");
    interrupted.wait().expect("it ends");
    let said = fail_with(&shop.run("up", spec, &[]), 1);
    assert!(said.contains("is seeded only in part") && said.contains("redisctl reset"), "{said}");

    let file = folder.path().join("b.redis");
    let seed = ["seed", &shop.name, file.to_str().expect("a path")];
    shop_cli(&shop, &["DEL", "b"]);
    let interrupted = command(&seed).stderr(Stdio::piped()).spawn().expect("redisctl starts");
    eventually("the file is being applied", || shop_cli(&shop, &["GET", "b"]) == "1");
    let process = i32::try_from(interrupted.id()).expect("a process number");
    kill(Pid::from_raw(process), Signal::SIGTERM).expect("it runs");
    let said = fail_with(&end(interrupted), 130);
    assert!(said.contains("executed commands stay executed"), "{said}");

    // Without keys, nothing of the interrupted run is there twice.
    write("b.redis", "SET b 1\n");
    shop_cli(&shop, &["FLUSHALL"]);
    let done = shop.run("up", spec, &[]);
    succeed(&done);
    assert!(texts(&done).1.contains("seeded: 2 commands"), "{}", texts(&done).1);
    assert_eq!(count(), "1");
    shop.up(spec, &[]);
    assert_eq!(count(), "1");

    write("a.redis", "INCR ups\nINCR ups\n");
    let changed = shop.run("up", spec, &[]);
    succeed(&changed);
    assert!(texts(&changed).1.contains("`seed` has changed"), "{}", texts(&changed).1);
    assert_eq!((count(), shop.changes(spec, &[])), ("1".to_owned(), 0));
    let reset = redisctl(&["reset", &shop.name]);
    succeed(&reset);
    assert!(texts(&reset).1.contains("seeded: 3 commands"), "{}", texts(&reset).1);
    assert_eq!(count(), "2");
}

fn shop_cli(shop: &Deployment, words: &[&str]) -> String {
    succeed(&redisctl(&[&["cli", &shop.name, "--"], words].concat())).trim_end().to_owned()
}
