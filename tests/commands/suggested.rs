//! Every redisctl command in messages, sources and pages is a valid command line.

use std::path::{Path, PathBuf};

use clap::Parser as _;
use clap::error::ErrorKind;
use redisctl::cli::Cli;

/// The files below a folder with these endings.
pub(crate) fn files(folder: &Path, ends: &[&str], found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files(&path, ends, found);
        } else if ends.iter().any(|end| path.to_string_lossy().ends_with(end)) {
            found.push(path);
        }
    }
}

/// The commands in a text: between backticks, in `$(…)`, and at the beginning of indented lines.
fn commands(text: &str) -> Vec<String> {
    let quoted = text.split('`').skip(1).step_by(2);
    let substituted = text.split("$(").skip(1).filter_map(|rest| rest.split(')').next());
    let lines =
        text.lines().filter_map(|line| line.strip_prefix("    ")).filter(|line| !line.starts_with(' '));
    let all = quoted.chain(substituted).chain(lines.filter_map(|line| line.split('#').next()));
    // Some are outputs of `--version`, or messages that insert the command.
    let is_command = |command: &&str| {
        let rest = command.strip_prefix("redisctl ").unwrap_or_default();
        rest.starts_with(|first: char| first.is_ascii_lowercase() || first == '-') && !rest.contains('\n')
    };
    all.filter(is_command).map(str::to_owned).collect()
}

/// The words of a command up to the next command, with a name in each placeholder.
fn words(command: &str) -> Vec<String> {
    let ends = ["|", "\\|", "&&", ">", "<", ";"];
    let words = command.split_whitespace().take_while(|word| !ends.contains(word));
    words
        .map(|word| match word.split_once('{') {
            Some((before, _)) => format!("{before}shop"),
            None => word.replace(['"', '\''], ""),
        })
        .collect()
}

#[test]
fn every_command_that_is_named_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = vec![root.join("README.md"), root.join("CONTRIBUTING.md")];
    files(&root.join("src"), &[".rs", ".yaml"], &mut found);
    files(&root.join("docs"), &[".md"], &mut found);
    files(&root.join("examples"), &[".md"], &mut found);
    let mut count = 0;
    let mut wrong = Vec::new();
    for path in found {
        let text = std::fs::read_to_string(&path).expect("a text");
        for command in commands(&text) {
            count += 1;
            let Err(error) = Cli::try_parse_from(words(&command)) else { continue };
            // A command may be named without its arguments.
            let is_name =
                [ErrorKind::MissingRequiredArgument, ErrorKind::DisplayVersion, ErrorKind::DisplayHelp];
            if !is_name.contains(&error.kind()) {
                wrong.push(format!("{}: `{command}`: {error}", path.display()));
            }
        }
    }
    assert!(count > 50, "{count} commands were found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
