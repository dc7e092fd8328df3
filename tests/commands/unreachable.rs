//! An engine that cannot be found or does not answer: exit code 4, and a hint.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::thread;

use insta::assert_snapshot;

use super::support::{Ended, Folder, NO_ENGINE};

/// Asserts the error for an unreachable engine, on every system.
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

/// Port 1 of this machine: no process listens there.
const NOBODY: &str = "tcp://127.0.0.1:1";

#[test]
fn nobody_listens() {
    assert_told(&Folder::new().run(&["ls", "--host", NOBODY]), NOBODY);
}

#[test]
fn an_engine_that_is_too_old() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("tcp://{}", listener.local_addr().expect("an address"));
    let engine = thread::spawn(move || {
        let (mut connection, _) = listener.accept().expect("a client");
        let length = connection.read(&mut [0; 4096]).expect("a request");
        assert!(length > 0, "the client went away");
        let version = r#"{"Version":"19.03.15","ApiVersion":"1.40","Os":"linux"}"#;
        write!(connection, "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{version}", version.len())
            .expect("an answer");
    });
    let ended = Folder::new().run(&["up", "--host", &address]);
    engine.join().expect("the engine was asked");
    assert_eq!((ended.code, ended.stdout.as_str()), (4, ""), "{}", ended.stderr);
    for part in [&address, "version 1.40 of the API", "Docker 20.10 or later", "\nhint: update the engine"] {
        assert!(ended.stderr.contains(part), "{part:?} is not in {}", ended.stderr);
    }
}

/// These errors contain messages of the operating system, and its way to start an engine.
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
