//! Signals of Unix.

use std::thread;

use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::SignalsInfo;
use signal_hook::iterator::exfiltrator::origin::WithOrigin;
use signal_hook::low_level::siginfo::Cause;

use super::{Signal, Signals};

impl Signals {
    /// Begins to listen.
    ///
    /// # Errors
    /// The system refuses a handler or a thread.
    pub(in super::super) fn listen() -> std::io::Result<Self> {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        // `nohup` lets its programs ignore this signal. A handler would end that, also for the user's command.
        let hang_up = (!is_ignored(&status, SIGHUP)).then_some(SIGHUP);
        let heeded = [SIGINT, SIGQUIT, SIGTERM].into_iter().chain(hang_up);
        let mut signals = SignalsInfo::<WithOrigin>::new(heeded)?;
        let listener = signals.handle();
        let sender = Self::channel();
        let to_runs = sender.clone();
        thread::Builder::new().name("signals".to_owned()).spawn(move || {
            for origin in &mut signals {
                // The kernel sends the signals of a terminal.
                let to_us_alone = matches!(origin.cause, Cause::Sent(_));
                // Without a run, there is nothing to end.
                let _ = to_runs.send(Signal { number: origin.signal, to_us_alone });
            }
        })?;
        Ok(Self { sender, listener })
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        self.listener.close();
    }
}

/// Whether a process ignores a signal, from the text of its `status` in `/proc`.
fn is_ignored(status: &str, signal: i32) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask & (1 << (signal - 1)) != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ignored_signals_are_read_from_the_mask() {
        let status = "Name:\tredisctl\nSigIgn:\t0000000000001001\n";
        assert!(is_ignored(status, SIGHUP));
        assert!(!is_ignored(status, SIGINT));
        assert!(!is_ignored("", SIGHUP));
    }
}
