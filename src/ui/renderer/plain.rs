//! Lines for pipes, logs, and `-v`: one per stage, or one per step that changes something.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::HumanBytes;

use super::{Renderer, Sink, missing_in_short, subjects_in_short};
use crate::event::{Event, Listener};
use crate::ui::Palette;
use crate::ui::timings::seconds;

/// A wait or a download that goes on is worth a line this often: a log shall not look dead, and not
/// be flooded either.
const REMINDER: Duration = Duration::from_secs(5);

/// Writes lines.
pub(super) struct Plain {
    state: Mutex<State>,
}

struct State {
    sink: Sink,
    palette: Palette,
    verbose: bool,
    deployment: String,
    /// The subjects of the stages that have begun and not ended, by stage.
    subjects: BTreeMap<String, Vec<String>>,
    /// When something was last said of a subject that goes on.
    reminded: BTreeMap<String, Instant>,
}

impl Plain {
    pub(super) fn new(sink: Sink, palette: Palette, verbose: bool) -> Self {
        let state = State {
            sink,
            palette,
            verbose,
            deployment: String::new(),
            subjects: BTreeMap::new(),
            reminded: BTreeMap::new(),
        };
        Self { state: Mutex::new(state) }
    }

    fn hear_at(&self, event: Event, now: Instant) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(line) = state.line(event, now) {
            // Where stderr is gone, nobody is left to tell.
            let _ = writeln!(state.sink, "{line}");
        }
    }
}

impl Listener for Plain {
    fn hear(&self, event: Event) {
        self.hear_at(event, Instant::now());
    }
}

impl Renderer for Plain {}

impl State {
    /// The line that an event is worth, if any.
    fn line(&mut self, event: Event, now: Instant) -> Option<String> {
        let palette = self.palette;
        match event {
            Event::PlanStarted { deployment, .. } => {
                self.deployment = deployment;
                None
            }
            Event::StageStarted { stage, subjects } => {
                self.subjects.insert(stage, subjects);
                None
            }
            Event::StageFinished { stage, took } => {
                let subjects = self.subjects.remove(&stage).unwrap_or_default();
                let subjects = subjects_in_short(&subjects, &self.deployment);
                let took = palette.faint(format!("({})", seconds(took)));
                Some(match subjects.as_str() {
                    "" => format!("{} {took}", palette.strong(stage)),
                    subjects => format!("{}: {subjects} {took}", palette.strong(stage)),
                })
            }
            Event::Planned { .. } | Event::StepStarted { .. } => None,
            Event::StepFinished { subject, action } => {
                self.reminded.remove(&subject);
                // A wait that has ended is told by what follows it.
                let told = self.verbose && !action.starts_with("wait ");
                told.then(|| format!("  {subject}  {action}"))
            }
            // The first failure is printed as the error; the others are told here alone.
            Event::StepFailed { subject, action, error } => {
                let what = if self.verbose { format!(": {error}") } else { String::new() };
                Some(format!("{} {subject}: {action}{what}", palette.bad("failed:")))
            }
            Event::Waiting { subject, missing } => {
                let missing = missing_in_short(&missing);
                let line = format!("{} {missing}", palette.faint("waiting:"));
                self.due(subject, now).then_some(line)
            }
            Event::Pulling { reference, done, total } => {
                let line = format!("pulling {reference}: {} of {}", HumanBytes(done), HumanBytes(total));
                self.due(reference, now).then_some(line)
            }
            Event::Note { message } => Some(message),
            Event::Warning { message } => Some(format!("{} {message}", palette.caution("warning:"))),
        }
    }

    /// Whether it is time for another word on a subject that goes on.
    fn due(&mut self, subject: String, now: Instant) -> bool {
        let last = self.reminded.get(&subject);
        let due = last.is_none_or(|last| now.duration_since(*last) >= REMINDER);
        if due {
            self.reminded.insert(subject, now);
        }
        due
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::io::{self, Write};
    use std::sync::Arc;

    use super::*;

    /// A sink that can be read.
    #[derive(Clone, Default)]
    pub(in crate::ui::renderer) struct Written(Arc<Mutex<Vec<u8>>>);

    impl Written {
        pub(in crate::ui::renderer) fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn text(verbose: bool) -> String {
        let written = Written::default();
        let renderer = Plain::new(Box::new(written.clone()), Palette::new(false), verbose);
        let start = Instant::now();
        let text = |text: &str| text.to_owned();
        let both = || vec![text("shop-1"), text("shop-2")];
        let action = || text("start container");
        let waiting = || Event::Waiting {
            subject: text("shop"),
            missing: vec![text("shop-2 has no link to shop-1"), text("shop-1 does not list shop-2")],
        };
        for (second, event) in [
            (0, Event::PlanStarted { deployment: text("shop"), steps: 4 }),
            (0, Event::StageStarted { stage: text("image"), subjects: vec![text("shop")] }),
            (0, Event::Pulling { reference: text("redis:8"), done: 1 << 20, total: 40 << 20 }),
            (1, Event::Pulling { reference: text("redis:8"), done: 20 << 20, total: 40 << 20 }),
            (6, Event::Pulling { reference: text("redis:8"), done: 30 << 20, total: 40 << 20 }),
            (8, Event::StageFinished { stage: text("image"), took: Duration::from_secs(8) }),
            (8, Event::StageStarted { stage: text("start"), subjects: both() }),
            (8, Event::StepStarted { subject: text("shop-1"), action: action() }),
            (9, Event::StepFinished { subject: text("shop-1"), action: action() }),
            (9, Event::StepFinished { subject: text("shop-1"), action: text("wait until it answers") }),
            (9, Event::StepFailed { subject: text("shop-2"), action: action(), error: text("no memory") }),
            (9, Event::StageFinished { stage: text("start"), took: Duration::from_millis(1230) }),
            (12, waiting()),
            (13, waiting()),
            (17, waiting()),
            (18, Event::Warning { message: text("one shard cannot fail over") }),
            (18, Event::Note { message: text("nothing else") }),
        ] {
            renderer.hear_at(event, start + Duration::from_secs(second));
        }
        written.text()
    }

    #[test]
    fn a_log_gets_a_line_per_stage_and_reminders_of_what_goes_on() {
        insta::assert_snapshot!(text(false), @"
        pulling redis:8: 1.00 MiB of 40.00 MiB
        pulling redis:8: 30.00 MiB of 40.00 MiB
        image (8.0 s)
        failed: shop-2: start container
        start: 2 nodes (1.2 s)
        waiting: shop-2 has no link to shop-1 (and 1 more)
        waiting: shop-2 has no link to shop-1 (and 1 more)
        warning: one shard cannot fail over
        nothing else
        ");
    }

    #[test]
    fn a_talkative_log_gets_a_line_per_step_that_changes_something() {
        insta::assert_snapshot!(text(true), @"
        pulling redis:8: 1.00 MiB of 40.00 MiB
        pulling redis:8: 30.00 MiB of 40.00 MiB
        image (8.0 s)
          shop-1  start container
        failed: shop-2: start container: no memory
        start: 2 nodes (1.2 s)
        waiting: shop-2 has no link to shop-1 (and 1 more)
        waiting: shop-2 has no link to shop-1 (and 1 more)
        warning: one shard cannot fail over
        nothing else
        ");
    }
}
