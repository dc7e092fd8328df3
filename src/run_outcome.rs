//! The outcome of a command of `redisctl run`, and the exit code for it.

/// Shells add the number of a signal to this number.
const SIGNAL_BASE: i32 = 128;

/// The names of signals that end commands often. Their numbers are the same on Linux and macOS.
const SIGNAL_NAMES: [(i32, &str); 8] = [
    (1, "SIGHUP"),
    (2, "SIGINT"),
    (3, "SIGQUIT"),
    (6, "SIGABRT"),
    (9, "SIGKILL"),
    (11, "SIGSEGV"),
    (13, "SIGPIPE"),
    (15, "SIGTERM"),
];

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
        /// The whole error.
        text: String,
    },
    /// The run did not begin, because a signal ended the runs before it.
    NotRun,
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
            Self::NotRun => 1,
        }
    }

    /// The outcome in words, for a table.
    #[must_use]
    pub fn in_words(&self) -> String {
        match self {
            Self::Exited(0) => "passed".to_owned(),
            Self::Exited(code) => format!("exit code {code}"),
            Self::Killed(signal) => format!("ended by {}", signal_name(*signal)),
            Self::Interrupted(signal) => format!("interrupted by {}", signal_name(*signal)),
            Self::Failed { message, .. } => message.lines().next().unwrap_or_default().to_owned(),
            Self::NotRun => "did not run".to_owned(),
        }
    }
}

fn signal_name(signal: i32) -> String {
    let known = SIGNAL_NAMES.iter().find(|(number, _)| *number == signal);
    known.map_or_else(|| format!("signal {signal}"), |(_, name)| (*name).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_are_those_of_shells() {
        for (exit_code, signal, expected, words) in [
            (Some(0), None, 0, "passed"),
            (Some(3), None, 3, "exit code 3"),
            (Some(-1_073_741_819), None, 1, "exit code 1"),
            (Some(256), None, 1, "exit code 1"),
            (None, Some(9), 137, "ended by SIGKILL"),
            (None, Some(10), 138, "ended by signal 10"),
            (None, None, 1, "exit code 1"),
        ] {
            let outcome = RunOutcome::of_command(exit_code, signal);
            assert_eq!((outcome.exit_code(), outcome.in_words().as_str()), (expected, words), "{outcome:?}");
            assert_eq!(outcome.passed(), expected == 0);
        }
        assert_eq!(RunOutcome::Interrupted(15).exit_code(), 143);
    }
}
