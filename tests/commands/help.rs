//! The help of the program and of each command.

use clap::{Command, CommandFactory as _};
use insta::assert_snapshot;
use redisctl::cli::Cli;

use super::support::Folder;

#[test]
fn help_of_the_program() {
    let ended = Folder::new().run(&["--help"]);
    assert_eq!(ended.code, 0);
    assert_snapshot!("help", ended.stdout);
}

#[test]
fn help_of_each_command() {
    let program = Cli::command();
    let commands: Vec<&str> =
        program.get_subcommands().filter(|command| !command.is_hide_set()).map(Command::get_name).collect();
    assert!(commands.contains(&"up"), "{commands:?}");
    for command in commands {
        let ended = Folder::new().run(&[command, "-h"]);
        assert_eq!(ended.code, 0);
        assert_snapshot!(format!("help_{command}"), ended.stdout);
    }
}

/// Another tool has the same name, so the output names this tool's purpose.
#[test]
fn version() {
    let number = format!("redisctl {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(Folder::new().run(&["-V"]).stdout, number);
    let ended = Folder::new().run(&["--version"]);
    assert_eq!(ended.stdout, format!("{number}{}\n", env!("CARGO_PKG_DESCRIPTION")));
}
