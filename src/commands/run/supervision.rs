//! Runs the user's command in the foreground: passes signals on, and waits for its end.

use std::io;
use std::process::{Command, ExitStatus};

use tokio::process::Child;

use super::signals::{ArrivingSignals, Signal};

/// The end of a command.
pub(super) struct Ended {
    /// Its exit code or the signal that ended it.
    pub(super) status: ExitStatus,
    /// Whether a signal arrived meanwhile, for redisctl or the whole job.
    pub(super) was_signalled: bool,
}

/// Starts the command and waits for its end. It is in the process group of redisctl, so that it keeps the terminal:
/// job control and Ctrl-C work as without redisctl.
///
/// # Errors
/// The command cannot be started.
pub(super) async fn supervise(command: Command, signals: &mut ArrivingSignals) -> io::Result<Ended> {
    let mut child = tokio::process::Command::from(command).spawn()?;
    let mut was_signalled = false;
    loop {
        tokio::select! {
            status = child.wait() => return Ok(Ended { status: status?, was_signalled }),
            signal = signals.next() => {
                was_signalled = true;
                pass_on(signal, &child);
            }
        }
    }
}

/// The signal that ended a command, if a signal ended it.
#[cfg(unix)]
pub(super) fn signal_of(status: ExitStatus) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(&status)
}

/// No signal ends a command on Windows.
#[cfg(windows)]
pub(super) fn signal_of(_: ExitStatus) -> Option<i32> {
    None
}

/// Sends the command a signal that has reached redisctl alone.
#[cfg(unix)]
fn pass_on(signal: Signal, child: &Child) {
    let process = child.id().and_then(|id| i32::try_from(id).ok());
    let (true, Some(process), Ok(number)) =
        (signal.to_us_alone, process, nix::sys::signal::Signal::try_from(signal.number))
    else {
        return;
    };
    // A command that has ended just now needs no signal.
    if let Err(error) = nix::sys::signal::kill(nix::unistd::Pid::from_raw(process), number) {
        tracing::debug!(%error, "could not pass a signal on");
    }
}

/// Console events reach the command by themselves.
#[cfg(windows)]
fn pass_on(_: Signal, _: &Child) {}
