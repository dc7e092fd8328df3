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

/// clap wraps a paragraph at the width of the terminal. A newline would break it at a second place.
#[test]
fn paragraphs_have_no_newline_and_examples_are_short() {
    for command in Cli::command().get_subcommands() {
        let text = command.get_after_long_help().map(ToString::to_string).unwrap_or_default();
        for part in text.split("\n\n") {
            if let Some(examples) = part.strip_prefix("Examples:\n") {
                assert!(examples.lines().all(|line| line.chars().count() <= 80), "{examples}");
            } else {
                assert!(!part.contains('\n'), "{}: {part}", command.get_name());
            }
        }
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
