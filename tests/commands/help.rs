//! The help of the program and of each command.

use insta::assert_snapshot;

use super::support::Folder;

#[test]
fn help_of_the_program() {
    let ended = Folder::new().run(&["--help"]);
    assert_eq!(ended.code, 0);
    assert_snapshot!("help", ended.stdout);
}

#[test]
fn help_of_each_command() {
    for command in [
        "up",
        "plan",
        "verify",
        "status",
        "ls",
        "env",
        "logs",
        "down",
        "topologies",
        "init",
        "validate",
        "schema",
        "completions",
    ] {
        let ended = Folder::new().run(&[command, "-h"]);
        assert_eq!(ended.code, 0);
        assert_snapshot!(format!("help_{command}"), ended.stdout);
    }
}

#[test]
fn version() {
    assert_eq!(Folder::new().run(&["--version"]).stdout, format!("redisctl {}\n", env!("CARGO_PKG_VERSION")));
}
