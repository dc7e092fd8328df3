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

/// Another tool has the same name: what this one is for tells them apart.
#[test]
fn version() {
    let number = format!("redisctl {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(Folder::new().run(&["-V"]).stdout, number);
    let ended = Folder::new().run(&["--version"]);
    assert_eq!(ended.stdout, format!("{number}{}\n", env!("CARGO_PKG_DESCRIPTION")));
}
