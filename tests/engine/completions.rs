//! Completions of shells: the names of deployments and nodes on the real engine.

use std::path::Path;
use std::process::Command;

use crate::support::{Deployment, redisctl, succeed};

/// What fish offers for a line.
fn offered(line: &str) -> Vec<String> {
    let program = Path::new(env!("CARGO_BIN_EXE_redisctl"));
    let script = format!(
        "set PATH {} $PATH; redisctl completions fish | source; complete -C '{line}'",
        program.parent().expect("a folder").display()
    );
    let output = Command::new("fish").args(["--no-config", "-c", &script]).output().expect("fish starts");
    succeed(&output).lines().map(|line| line.split('\t').next().unwrap_or_default().to_owned()).collect()
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn shells_know_deployments_and_nodes() {
    let shop = Deployment::new("completions");
    shop.up("sentinel", &[]);
    let nodes: Vec<String> = (1..=6).map(|number| shop.node(number)).collect();

    let beginning = shop.name.trim_end_matches("ompletions");
    let names = |words: &[&str]| succeed(&redisctl(&[&["__complete", "--"], words].concat()));
    assert!(names(&["status", beginning]).lines().any(|name| name == shop.name));
    assert_eq!(names(&["kill", &shop.name, ""]).lines().collect::<Vec<_>>(), nodes);
    assert_eq!(names(&["kill", "no-such", ""]), "");

    assert!(offered(&format!("redisctl status {beginning}")).contains(&shop.name));
    assert_eq!(offered(&format!("redisctl logs --since 5m {} ", shop.name)), nodes);
    assert!(offered("redisctl sta").contains(&"status".to_owned()));
}
