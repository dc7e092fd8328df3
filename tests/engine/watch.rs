//! `status --watch` on a terminal and in a pipe.

use std::io::{BufRead as _, BufReader};

use crate::documents::check_text;
use crate::support::{Deployment, command, docker};

#[cfg(unix)]
mod terminal;

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_pipe_gets_changes_as_lines_or_samples_as_documents() {
    let shop = Deployment::new("watch");
    shop.up("replica", &[]);
    let watch = |more: &[&str]| {
        let options = ["status", &shop.name, "--watch", "--interval", "100ms"];
        let mut child = command(&[&options, more].concat()).spawn().expect("redisctl starts");
        let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        (child, lines.map(|line| line.expect("text")))
    };
    let (mut in_words, mut lines) = watch(&[]);
    let (mut in_json, mut documents) = watch(&["--output", "json"]);
    let heading = lines.next().expect("a line");
    assert!(heading.contains(" is ready: replication"), "{heading}");
    let mut document = || check_text("status-watch", &documents.next().expect("a document"));
    let first = document();
    assert_eq!(first["state"], "ready");
    assert_eq!(first["activity"][shop.node(1)]["operations_per_second"], serde_json::Value::Null);
    let second = document();
    assert!(second["activity"][shop.node(1)]["operations_per_second"].is_u64(), "{second:#}");

    docker(&["kill", &shop.node(2)]);
    let ended = format!("{} has ended", shop.node(2));
    assert!(lines.any(|line| line.ends_with(&ended)));
    while document()["state"] != "degraded" {}

    // The deployment goes. In a pipe, that is an error.
    crate::support::succeed(&crate::support::redisctl(&["down", &shop.name]));
    for child in [&mut in_words, &mut in_json] {
        assert_eq!(child.wait().expect("its end").code(), Some(1));
    }
}
