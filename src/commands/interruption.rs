//! Interruptions of commands. Some must undo something first.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

/// The user's interruption of a command.
#[derive(Debug, Default)]
pub struct Interruption {
    heeded: AtomicBool,
    told: Notify,
}

impl Interruption {
    /// Waits for the interruption. From this call on, the command must end by itself after it.
    pub(super) async fn heed(&self) {
        self.heeded.store(true, Ordering::Relaxed);
        self.told.notified().await;
    }

    /// Tells the command of the interruption. Returns whether the command ends by itself.
    pub fn tell(&self) -> bool {
        self.told.notify_one();
        self.heeded.load(Ordering::Relaxed)
    }
}

/// Returns when the user or the system asks the process to end.
///
/// # Errors
/// The process cannot listen for signals.
pub async fn interrupted() -> std::io::Result<()> {
    #[cfg(unix)]
    {
        let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        tokio::select! {
            result = tokio::signal::ctrl_c() => result,
            _ = terminate.recv() => Ok(()),
        }
    }
    #[cfg(windows)]
    {
        // `ctrl_close`: the console's window was closed. `ctrl_break`: a parent process sends it to a single child.
        let mut closed = tokio::signal::windows::ctrl_close()?;
        let mut broken_off = tokio::signal::windows::ctrl_break()?;
        tokio::select! {
            result = tokio::signal::ctrl_c() => result,
            _ = closed.recv() => Ok(()),
            _ = broken_off.recv() => Ok(()),
        }
    }
}
