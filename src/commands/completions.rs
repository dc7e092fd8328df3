//! `redisctl completions`: scripts for shells. The scripts of bash, zsh and fish ask redisctl for the names of
//! deployments and nodes.

use std::path::Path;
use std::time::Duration;

use clap::{Command, CommandFactory as _};
use clap_complete::Shell;

use super::{CommandError, ExitStatus};
use crate::cli::{Cli, CompleteArguments, Completion, Wanted, completion};
use crate::deployment::{ConnectedEngine, Error, SHIPPED};
use crate::ui::Ui;

/// The time after which a shell gets no names. Nobody waits longer for a completion.
const PATIENCE: Duration = Duration::from_secs(1);

/// The part of the scripts that asks for names, by shell.
const BASH: &str = include_str!("completions/names.bash");
const ZSH: &str = include_str!("completions/names.zsh");
const FISH: &str = include_str!("completions/names.fish");

/// The end of clap's script for zsh, which our part replaces.
const END_FOR_ZSH: &str = "if [ \"$funcstack[1]\" = \"_redisctl\" ]; then";

pub(super) fn script(shell: Shell, ui: &Ui) -> Result<ExitStatus, CommandError> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut visible(&Cli::command()), "redisctl", &mut script);
    let mut script = String::from_utf8_lossy(&script).into_owned();
    match shell {
        Shell::Bash => script.push_str(BASH),
        Shell::Fish => script.push_str(FISH),
        Shell::Zsh => {
            let end = script.rfind(END_FOR_ZSH).unwrap_or(script.len());
            script.truncate(end);
            script.push_str(ZSH);
        }
        _ => {}
    }
    ui.print(&script)?;
    Ok(ExitStatus::Done)
}

/// The program without its hidden commands, for scripts and pages.
pub(super) fn visible(program: &Command) -> Command {
    let commands: Vec<Command> =
        program.get_subcommands().filter(|command| !command.is_hide_set()).cloned().collect();
    let mut visible = Command::new("redisctl").disable_help_subcommand(true);
    if let Some(about) = program.get_about() {
        visible = visible.about(about.clone());
    }
    visible
        .version(env!("CARGO_PKG_VERSION"))
        .args(program.get_arguments().cloned().collect::<Vec<_>>())
        .subcommands(commands)
}

/// Prints the names that the incomplete word may be, a line each. A shell shows no errors, so there are none.
pub(super) async fn names(
    arguments: &CompleteArguments,
    host: Option<&str>,
    ui: &Ui,
) -> Result<ExitStatus, CommandError> {
    let Some(words) = arguments.words() else { return Ok(ExitStatus::Done) };
    let Some(Completion { wanted, host: other }) = completion(Cli::command(), &words) else {
        return Ok(ExitStatus::Done);
    };
    let found = tokio::time::timeout(PATIENCE, names_of(wanted, other.as_deref().or(host))).await;
    let beginning = words.last().map_or("", String::as_str);
    let mut text = String::new();
    for name in found.unwrap_or(Ok(Vec::new())).unwrap_or_default() {
        if name.starts_with(beginning) {
            text.push_str(&name);
            text.push('\n');
        }
    }
    ui.print(&text)?;
    Ok(ExitStatus::Done)
}

async fn names_of(wanted: Wanted, host: Option<&str>) -> Result<Vec<String>, Error> {
    Ok(match wanted {
        Wanted::Topologies => {
            let shipped = SHIPPED.iter().map(|topology| topology.name.to_owned());
            shipped.chain(spec_files()).collect()
        }
        Wanted::Deployments => {
            let names = ConnectedEngine::connect(host).await?.deployment_names().await?;
            names.iter().map(ToString::to_string).collect()
        }
        Wanted::Nodes(deployment) => {
            let names = ConnectedEngine::connect(host).await?.node_names(&deployment).await?;
            names.iter().map(ToString::to_string).collect()
        }
    })
}

/// The YAML files of this folder. Once a word has a folder, no name fits it, and the shell completes files.
fn spec_files() -> Vec<String> {
    let entries = std::fs::read_dir(".").into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let is_spec = |name: &String| {
        let extension = Path::new(name).extension();
        extension.is_some_and(|extension| extension == "yaml" || extension == "yml")
    };
    let mut names: Vec<String> = names.filter(is_spec).collect();
    names.sort_unstable();
    names
}
