//! Logs of nodes.

use std::io::{BufRead as _, BufReader};

use crate::support::{Deployment, command, docker, eventually, redisctl, succeed};

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_followed_log_continues_after_a_restart() {
    let shop = Deployment::new("logs");
    shop.up("replica", &[]);
    let mut child = command(&["logs", &shop.name, "2", "-f"]).spawn().expect("redisctl starts");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let mut until = |text: &str| {
        let line = lines.find(|line| line.as_ref().expect("text").contains(text));
        assert!(line.is_some(), "the log ends without `{text}`");
    };
    until("Ready to accept connections");
    for _ in 0..2 {
        docker(&["restart", "--time", "0", &shop.node(2)]);
        until("Ready to accept connections");
    }
    child.kill().expect("a running process");
    child.wait().expect("its end");

    let logs = |options: &[&str]| succeed(&redisctl(&[&["logs", &shop.name], options].concat()));
    let all = logs(&[]);
    assert_eq!(all.matches("Ready to accept connections").count(), 4, "{all}");
    assert!(all.lines().all(|line| line.starts_with(&shop.name) && line.contains(" | ")), "{all}");
    assert_eq!(logs(&["--since", "1h"]), all);
    eventually("the last line is older", || logs(&["1", "--since", "1s"]).is_empty());
}
