//! Runs the user's command in the foreground: passes signals on, and waits for its end.

use std::io;
use std::process::{Command, ExitStatus};

use tokio::process::Child;

use super::signals::{Signal, Signals};

/// Starts the command and waits for its end. It is in the process group of redisctl, so that it keeps the terminal:
/// job control and Ctrl-C work as without redisctl.
///
/// # Errors
/// The command cannot be started.
pub(super) async fn supervise(command: Command, signals: &mut Signals) -> io::Result<ExitStatus> {
    let mut child = tokio::process::Command::from(command).spawn()?;
    loop {
        tokio::select! {
            status = child.wait() => return status,
            signal = signals.next() => pass_on(signal, &child),
        }
    }
}

/// The signal that ended a command, if a signal ended it.
pub(super) fn signal_of(status: ExitStatus) -> Option<i32> {
    #[cfg(unix)]
    return std::os::unix::process::ExitStatusExt::signal(&status);
    #[cfg(windows)]
    return None;
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
