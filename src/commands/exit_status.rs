//! The results of a command without an error.

use crate::up_result::Verification;

/// The result of a command without an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitStatus {
    /// Done.
    Done,
    /// A check failed. The printed report tells which.
    ChecksFailed,
    /// The engine does not answer. The printed report tells why.
    EngineUnreachable,
    /// A server answered the user's command with an error.
    ErrorReply,
    /// `status --exit-code` found a deployment that is not ready.
    NotReady,
    /// `plan --detailed-exitcode` found changes.
    ChangesFound,
    /// The user interrupted the command.
    Interrupted,
    /// The exit code of the user's command.
    OfCommand(u8),
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
            Self::Interrupted => 130,
            Self::OfCommand(code) => code,
        }
    }
}

impl From<&Verification> for ExitStatus {
    /// The result of a verification.
    fn from(verification: &Verification) -> Self {
        if verification.passed() { Self::Done } else { Self::ChecksFailed }
    }
}
