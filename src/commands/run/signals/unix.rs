//! Signals of Unix.

use std::thread;

use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::SignalsInfo;
use signal_hook::iterator::exfiltrator::origin::WithOrigin;
use signal_hook::low_level::siginfo::Cause;

use super::{Signal, Signals, unbounded_channel};

impl Signals {
    /// Begins to listen.
    ///
    /// # Errors
    /// The system refuses a handler or a thread.
    pub(in super::super) fn listen() -> std::io::Result<Self> {
        let mut signals = SignalsInfo::<WithOrigin>::new([SIGHUP, SIGINT, SIGQUIT, SIGTERM])?;
        let listener = signals.handle();
        let (sender, arriving) = unbounded_channel();
        thread::Builder::new().name("signals".to_owned()).spawn(move || {
            for origin in &mut signals {
                let to_us_alone = matches!(origin.cause, Cause::Sent(_));
                // If the receiver is gone, the command is over.
                let _ = sender.send(Signal { number: origin.signal, to_us_alone });
            }
        })?;
        Ok(Self { arriving, listener })
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        self.listener.close();
    }
}
