//! How a command ends that does not fail.

use crate::up_result::Verification;

/// How a command ended that did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitStatus {
    /// Done.
    Done,
    /// A check failed; the printed report says which.
    ChecksFailed,
    /// The engine does not answer; the printed report says why.
    EngineUnreachable,
    /// A server answered a command of the user with an error.
    ErrorReply,
    /// `status --exit-code` found a deployment that is not ready.
    NotReady,
    /// `plan --detailed-exitcode` found changes.
    ChangesFound,
}

impl ExitStatus {
    /// The process's exit code (DESIGN.md, section 3).
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::ChecksFailed | Self::ErrorReply | Self::NotReady => 1,
            Self::ChangesFound => 3,
            Self::EngineUnreachable => 4,
        }
    }
}

impl From<&Verification> for ExitStatus {
    /// The end of a command that verified a deployment.
    fn from(verification: &Verification) -> Self {
        if verification.passed() { Self::Done } else { Self::ChecksFailed }
    }
}
