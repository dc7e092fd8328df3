//! An engine that cannot be found or does not answer: exit code 4, and what to do.

use insta::assert_snapshot;

use super::support::{Folder, NO_ENGINE};

#[test]
fn no_engine_there() {
    let folder = Folder::new();
    let up = folder.run(&["up", "--host", NO_ENGINE]);
    assert_eq!(up.code, 4);
    assert_snapshot!("no_socket", up.text());
    assert_snapshot!("no_socket_json", folder.run(&["ls", "--output", "json", "--host", NO_ENGINE]).text());
    for arguments in
        [&["plan"][..], &["verify"], &["status"], &["ls"], &["env"], &["logs"], &["down", "shop"]]
    {
        let other = folder.run_with(&[("DOCKER_HOST", NO_ENGINE)], arguments);
        assert_eq!((other.code, other.stdout.as_str()), (4, ""), "{arguments:?}: {}", other.stderr);
        assert!(other.stderr.contains("\nhint: "), "{}", other.stderr);
    }
}

#[test]
fn nobody_listens() {
    // Port 1 of this machine: nothing is there.
    assert_snapshot!("nobody_listens", Folder::new().run(&["ls", "--host", "tcp://127.0.0.1:1"]).text());
}

#[test]
fn engines_that_cannot_be_found() {
    let folder = Folder::new();
    assert_snapshot!("no_context", folder.run_with(&[("DOCKER_CONTEXT", "nosuch")], &["ls"]).text());
    assert_snapshot!("no_scheme", folder.run(&["ls", "--host", "gopher://x"]).text());
}
