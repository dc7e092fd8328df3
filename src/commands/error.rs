//! Why a command failed, its exit code, and what to do next.

use std::path::PathBuf;
use std::time::Duration;

use super::Aftermath;
use crate::certificates::issue::IssueError;
use crate::docker::EngineError;
use crate::docker::connect::ConnectError;
use crate::docker::host_image::HostImageError;
use crate::docker::location::LocationError;
use crate::executor::{ExecuteError, causes};
use crate::plan::Obstacle;
use crate::redis::ServerError;
use crate::spec::SpecError;
use crate::spec::env_file::EnvFileError;
use crate::ui::Failure;

/// A command that failed.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The spec has problems; the error draws them itself.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// The command line asks for something that makes no sense.
    #[error("{message}")]
    Usage {
        /// What makes no sense.
        message: String,
        /// What does.
        hint: String,
    },
    /// A file that the user named cannot be read or written.
    #[error("could not {operation} `{}`", path.display())]
    File {
        /// `read` or `write`.
        operation: &'static str,
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The file of `--env-file` is malformed.
    #[error("could not understand the variables in `{}`", path.display())]
    EnvFile {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: EnvFileError,
    },
    /// It is not clear where the engine is.
    #[error(transparent)]
    Location(#[from] LocationError),
    /// The engine does not answer.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// No image could be made from this machine's server.
    #[error(transparent)]
    HostImage(#[from] HostImageError),
    /// The engine refused something.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// A server does not answer.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// A certificate could not be made.
    #[error(transparent)]
    Issue(#[from] IssueError),
    /// There is no such deployment.
    #[error("there is no deployment `{name}` on this engine")]
    NoSuchDeployment {
        /// What it was called.
        name: String,
        /// One that there is and that may have been meant.
        near: Option<String>,
    },
    /// What the deployment is cannot be read from it.
    #[error("what the deployment `{0}` is cannot be read: none of its containers has its files")]
    Unreadable(String),
    /// Another redisctl changes the deployment.
    #[error("{holder} is still at work on `{deployment}` after {} s", waited.as_secs())]
    InUse {
        /// The deployment.
        deployment: String,
        /// Who changes it, as far as known.
        holder: String,
        /// The process that does, where it is known.
        process: Option<u32>,
        /// How long it was waited for.
        waited: Duration,
    },
    /// Another redisctl, which cannot be seen from here but on the servers, is at work on the deployment.
    #[error("another redisctl, of another user or machine, is at work on `{0}`")]
    NotFirst(String),
    /// A plan is in the way of something that needs the user's say.
    #[error("`{deployment}` cannot be brought to its spec as it is{}", list(obstacles))]
    Obstacles {
        /// The deployment.
        deployment: String,
        /// What is in the way.
        obstacles: Vec<Obstacle>,
    },
    /// A port was free when it was looked at, and taken when it was needed.
    #[error("`{node}` cannot have port {port}: {holder} took it meanwhile")]
    PortTaken {
        /// The node.
        node: String,
        /// The port.
        port: u16,
        /// Who has it now.
        holder: String,
        /// The step that failed for it.
        source: Box<ExecuteError>,
    },
    /// `up` failed after it may have made something.
    #[error("{source}")]
    HalfWay {
        /// What failed.
        source: Box<CommandError>,
        /// What there is of the deployment now.
        aftermath: Box<Aftermath>,
    },
    /// A step failed.
    #[error(transparent)]
    Execute(Box<ExecuteError>),
    /// After several rounds there was still something to do.
    #[error("`{0}` did not settle: after {1} rounds there is still something to do")]
    Unsettled(String, usize),
    /// Something could not be printed.
    #[error("could not write the output")]
    Output(#[from] std::io::Error),
}

fn list(obstacles: &[Obstacle]) -> String {
    let lines: Vec<String> = obstacles.iter().map(|obstacle| format!("\n  {obstacle}")).collect();
    lines.concat()
}

impl CommandError {
    /// The process's exit code (DESIGN.md, section 3).
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Spec(_) | Self::Usage { .. } | Self::File { .. } | Self::EnvFile { .. } => 2,
            Self::Location(_) | Self::Connect(_) => 4,
            Self::HalfWay { source, .. } => source.exit_code(),
            error if matches!(error.engine_error(), Some(EngineError::NoAnswer { .. })) => 4,
            _ => 1,
        }
    }

    /// The engine's error that it comes down to, where there is one.
    pub(super) fn engine_error(&self) -> Option<&EngineError> {
        match self {
            Self::Engine(error) => Some(error),
            Self::Execute(error) => match error.as_ref() {
                ExecuteError::Call { source, .. } => source.downcast_ref(),
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether a deployment may be left half-made.
    pub(super) fn may_leave_something(&self) -> bool {
        matches!(self, Self::Execute(_) | Self::PortTaken { .. } | Self::Engine(_) | Self::Unsettled(..))
    }

    /// What a person wants to see beside the causes: the last log lines of the node that failed, and
    /// what there is of the deployment now.
    #[must_use]
    pub fn details(&self) -> Option<String> {
        match self {
            Self::HalfWay { source, aftermath } => {
                let details = source.details().into_iter().chain([aftermath.to_string()]);
                Some(details.collect::<Vec<_>>().join("\n\n"))
            }
            Self::Execute(error) => Some(error.log()).filter(|log| !log.is_empty()),
            _ => None,
        }
    }

    /// All of it, ready to be printed. A spec's problems are drawn where they are written, which
    /// [`SpecError`] does itself.
    #[must_use]
    pub fn failure(&self) -> Failure {
        Failure {
            message: self.to_string(),
            causes: causes(self),
            details: self.details(),
            hint: self.hint(),
        }
    }

    /// What to do next.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Usage { hint, .. } => Some(hint.clone()),
            Self::Location(error) => Some(error.hint().to_owned()),
            Self::Connect(error) => Some(error.hint()),
            Self::HostImage(error) => error.hint().map(str::to_owned),
            Self::Engine(error) => error.hint().map(str::to_owned),
            Self::Server(error) => Some(error.hint().to_owned()),
            Self::NoSuchDeployment { name, near } => Some(no_such_deployment_hint(name, near.as_deref())),
            Self::Unreadable(name) => Some(format!("`redisctl down {name}` removes what is left of it")),
            Self::InUse { process, .. } => Some(in_use_hint(*process)),
            Self::NotFirst(_) => Some(in_use_hint(None)),
            Self::Obstacles { deployment, obstacles } => Some(obstacles_hint(deployment, obstacles)),
            Self::Unsettled(name, _) => {
                Some(format!("`redisctl status {name}` shows how it is"))
            }
            Self::PortTaken { .. } => Some(
                "free the port, or remove the deployment and choose others with `--port-base` (`auto` finds free ones)"
                    .to_owned(),
            ),
            Self::HalfWay { source, aftermath } => {
                let hints: Vec<String> = source.hint().into_iter().chain(aftermath.ways_on()).collect();
                (!hints.is_empty()).then(|| hints.join("; "))
            }
            Self::Execute(error) => {
                error.hint().or_else(|| self.engine_error().and_then(EngineError::hint).map(str::to_owned))
            }
            Self::Spec(_) | Self::File { .. } | Self::EnvFile { .. } | Self::Issue(_) | Self::Output(_) => {
                None
            }
        }
    }
}

fn no_such_deployment_hint(name: &str, near: Option<&str>) -> String {
    let is_path = name.contains(['/', '\\']) || [".yaml", ".yml"].iter().any(|end| name.ends_with(end));
    let by_name = if is_path { "a deployment goes by its name, not by its spec's file; " } else { "" };
    let did_you_mean = near.map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
    format!("{by_name}{did_you_mean}`redisctl ls` lists those that there are")
}

fn in_use_hint(process: Option<u32>) -> String {
    let end = process.map_or_else(|| "end it".to_owned(), |process| format!("end process {process}"));
    format!(
        "let it end, and wait for it with a longer `--timeout`; or {end}: what it has done stays, and can be gone on from"
    )
}

fn obstacles_hint(deployment: &str, obstacles: &[Obstacle]) -> String {
    if obstacles.iter().any(|obstacle| matches!(obstacle, Obstacle::Foreign { .. })) {
        "choose another name with `--name`, or remove what bears this one: redisctl touches nothing that it did not \
         make"
            .to_owned()
    } else {
        format!("`redisctl up --recreate` removes `{deployment}` and makes it anew; the data in it goes")
    }
}
