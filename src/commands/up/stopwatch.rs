//! What the phases around the plan take.

use std::time::Instant;

use crate::ui::Timings;

/// Writes down what the phases around the plan took.
pub(super) struct Stopwatch<'a> {
    timings: &'a Timings<'a>,
    since: Instant,
}

impl<'a> Stopwatch<'a> {
    pub(super) fn new(timings: &'a Timings<'a>) -> Self {
        Self { timings, since: Instant::now() }
    }

    /// Ends a phase; the next one begins.
    pub(super) fn lap(&mut self, phase: &str) {
        let now = Instant::now();
        let took = now.duration_since(self.since);
        self.since = now;
        self.timings.record(phase, took);
    }
}
