//! An engine that cannot be found or does not answer: exit code 4, and what to do.

use insta::assert_snapshot;

use super::support::{Ended, Folder, NO_ENGINE};

/// What is told, on every system, of an engine that cannot be reached.
fn assert_told(ended: &Ended, address: &str) {
    assert_eq!((ended.code, ended.stdout.as_str()), (4, ""), "{}", ended.stderr);
    for part in [&format!("error: cannot reach the engine at `{address}`"), "\ncaused by: ", "\nhint: "] {
        assert!(ended.stderr.contains(part), "{part:?} is not in {}", ended.stderr);
    }
}

#[test]
fn no_engine_there() {
    let folder = Folder::new();
    assert_told(&folder.run(&["up", "--host", NO_ENGINE]), NO_ENGINE);
    for arguments in
        [&["plan"][..], &["verify"], &["status"], &["ls"], &["env"], &["logs"], &["down", "shop"]]
    {
        assert_told(&folder.run_with(&[("DOCKER_HOST", NO_ENGINE)], arguments), NO_ENGINE);
    }
}

/// Port 1 of this machine: nothing is there.
const NOBODY: &str = "tcp://127.0.0.1:1";

#[test]
fn nobody_listens() {
    assert_told(&Folder::new().run(&["ls", "--host", NOBODY]), NOBODY);
}

/// The system's own words and its way to start an engine are in these.
#[cfg(target_os = "linux")]
#[test]
fn word_for_word() {
    let folder = Folder::new();
    assert_snapshot!("no_socket", folder.run(&["up", "--host", NO_ENGINE]).text());
    assert_snapshot!("no_socket_json", folder.run(&["ls", "--output", "json", "--host", NO_ENGINE]).text());
    assert_snapshot!("nobody_listens", folder.run(&["ls", "--host", NOBODY]).text());
}

#[test]
fn engines_that_cannot_be_found() {
    let folder = Folder::new();
    assert_snapshot!("no_context", folder.run_with(&[("DOCKER_CONTEXT", "nosuch")], &["ls"]).text());
    assert_snapshot!("no_scheme", folder.run(&["ls", "--host", "gopher://x"]).text());
}
