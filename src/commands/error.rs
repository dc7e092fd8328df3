//! Errors of commands, with exit codes and hints.

use crate::deployment::Error;
use crate::docker::EngineError;
use crate::executor::causes;
use crate::plan::Obstacle;
use crate::redis::ServerError;
use crate::ui::Failure;

/// The exit code for a program that cannot be started, as in shells.
const NOT_STARTED: u8 = 126;

/// A failed command.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// An operation on a deployment failed.
    #[error(transparent)]
    Deployment(#[from] Error),
    /// A server does not answer.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// A line of stdin failed.
    #[error("line {line} failed")]
    Line {
        /// Its number, from 1.
        line: usize,
        /// The cause.
        source: Box<CommandError>,
    },
    /// The command of `run` cannot be started.
    #[error("could not start `{program}`")]
    Start {
        /// The program.
        program: String,
        /// The operating system's error.
        source: std::io::Error,
    },
    /// The output cannot be written.
    #[error("could not write the output")]
    Output(#[from] std::io::Error),
}

impl CommandError {
    /// The error of a line of stdin.
    pub(super) fn in_line(self, line: usize) -> Self {
        Self::Line { line, source: Box::new(self) }
    }

    /// The process's exit code (DESIGN.md, section 3).
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Deployment(error) => exit_code(error),
            Self::Line { source, .. } => source.exit_code(),
            Self::Start { .. } => NOT_STARTED,
            Self::Server(_) | Self::Output(_) => 1,
        }
    }

    /// The whole error for output. [`SpecError`](crate::spec::SpecError) prints the problems of a spec itself.
    #[must_use]
    pub fn failure(&self) -> Failure {
        let details = match self {
            Self::Deployment(error) => error.details(),
            _ => None,
        };
        Failure { message: self.to_string(), causes: causes(self), details, hint: self.hint() }
    }

    /// A hint for the user.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Deployment(error) => error.hint(),
            Self::Server(error) => Some(error.hint().to_owned()),
            Self::Line { source, .. } => source.hint(),
            Self::Start { .. } => Some("a script needs a first line like `#!/bin/sh`".to_owned()),
            Self::Output(_) => None,
        }
    }
}

fn exit_code(error: &Error) -> u8 {
    match error {
        Error::Spec(_)
        | Error::Invalid { .. }
        | Error::BrokenFile { .. }
        | Error::DataFile { .. }
        | Error::Snapshot { .. }
        | Error::File { .. }
        | Error::EnvFile { .. }
        | Error::Exists(_)
        | Error::Connection(_) => 2,
        Error::Location(_)
        | Error::Connect(_)
        | Error::EnginesOutOfReach(_)
        | Error::NoEngineAnswers(_)
        | Error::RepairedInPart { .. }
        | Error::RemovedInPart { .. } => 4,
        Error::Unfinished { source, .. } | Error::NoImageOnEngine { source, .. } => exit_code(source),
        Error::Obstacles { obstacles, .. }
            if obstacles.iter().any(|obstacle| matches!(obstacle, Obstacle::OutOfReach { .. })) =>
        {
            4
        }
        error if matches!(error.engine_error(), Some(EngineError::NoAnswer { .. })) => 4,
        _ => 1,
    }
}
