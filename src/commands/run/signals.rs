//! The signals that ask `redisctl run` to end. They do not end the process while [`Signals`] exists.
//!
//! Ctrl-C at a terminal reaches every process of the foreground job, so also the user's command. A signal of another
//! process (`kill`, a CI runner) reaches redisctl alone, and redisctl passes it on.

use tokio::sync::broadcast::error::RecvError;
use tokio::sync::broadcast::{Receiver, Sender, channel};

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

/// How many signals a run may leave unread.
const MOST_UNREAD: usize = 16;

/// A signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Signal {
    /// Its number, as in `kill -l`.
    pub(super) number: i32,
    /// Whether another process sent it to redisctl alone.
    pub(super) to_us_alone: bool,
}

/// The source of signals, for all runs.
pub(super) struct Signals {
    sender: Sender<Signal>,
    /// Ends the thread that waits for signals.
    #[cfg(unix)]
    listener: signal_hook::iterator::Handle,
}

/// The signals that arrive from now on, for one run.
pub(super) struct ArrivingSignals(Receiver<Signal>);

impl Signals {
    /// Every run hears every signal.
    pub(super) fn arriving(&self) -> ArrivingSignals {
        ArrivingSignals(self.sender.subscribe())
    }

    fn channel() -> Sender<Signal> {
        channel(MOST_UNREAD).0
    }
}

impl ArrivingSignals {
    /// Waits for the next signal.
    pub(super) async fn next(&mut self) -> Signal {
        loop {
            match self.0.recv().await {
                Ok(signal) => return signal,
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => std::future::pending().await,
            }
        }
    }
}
