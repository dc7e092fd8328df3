//! The outcome of a command of `redisctl run`, and the exit code for it.

/// Shells add the number of a signal to this number.
const SIGNAL_BASE: i32 = 128;

/// How the run of a command ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunOutcome {
    /// The command ended with this exit code.
    Exited(u8),
    /// A signal ended the command.
    Killed(i32),
    /// A signal ended the run before the command began.
    Interrupted(i32),
    /// The deployment did not come up, or the command did not start.
    Failed {
        /// The exit code of this failure.
        exit_code: u8,
        /// The error.
        message: String,
    },
}

impl RunOutcome {
    /// The outcome of a command that has ended: with an exit code, otherwise by a signal.
    #[must_use]
    pub fn of_command(exit_code: Option<i32>, signal: Option<i32>) -> Self {
        match (exit_code, signal) {
            // Windows has larger exit codes than shells.
            (Some(code), _) => Self::Exited(u8::try_from(code).unwrap_or(1)),
            (None, Some(signal)) => Self::Killed(signal),
            (None, None) => Self::Exited(1),
        }
    }

    /// Whether the command succeeded.
    #[must_use]
    pub fn passed(&self) -> bool {
        *self == Self::Exited(0)
    }

    /// The exit code of redisctl, as in shells: that of the command, or 128 and the number of the signal.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Exited(code) => *code,
            Self::Killed(signal) | Self::Interrupted(signal) => {
                u8::try_from(SIGNAL_BASE + signal).unwrap_or(u8::MAX)
            }
            Self::Failed { exit_code, .. } => *exit_code,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_are_those_of_shells() {
        for (exit_code, signal, expected) in [
            (Some(0), None, 0),
            (Some(3), None, 3),
            (Some(-1_073_741_819), None, 1),
            (Some(256), None, 1),
            (None, Some(9), 137),
            (None, None, 1),
        ] {
            let outcome = RunOutcome::of_command(exit_code, signal);
            assert_eq!(outcome.exit_code(), expected, "{outcome:?}");
            assert_eq!(outcome.passed(), expected == 0);
        }
        assert_eq!(RunOutcome::Interrupted(15).exit_code(), 143);
    }
}
