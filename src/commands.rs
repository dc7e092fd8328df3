//! The commands, a file for each. They parse arguments, call the library ([`crate::deployment`]) and print.

use crate::cli::{Cli, Command, SilencingArguments as Silenced};
use crate::deployment::{Deployment, Error, NodeVerb};
use crate::ui::Ui;

mod ca;
mod cli;
mod completions;
mod doctor;
mod down;
mod env;
mod error;
mod exit_status;
mod export;
mod failover;
mod gc;
mod init;
mod interruption;
mod junit_file;
mod logs;
mod ls;
mod man;
mod node_change;
mod plan;
mod reset;
mod restore;
mod run;
mod schema;
mod seed;
mod snapshot;
mod spec_arguments;
mod status;
mod topologies;
mod up;
mod validate;
mod verify;
mod watch;

pub use error::CommandError;
pub use exit_status::ExitStatus;
pub use interruption::{Interruption, interrupted};

/// Runs a command.
///
/// # Errors
/// The failure. [`CommandError::exit_code`] gives its exit code.
pub async fn run(cli: &Cli, ui: &Ui, interruption: &Interruption) -> Result<ExitStatus, CommandError> {
    let hosts = cli.global.host.as_slice();
    let host = if matches!(cli.command, Command::Ls(_)) { None } else { only(hosts)? };
    let change_nodes =
        |verb, nodes, time| Box::pin(node_change::run(verb, nodes, time, interruption, host, ui));
    match &cli.command {
        Command::Up(arguments) => Box::pin(up::run(arguments, host, ui)).await,
        Command::Run(arguments) => Box::pin(run::run(arguments, host, ui)).await,
        Command::Plan(arguments) => Box::pin(plan::run(arguments, host, ui)).await,
        Command::Verify(arguments) => verify::run(arguments, host, ui).await,
        Command::Status(arguments) => status::run(arguments, host, ui).await,
        Command::Ls(arguments) => ls::run(hosts, arguments, ui).await,
        Command::Env(arguments) => env::run(arguments, host, ui).await,
        Command::Ca(arguments) => ca::run(arguments, host, ui).await,
        Command::Logs(arguments) => logs::run(arguments, host, ui).await,
        Command::Cli(arguments) => cli::run(arguments, host, ui).await,
        Command::Start(nodes) => change_nodes(NodeVerb::Start, nodes, None).await,
        Command::Stop(Silenced { nodes, time }) => change_nodes(NodeVerb::Stop, nodes, *time).await,
        Command::Restart(nodes) => change_nodes(NodeVerb::Restart, nodes, None).await,
        Command::Kill(Silenced { nodes, time }) => change_nodes(NodeVerb::Kill, nodes, *time).await,
        Command::Pause(Silenced { nodes, time }) => change_nodes(NodeVerb::Pause, nodes, *time).await,
        Command::Unpause(nodes) => change_nodes(NodeVerb::Unpause, nodes, None).await,
        Command::Failover(arguments) => failover::run(arguments, host, ui).await,
        Command::Seed(arguments) => seed::run(arguments, host, ui).await,
        Command::Reset(arguments) => reset::run(arguments, host, ui).await,
        Command::Snapshot(arguments) => snapshot::run(arguments, host, ui).await,
        Command::Restore(arguments) => restore::run(arguments, host, ui).await,
        Command::Down(arguments) => down::run(arguments, host, ui).await,
        Command::Gc => gc::run(host, ui).await,
        Command::Topologies => topologies::run(ui),
        Command::Init(arguments) => init::run(arguments, ui).await,
        Command::Validate(arguments) => validate::run(arguments, ui),
        Command::Schema(arguments) => schema::run(arguments, ui),
        Command::Export(format) => export::run(format, host, ui).await,
        Command::Doctor => doctor::run(host, ui).await,
        Command::Completions { shell } => completions::script(*shell, ui),
        Command::Man(arguments) => man::run(arguments, ui),
        Command::Complete(arguments) => completions::names(arguments, host, ui).await,
    }
}

/// The engine of `--host`. Only `ls` asks several engines.
fn only(hosts: &[String]) -> Result<Option<&str>, CommandError> {
    match hosts {
        [] => Ok(None),
        [host] => Ok(Some(host)),
        [_, _, ..] => Err(CommandError::Deployment(Error::Invalid {
            message: "`--host` names several engines, and only `ls` asks several".to_owned(),
            hint: "name one engine: redisctl finds the other engines of a deployment by itself".to_owned(),
        })),
    }
}

/// Prints an error to stderr.
pub fn show_error(error: &CommandError, ui: &Ui) {
    match error {
        CommandError::Deployment(Error::Spec(problems)) => ui.spec_error(problems),
        error => ui.error(&error.failure()),
    }
}

/// Whether a command handles the signals that end all other commands.
#[must_use]
pub fn handles_signals(command: &Command) -> bool {
    matches!(command, Command::Run(_)) || matches!(command, Command::Status(status) if status.watch)
}

/// The next thing to do after an interruption; `None`: the command changes nothing, or undoes its changes.
#[must_use]
pub fn hint_after_interruption(command: &Command) -> Option<&'static str> {
    match command {
        Command::Up(_) | Command::Down(_) => Some(
            "what was done stays: run the same command again to complete it, or `redisctl down` to remove it",
        ),
        Command::Reset(_) | Command::Restore(_) => {
            Some("what was done stays: run the same command again to complete it")
        }
        Command::Seed(_) => Some(
            "executed commands stay executed: before the files are applied again, `redisctl reset` empties the deployment",
        ),
        _ => None,
    }
}

/// Warns if this process does not reach the deployment's endpoints.
fn warn_if_out_of_reach(deployment: &Deployment, ui: &Ui) {
    if let Some(warning) = deployment.out_of_reach() {
        ui.warning(&warning.to_string());
    }
}
