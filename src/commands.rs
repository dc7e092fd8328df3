//! The verbs, one file each, and what they share. Each is: observe, plan, execute, verify, as far as
//! it needs them; colours and protocol details are elsewhere.

use crate::cli::{Cli, Command};
use crate::docker::Engine;
use crate::docker::connect::connect;
use crate::docker::location::{EngineLocation, ThisMachine};
use crate::ui::Ui;

mod bundle;
mod bundled;
mod ca;
mod certificates;
mod cli;
mod converge;
mod credentials;
mod deployment;
mod doctor;
mod down;
mod env;
mod error;
mod export;
mod gather;
mod init;
mod lock;
mod logs;
mod ls;
mod missing;
mod neighbours;
mod plan;
mod prepare;
mod specs;
mod status;
mod tls_files;
mod up;
mod validate;
mod verify;

pub use error::CommandError;
pub use up::Aftermath;

/// How a command ended that did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Done.
    Done,
    /// A check failed; the report says which.
    ChecksFailed,
    /// The engine cannot be reached; the report says why.
    EngineUnreachable,
    /// A server answered a command of the user's with an error.
    ErrorReply,
    /// `plan --detailed-exitcode` found something to change.
    ChangesFound,
}

impl Outcome {
    /// The process's exit code (DESIGN.md, section 3).
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::ChecksFailed | Self::ErrorReply => 1,
            Self::ChangesFound => 3,
            Self::EngineUnreachable => 4,
        }
    }
}

/// Runs a command.
///
/// # Errors
/// Where it failed; [`CommandError::exit_code`] says how.
pub async fn run(cli: &Cli, ui: &Ui) -> Result<Outcome, CommandError> {
    let host = cli.global.host.as_deref();
    match &cli.command {
        Command::Up(arguments) => up::run(arguments, host, ui).await,
        Command::Plan(arguments) => plan::run(arguments, host, ui).await,
        Command::Verify(arguments) => verify::run(arguments, host, ui).await,
        Command::Status(arguments) => status::run(arguments, host, ui).await,
        Command::Ls => ls::run(host, ui).await,
        Command::Env(arguments) => env::run(arguments, host, ui).await,
        Command::Ca(arguments) => ca::run(arguments, host, ui).await,
        Command::Logs(arguments) => logs::run(arguments, host, ui).await,
        Command::Cli(arguments) => cli::run(arguments, host, ui).await,
        Command::Down(arguments) => down::run(arguments, host, ui).await,
        Command::Topologies => bundled::list(ui),
        Command::Init(arguments) => init::run(arguments, ui),
        Command::Validate(arguments) => validate::run(arguments, ui),
        Command::Schema => validate::schema(ui),
        Command::Export(arguments) => export::run(arguments, ui),
        Command::Doctor => doctor::run(host, ui).await,
        Command::Completions { shell } => init::completions(*shell, ui),
    }
}

/// An engine that answers, and where it is.
struct Connected {
    engine: Engine,
    location: EngineLocation,
}

/// Finds the engine and connects to it.
async fn connected(host: Option<&str>) -> Result<Connected, CommandError> {
    let location = EngineLocation::find(host, &ThisMachine)?;
    let docker = connect(&location).await?;
    Ok(Connected { engine: Engine::new(docker), location })
}
