//! Measures the phases around the plan.

use std::time::Instant;

use crate::event::Listener;

/// Reports the duration of each phase to a listener.
pub(super) struct Stopwatch<'a> {
    listener: &'a dyn Listener,
    since: Instant,
}

impl<'a> Stopwatch<'a> {
    pub(super) fn new(listener: &'a dyn Listener) -> Self {
        Self { listener, since: Instant::now() }
    }

    /// Ends a phase; the next phase begins.
    pub(super) fn lap(&mut self, phase: &str) {
        let now = Instant::now();
        self.listener.phase(phase, now.duration_since(self.since));
        self.since = now;
    }
}
