//! Why the data of a file was not applied as a whole.

use std::fmt;

use super::send_failure::SendFailure;
use crate::redis::ServerError;
use crate::topology::DeploymentName;

/// A file of commands was applied only in part.
#[derive(Debug)]
pub struct SeedFailure {
    /// The deployment.
    pub deployment: DeploymentName,
    /// The file.
    pub file: String,
    /// The line of the first command that was not executed.
    pub line: usize,
    /// The number of commands that were executed, of all files.
    pub applied: u64,
    /// The number of commands of all files.
    pub total: u64,
    cause: FailureCause,
}

#[derive(Debug)]
enum FailureCause {
    Refused { command: String, words: String, count: usize },
    Lost(ServerError),
}

impl SeedFailure {
    /// The failure in a file.
    pub(super) fn new(
        deployment: &DeploymentName,
        file: &str,
        failure: SendFailure,
        applied: u64,
        total: u64,
    ) -> Self {
        let (line, cause) = match failure {
            SendFailure::Refused { position, command, words, count } => {
                (position, FailureCause::Refused { command, words, count })
            }
            SendFailure::Lost { position, source } => (position, FailureCause::Lost(source)),
        };
        Self { deployment: deployment.clone(), file: file.to_owned(), line, applied, total, cause }
    }

    /// A hint for the user.
    #[must_use]
    pub fn hint(&self) -> String {
        let Self { deployment, .. } = self;
        format!(
            "the executed commands stay executed: before the corrected file is applied, `redisctl reset {deployment}` \
             empties the deployment"
        )
    }

    /// How much was applied.
    #[must_use]
    pub fn details(&self) -> String {
        let Self { applied, total, .. } = self;
        match &self.cause {
            FailureCause::Refused { count: 1, .. } => {
                format!("{applied} of {total} commands were executed; this one was refused")
            }
            FailureCause::Refused { count, .. } => format!(
                "{applied} of {total} commands were executed; this one and {} after it were refused",
                count - 1
            ),
            FailureCause::Lost(_) => format!("at least {applied} of {total} commands were executed"),
        }
    }
}

impl fmt::Display for SeedFailure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, .. } = self;
        match &self.cause {
            FailureCause::Refused { command, words, .. } => {
                write!(formatter, "{file}:{line}: {command} failed: {words}")
            }
            FailureCause::Lost(_) => write!(formatter, "{file}:{line}: no reply came"),
        }
    }
}

impl std::error::Error for SeedFailure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.cause {
            FailureCause::Refused { .. } => None,
            FailureCause::Lost(error) => Some(error),
        }
    }
}
