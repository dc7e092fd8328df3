//! Lines for pipes, logs, and `-v`: one per stage, or one per step that changes something.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::HumanBytes;

use super::in_short::{more, nodes_in_short};
use super::{Renderer, Sink};
use crate::event::{Event, Listener};
use crate::plan::{Plan, Step, StepId};
use crate::topology::NodeName;
use crate::ui::Palette;
use crate::ui::timings::seconds;

/// How often a wait or a download gets a line: often enough to show life, seldom enough to keep a log
/// short.
const REMINDER: Duration = Duration::from_secs(5);

/// Writes lines.
pub(super) struct Plain {
    state: Mutex<State>,
}

struct State {
    sink: Sink,
    palette: Palette,
    verbose: bool,
    /// The plan that runs.
    plan: Option<Arc<Plan>>,
    /// When the last line on each topic was written.
    reminded: BTreeMap<Topic, Instant>,
}

/// What takes long.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Topic {
    /// A step of a node; `None`: of the whole deployment.
    Subject(Option<NodeName>),
    /// The download of an image.
    Image(String),
}

impl Plain {
    pub(super) fn new(sink: Sink, palette: Palette, verbose: bool) -> Self {
        let state = State { sink, palette, verbose, plan: None, reminded: BTreeMap::new() };
        Self { state: Mutex::new(state) }
    }

    fn hear_at(&self, event: Event, now: Instant) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(line) = state.line(event, now) {
            // Without stderr there is no reader.
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
            Event::PlanStarted { plan } => {
                self.plan = Some(plan);
                None
            }
            Event::Planned { .. } | Event::StageStarted { .. } | Event::StepStarted { .. } => None,
            Event::StageFinished { stage, took } => {
                let plan = self.plan.as_ref()?;
                let nodes = nodes_in_short(&plan.nodes_of(stage));
                let name = palette.strong(plan.stage(stage)?.name);
                let took = palette.faint(format!("({})", seconds(took)));
                Some(match nodes.as_str() {
                    "" => format!("{name} {took}"),
                    nodes => format!("{name}: {nodes} {took}"),
                })
            }
            Event::StepFinished { step, .. } => {
                let (plan, step) = self.step(step)?;
                self.reminded.remove(&Topic::Subject(step.node.clone()));
                let told = self.verbose && step.changes();
                told.then(|| format!("  {}  {}", step.subject(&plan), step.action))
            }
            // The first failure is printed as the error; the others are told here alone.
            Event::StepFailed { step, error } => {
                let (plan, step) = self.step(step)?;
                let what = if self.verbose { format!(": {}", error.join(": ")) } else { String::new() };
                let (subject, action) = (step.subject(&plan), &step.action);
                Some(format!("{} {subject}: {action}{what}", palette.bad("failed:")))
            }
            Event::Waiting { step, missing } => {
                let (_, step) = self.step(step)?;
                let line = format!("{} {}{}", palette.faint("waiting:"), missing.first()?, more(&missing));
                self.due(Topic::Subject(step.node.clone()), now).then_some(line)
            }
            Event::Pulling { reference, done, total } => {
                let line = format!("pulling {reference}: {} of {}", HumanBytes(done), HumanBytes(total));
                self.due(Topic::Image(reference), now).then_some(line)
            }
            Event::Note { message } => Some(message),
            Event::Warning { message } => Some(format!("{} {message}", palette.caution("warning:"))),
        }
    }

    /// A step of the plan that runs, with the plan.
    fn step(&self, id: StepId) -> Option<(Arc<Plan>, Step)> {
        let plan = Arc::clone(self.plan.as_ref()?);
        let step = plan.step(id)?.clone();
        Some((plan, step))
    }

    /// Whether it is time for another line on a topic.
    fn due(&mut self, topic: Topic, now: Instant) -> bool {
        let last = self.reminded.get(&topic);
        let due = last.is_none_or(|last| now.duration_since(*last) >= REMINDER);
        if due {
            self.reminded.insert(topic, now);
        }
        due
    }
}

#[cfg(test)]
mod tests;
