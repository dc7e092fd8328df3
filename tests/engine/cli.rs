//! `redisctl cli`: logged in, sent on by clusters, and honest about errors.

use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::support::{Deployment, end, fail_with, redisctl, succeed};

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn one_command_goes_to_the_node_that_serves_its_keys() {
    let shop = Deployment::new("cli-cluster");
    shop.up("cluster", &[]);
    for key in ["a", "b", "c", "d", "e", "f"] {
        assert_eq!(succeed(&redisctl(&["cli", &shop.name, "6", "--", "SET", key, "x y"])), "OK\n");
        assert_eq!(succeed(&redisctl(&["cli", &shop.name, "--", "GET", key])), "x y\n");
    }
    let wrong = fail_with(&redisctl(&["cli", &shop.name, "--", "LPUSH", "a", "1"]), 1);
    assert!(wrong.starts_with("WRONGTYPE "), "{wrong}");
    succeed(&redisctl(&["cli", &shop.name, "--", "HSET", "{a}", "n", "1"]));
    let typed = redisctl(&["cli", &shop.name, "--output", "json", "--", "HGETALL", "{a}"]);
    assert_eq!(succeed(&typed), "{\"n\":\"1\"}\n");
    let unknown = fail_with(&redisctl(&["cli", &shop.name, "7", "--", "PING"]), 2);
    assert!(unknown.contains("has no node `7`"), "{unknown}");
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn every_user_is_logged_in_on_every_node() {
    let shop = Deployment::new("cli-secure");
    shop.up("secure", &[]);
    for node in ["1", "2"] {
        assert_eq!(succeed(&redisctl(&["cli", &shop.name, node, "--", "ACL", "WHOAMI"])), "default\n");
        let admin = redisctl(&["cli", &shop.name, node, "--user", "admin", "--", "ACL", "WHOAMI"]);
        assert_eq!(succeed(&admin), "admin\n");
    }
    let refused = redisctl(&["cli", &shop.name, "--user", "regular", "--", "SET", "k", "v"]);
    assert!(fail_with(&refused, 1).starts_with("NOPERM "));
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn lines_of_stdin_are_commands_of_one_conversation() {
    let shop = Deployment::new("cli-lines");
    shop.up("standalone", &[]);
    let mut child = Command::new(env!("CARGO_BIN_EXE_redisctl"))
        .args(["cli", &shop.name])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("redisctl starts");
    let lines = "SELECT 3\n\nMULTI\nSET \"a b\" 'c'\nGET \"a b\"\nEXEC\nquit\nGET never\n";
    child.stdin.take().expect("a pipe").write_all(lines.as_bytes()).expect("it reads");
    let output = end(child);
    assert_eq!(succeed(&output), "OK\nOK\nQUEUED\nQUEUED\nOK\nc\n");
}
