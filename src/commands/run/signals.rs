//! The signals that ask `redisctl run` to end. They do not end the process while one [`Signals`] exists.
//!
//! Ctrl-C at a terminal reaches every process of the foreground job, so also the user's command. A signal of another
//! process (`kill`, a CI runner) reaches redisctl alone, and redisctl passes it on.

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

/// A signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Signal {
    /// Its number, as in `kill -l`.
    pub(super) number: i32,
    /// Whether another process sent it to redisctl alone.
    pub(super) to_us_alone: bool,
}

/// The arriving signals.
pub(super) struct Signals {
    arriving: UnboundedReceiver<Signal>,
    /// Ends the thread that waits for signals.
    #[cfg(unix)]
    listener: signal_hook::iterator::Handle,
}

impl Signals {
    /// Waits for the next signal.
    pub(super) async fn next(&mut self) -> Signal {
        match self.arriving.recv().await {
            Some(signal) => signal,
            None => std::future::pending().await,
        }
    }
}
