//! Console events of Windows.

use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_close};

use super::{Signal, Signals};

/// Windows has no numbers for console events. Shells use the number of SIGINT.
const INTERRUPT: i32 = 2;

impl Signals {
    /// Begins to listen.
    ///
    /// # Errors
    /// The system refuses a handler.
    pub(in super::super) fn listen() -> std::io::Result<Self> {
        let (mut pressed, mut broken_off, mut closed) = (ctrl_c()?, ctrl_break()?, ctrl_close()?);
        let sender = Self::channel();
        let to_runs = sender.clone();
        tokio::spawn(async move {
            loop {
                let event = tokio::select! {
                    event = pressed.recv() => event,
                    event = broken_off.recv() => event,
                    event = closed.recv() => event,
                };
                if event.is_none() {
                    return;
                }
                // A console event reaches every process of the console. Without a run, there is nothing to end.
                let _ = to_runs.send(Signal { number: INTERRUPT, to_us_alone: false });
            }
        });
        Ok(Self { sender })
    }
}
