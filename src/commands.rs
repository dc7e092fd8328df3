//! The commands, a file for each. They parse arguments, call the library ([`crate::deployment`]) and print.

use crate::cli::{Cli, Command};
use crate::deployment::{Deployment, Error, NodeVerb};
use crate::ui::Ui;

mod ca;
mod cli;
mod doctor;
mod down;
mod env;
mod error;
mod exit_status;
mod export;
mod gc;
mod init;
mod logs;
mod ls;
mod node_change;
mod plan;
mod reset;
mod run;
mod schema;
mod seed;
mod spec_arguments;
mod status;
mod topologies;
mod up;
mod validate;
mod verify;

pub use error::CommandError;
pub use exit_status::ExitStatus;

/// Runs a command.
///
/// # Errors
/// The failure. [`CommandError::exit_code`] gives its exit code.
pub async fn run(cli: &Cli, ui: &Ui) -> Result<ExitStatus, CommandError> {
    let host = cli.global.host.as_deref();
    match &cli.command {
        Command::Up(arguments) => Box::pin(up::run(arguments, host, ui)).await,
        Command::Run(arguments) => Box::pin(run::run(arguments, host, ui)).await,
        Command::Plan(arguments) => Box::pin(plan::run(arguments, host, ui)).await,
        Command::Verify(arguments) => verify::run(arguments, host, ui).await,
        Command::Status(arguments) => status::run(arguments, host, ui).await,
        Command::Ls => ls::run(host, ui).await,
        Command::Env(arguments) => env::run(arguments, host, ui).await,
        Command::Ca(arguments) => ca::run(arguments, host, ui).await,
        Command::Logs(arguments) => logs::run(arguments, host, ui).await,
        Command::Cli(arguments) => cli::run(arguments, host, ui).await,
        Command::Start(arguments) => node_change::run(NodeVerb::Start, arguments, host, ui).await,
        Command::Stop(arguments) => node_change::run(NodeVerb::Stop, arguments, host, ui).await,
        Command::Restart(arguments) => node_change::run(NodeVerb::Restart, arguments, host, ui).await,
        Command::Kill(arguments) => node_change::run(NodeVerb::Kill, arguments, host, ui).await,
        Command::Pause(arguments) => node_change::run(NodeVerb::Pause, arguments, host, ui).await,
        Command::Unpause(arguments) => node_change::run(NodeVerb::Unpause, arguments, host, ui).await,
        Command::Seed(arguments) => seed::run(arguments, host, ui).await,
        Command::Reset(arguments) => reset::run(arguments, host, ui).await,
        Command::Down(arguments) => down::run(arguments, host, ui).await,
        Command::Gc => gc::run(host, ui).await,
        Command::Topologies => topologies::run(ui),
        Command::Init(arguments) => init::run(arguments, ui),
        Command::Validate(arguments) => validate::run(arguments, ui),
        Command::Schema(arguments) => schema::run(arguments, ui),
        Command::Export(arguments) => export::run(arguments, ui),
        Command::Doctor => doctor::run(host, ui).await,
        Command::Completions { shell } => init::completions(*shell, ui),
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
    matches!(command, Command::Run(_))
}

/// Warns if this process does not reach the deployment's endpoints.
fn warn_if_out_of_reach(deployment: &Deployment, ui: &Ui) {
    if let Some(warning) = deployment.out_of_reach() {
        ui.warning(&warning.to_string());
    }
}
