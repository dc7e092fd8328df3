//! How long each phase took, for `--timings`.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use console::Alignment::{Left, Right};

use super::Palette;
use super::table::Table;
use crate::event::{Event, Listener};

/// Listens for another listener, and writes down how long stages took.
pub struct Timings<'a> {
    inner: &'a dyn Listener,
    phases: Mutex<Vec<(String, Duration)>>,
}

impl<'a> Timings<'a> {
    /// Passes every event on to `inner`.
    #[must_use]
    pub fn new(inner: &'a dyn Listener) -> Self {
        Self { inner, phases: Mutex::default() }
    }

    /// Writes down a phase that is no stage of a plan.
    pub fn record(&self, phase: impl Into<String>, took: Duration) {
        self.lock().push((phase.into(), took));
    }

    /// Every phase so far, in order.
    #[must_use]
    pub fn phases(&self) -> Vec<(String, Duration)> {
        self.lock().clone()
    }

    /// A listener that panicked half-way leaves a list that is still whole.
    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<(String, Duration)>> {
        self.phases.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Listener for Timings<'_> {
    fn hear(&self, event: Event) {
        if let Event::StageFinished { stage, took } = &event {
            self.record(stage.clone(), *took);
        }
        self.inner.hear(event);
    }
}

/// The table of phases with their sum.
pub(super) fn render(phases: &[(String, Duration)], palette: Palette) -> String {
    let mut table = Table::new(&[("PHASE", Left), ("TOOK", Right)]);
    let total: Duration = phases.iter().map(|(_, took)| took).sum();
    for (phase, took) in phases {
        table.row(vec![phase.clone(), exactly(*took)]);
    }
    table.row(vec![palette.strong("all"), palette.strong(exactly(total))]);
    table.render(palette)
}

fn exactly(took: Duration) -> String {
    format!("{:.3} s", took.as_secs_f64())
}

/// A duration as people say it: `0.1 s`, `2 min 05 s`.
pub(super) fn seconds(took: Duration) -> String {
    match took.as_secs() {
        0..60 => format!("{:.1} s", took.as_secs_f64()),
        whole => format!("{} min {:02} s", whole / 60, whole % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Heard(Mutex<usize>);

    impl Listener for Heard {
        fn hear(&self, _: Event) {
            *self.0.lock().unwrap() += 1;
        }
    }

    #[test]
    fn stages_and_phases_are_written_down_in_order_and_passed_on() {
        let heard = Heard(Mutex::new(0));
        let timings = Timings::new(&heard);
        timings.record("observe", Duration::from_millis(4));
        timings.hear(Event::StageFinished { stage: "start".to_owned(), took: Duration::from_millis(1100) });
        timings.hear(Event::Note { message: "hello".to_owned() });
        assert_eq!(*heard.0.lock().unwrap(), 2);
        insta::assert_snapshot!(render(&timings.phases(), Palette::new(false)), @"
        PHASE       TOOK
        observe  0.004 s
        start    1.100 s
        all      1.104 s
        ");
    }

    #[test]
    fn long_durations_are_said_in_minutes() {
        assert_eq!(seconds(Duration::from_millis(1240)), "1.2 s");
        assert_eq!(seconds(Duration::from_secs(125)), "2 min 05 s");
    }
}
