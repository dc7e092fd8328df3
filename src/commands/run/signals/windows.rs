//! Console events of Windows.

use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_close};

use super::{Signal, Signals, unbounded_channel};

/// Windows has no numbers for console events. Shells use the number of SIGINT.
const INTERRUPT: i32 = 2;

impl Signals {
    /// Begins to listen.
    ///
    /// # Errors
    /// The system refuses a handler.
    pub(in super::super) fn listen() -> std::io::Result<Self> {
        let (mut pressed, mut broken_off, mut closed) = (ctrl_c()?, ctrl_break()?, ctrl_close()?);
        let (sender, arriving) = unbounded_channel();
        tokio::spawn(async move {
            loop {
                let event = tokio::select! {
                    event = pressed.recv() => event,
                    event = broken_off.recv() => event,
                    event = closed.recv() => event,
                };
                // A console event reaches every process of the console.
                let signal = Signal { number: INTERRUPT, to_us_alone: false };
                if event.is_none() || sender.send(signal).is_err() {
                    return;
                }
            }
        });
        Ok(Self { arriving })
    }
}
