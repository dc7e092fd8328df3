//! `redisctl seed`: files of commands.

use std::fmt::Write as _;
use std::fs;
use std::time::{Duration, Instant};

use crate::support::{Deployment, fail_with, redisctl, succeed, texts};

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

    for words in [&["seed", &shop.name][..], &["seed", &shop.name, "absent.redis"]] {
        fail_with(&redisctl(words), 2);
    }
    let json = redisctl(&["seed", &shop.name, &resp, "--output", "json"]);
    let (stdout, events) = texts(&json);
    assert!(stdout.contains("\"commands\": 1"), "{stdout}");
    assert!(events.contains(r#""unit":"commands","done":1,"total":1}"#), "{events}");
}
