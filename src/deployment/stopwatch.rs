//! How long the phases around the plan take.

use std::time::Instant;

use crate::event::Listener;

/// Tells a listener how long each phase took.
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
