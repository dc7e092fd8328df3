//! `redisctl cli`: logins, redirections of clusters, and errors.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use crate::support::{
    Deployment, VALKEY_9, command, docker, end, eventually, fail_with, redisctl, succeed, texts,
};

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
    let lines = "SELECT 3\n\nMULTI\nSET \"a b\" 'c'\nGET \"a b\"\nEXEC\nquit\nGET never\n";
    assert_eq!(succeed(&feed(&["cli", &shop.name], lines)), "OK\nOK\nQUEUED\nQUEUED\nOK\nc\n");
}

/// Runs redisctl with these lines as its input.
fn feed(arguments: &[&str], lines: &str) -> Output {
    let mut child = command(arguments).stdin(Stdio::piped()).spawn().expect("redisctl starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    let lines = lines.to_owned();
    // The replies fill a pipe before all lines are written.
    let writer = std::thread::spawn(move || stdin.write_all(lines.as_bytes()));
    let output = end(child);
    writer.join().expect("the writer ends").expect("redisctl reads");
    output
}

/// The lines of a text, joined by `;`.
fn joined(text: &str) -> String {
    text.lines().collect::<Vec<_>>().join(";")
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_file_of_commands_is_sent_to_every_shard_at_once() {
    let shop = Deployment::new("cli-file");
    shop.up("cluster", &[]);
    let mut lines = String::from("# a comment\n");
    for number in 0..20_000 {
        let _ = writeln!(lines, "SET key:{number} {number}\nINCR key:{number}");
    }
    let began = Instant::now();
    let replies = succeed(&feed(&["cli", &shop.name], &lines));
    let expected: String = (1..=20_000).fold(String::new(), |text, number| text + &format!("OK\n{number}\n"));
    assert!(replies == expected, "replies are not those of the lines: {}", joined(&replies[..200]));
    // One line after another would take a minute.
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());

    let cli = ["cli", &shop.name];
    let failed = feed(&cli, "SET a 1\n\n  # b\nLPUSH a 1\nGET \"\nGET a\n");
    let said = fail_with(&failed, 1);
    assert!(
        said.contains("line 4: WRONGTYPE ") && said.contains("the quotes of line 5 do not match"),
        "{said}"
    );
    assert_eq!(texts(&failed).0, "OK\n1\n");
    let json = feed(&["cli", &shop.name, "--output", "json"], "SET a \"\\xff\"\nGET a\nLPUSH a 1\n");
    let json = texts(&json).0;
    assert!(json.contains(r#"{"base64":"/w=="}"#) && json.contains(r#","line":3}"#), "{json}");

    // One of three primaries is asked, unless `--all` is given.
    let some = redisctl(&["cli", &shop.name, "--", "DBSIZE"]);
    assert!(texts(&some).1.contains("`--all` asks all of them"), "{}", texts(&some).1);
    assert_ne!(succeed(&some), "20001\n");
    let all = |word: &str| succeed(&redisctl(&["cli", &shop.name, "--all", "--", word]));
    assert_eq!(all("DBSIZE"), "20001\n");
    assert_eq!(all("FLUSHALL"), "OK\n");
    assert_eq!(all("DBSIZE"), "0\n");
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn the_state_of_a_session_goes_along_to_every_node() {
    let shop = Deployment::new("cli-state");
    let more = ["--image", VALKEY_9, "--set", "config.cluster-databases=16"];
    let users =
        r#"auth={"password": "p", "users": [{"name": "app", "password": "pw", "rules": ["~*", "+@all"]}]}"#;
    shop.up("cluster", &[&more[..], &["--set", users]].concat());
    let cli = |lines: &str| {
        let output = feed(&["cli", &shop.name], lines);
        let (stdout, stderr) = texts(&output);
        (joined(&stdout), stderr)
    };
    // The keys belong to three shards.
    let set = "AUTH app pw\nCLIENT SETNAME me\nSELECT 3\nSET a 1\nSET b 2\nSET c 3\n";
    assert_eq!(cli(set).0, "OK;OK;OK;OK;OK;OK");
    let get = "GET a\nSELECT 3\nGET a\nGET b\nGET c\nSELECT 0\nGET c\n";
    assert_eq!(cli(get).0, ";OK;1;2;3;OK;");
    let who = "AUTH app pw\nCLIENT SETNAME me\nGET a\nACL WHOAMI\nCLIENT GETNAME\nGET b\nACL WHOAMI\nCLIENT GETNAME\n";
    assert_eq!(cli(who).0, "OK;OK;;app;me;;app;me");
    // A transaction is sent to the node of its first key, and to no other node.
    assert_eq!(cli("MULTI\nSET b 1\nEXEC\nMULTI\nSET a 1\nEXEC\nGET a\n").0, "OK;QUEUED;OK;OK;QUEUED;OK;1");
    let (replies, said) = cli("MULTI\nSET a 5\nSET b 5\nEXEC\nGET a\n");
    assert_eq!(replies, "OK;QUEUED;1");
    assert!(said.contains("a transaction has keys of one node only"), "{said}");
    // Commands without keys before it go along, in every shard.
    for key in ["a", "b", "c"] {
        let (replies, said) =
            cli(&format!("MULTI\nSELECT 3\nPING\nSET {key} 7\nEXEC\nGET {key}\nSELECT 0\nGET {key}\n"));
        assert!(replies.starts_with("OK;QUEUED;QUEUED;QUEUED;OK;PONG;OK;7;OK;"), "{replies}: {said}");
        assert_ne!(replies.rsplit(';').next(), Some("7"), "the transaction chose database 3");
    }
    // A server does not execute a transaction with a refused command, wherever the command's keys are.
    for key in ["a", "b", "c"] {
        let (replies, said) = cli(&format!("MULTI\nNOSUCH\nSET {key} 8\nEXEC\nGET {key}\n"));
        assert!(!replies.ends_with('8') && said.contains("EXECABORT"), "{replies}: {said}");
    }
    let (_, said) = cli("MULTI\nPING\nSET a 9\nSET b 9\nEXEC\n");
    assert!(said.contains("a transaction has keys of one node only") && said.contains("EXECABORT"), "{said}");
    // A read of another node's key does not lose the watched key.
    assert_eq!(cli("WATCH a\nGET b\nMULTI\nSET a 6\nEXEC\nGET a\n").0, "OK;1;OK;QUEUED;OK;6");
    let (_, said) = cli("WATCH a\nWATCH b\n");
    assert!(said.contains("WATCH and its transaction have keys of one node only"), "{said}");
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_subscription_ends_when_no_process_reads_it() {
    let shop = Deployment::new("cli-unread");
    shop.up("standalone", &[]);
    for arguments in [&["cli", &shop.name, "--", "SUBSCRIBE", "news"][..], &["logs", &shop.name, "--follow"]]
    {
        let mut child = command(arguments).spawn().expect("redisctl starts");
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        stdout.read_line(&mut line).expect("a line");
        drop(stdout);
        eventually("redisctl ends", || child.try_wait().expect("its state").is_some());
    }
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_paused_server_is_told_after_a_few_seconds() {
    let shop = Deployment::new("cli-paused");
    shop.up("standalone", &[]);
    docker(&["pause", &shop.node(1)]);
    for (word, told) in [
        ("PING", "accepts connections, and does not answer within 5 s"),
        ("MONITOR", "does not answer within 5 s"),
        ("SUBSCRIBE", "could not connect"),
    ] {
        let said = fail_with(&redisctl(&["cli", &shop.name, "--", word, "news"]), 1);
        assert!(said.contains(told) && said.contains("hint: `redisctl status`"), "{said}");
    }
    docker(&["unpause", &shop.node(1)]);
    // A command may block for longer.
    assert_eq!(succeed(&redisctl(&["cli", &shop.name, "--", "BLPOP", "nothing", "6"])), "\n");
}
