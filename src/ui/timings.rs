//! The duration of each phase, for `--timings`.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use console::Alignment::{Left, Right};

use super::Palette;
use super::table::Table;
use crate::event::{Event, Listener};
use crate::plan::Plan;

/// Measures stages, and passes events on to another listener.
pub struct Timings<'a> {
    inner: &'a dyn Listener,
    state: Mutex<MeasuredPhases>,
}

#[derive(Default)]
struct MeasuredPhases {
    /// The running plan.
    plan: Option<Arc<Plan>>,
    /// The phases so far.
    phases: Vec<(String, Duration)>,
}

impl<'a> Timings<'a> {
    /// Passes every event on to `inner`.
    #[must_use]
    pub fn new(inner: &'a dyn Listener) -> Self {
        Self { inner, state: Mutex::default() }
    }

    /// Records a phase that is not a stage of a plan.
    pub fn record(&self, phase: impl Into<String>, took: Duration) {
        self.lock().phases.push((phase.into(), took));
    }

    /// Every phase so far, in order.
    #[must_use]
    pub fn phases(&self) -> Vec<(String, Duration)> {
        self.lock().phases.clone()
    }

    /// A panic in another listener leaves a consistent state.
    fn lock(&self) -> MutexGuard<'_, MeasuredPhases> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Listener for Timings<'_> {
    fn hear(&self, event: Event) {
        match &event {
            Event::PlanStarted { plan } => self.lock().plan = Some(Arc::clone(plan)),
            Event::StageFinished { stage, took } => {
                let plan = self.lock().plan.clone();
                if let Some(stage) = plan.as_ref().and_then(|plan| plan.stage(*stage)) {
                    self.record(stage.name, *took);
                }
            }
            _ => {}
        }
        self.inner.hear(event);
    }

    fn phase(&self, name: &str, took: Duration) {
        self.record(name, took);
        self.inner.phase(name, took);
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

/// A duration as text: `0.1 s`, `2 min 05 s`.
pub(super) fn seconds(took: Duration) -> String {
    match took.as_secs() {
        0..60 => format!("{:.1} s", took.as_secs_f64()),
        whole => format!("{} min {:02} s", whole / 60, whole % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::testing;

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
        let plan = Arc::new(testing::starting(1));
        let stage = testing::stage_ids(&plan)[1];
        timings.hear(Event::PlanStarted { plan });
        timings.hear(Event::StageFinished { stage, took: Duration::from_millis(1100) });
        timings.hear(Event::Note(crate::event::Note::PortTaken { port: 7001 }));
        assert_eq!(*heard.0.lock().unwrap(), 3);
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
