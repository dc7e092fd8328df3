//! Lines for pipes, logs and `-v`: one line for each stage. With `-v`, each step that changes something has a line.
//! Equal steps of several nodes share a line.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::HumanBytes;

use super::in_short::{more, nodes_in_short};
use super::{Renderer, Sink};
use crate::event::{Event, Listener};
use crate::plan::{Group, Plan, Step, StepId};
use crate::topology::NodeName;
use crate::ui::Palette;
use crate::ui::timings::seconds;

/// The interval of lines about a wait or a download, so that logs stay short.
const REMINDER: Duration = Duration::from_secs(5);

/// Writes lines.
pub(super) struct Plain {
    state: Mutex<PlainState>,
}

struct PlainState {
    sink: Sink,
    palette: Palette,
    verbose: bool,
    /// The running plan.
    plan: Option<Arc<Plan>>,
    /// Finished steps without a line so far.
    untold: BTreeSet<StepId>,
    /// Finished steps of the plan.
    finished: BTreeSet<StepId>,
    /// The time of the last line on each topic.
    reminded: BTreeMap<Topic, Instant>,
}

/// Steps that take long.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Topic {
    /// A step of a node; `None`: of the whole deployment.
    Subject(Option<NodeName>),
    /// The progress of a step of the plan.
    Step(StepId),
    /// The download of an image.
    Image(String),
    /// The commands or keys of a file.
    File(String),
}

impl Plain {
    pub(super) fn new(sink: Sink, palette: Palette, verbose: bool) -> Self {
        let (untold, finished) = (BTreeSet::new(), BTreeSet::new());
        let state =
            PlainState { sink, palette, verbose, plan: None, untold, finished, reminded: BTreeMap::new() };
        Self { state: Mutex::new(state) }
    }

    fn hear_at(&self, event: Event, now: Instant) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(line) = state.line(event, now) {
            // A failure of stderr cannot be reported.
            let _ = writeln!(state.sink, "{line}");
        }
    }
}

impl Listener for Plain {
    fn hear(&self, event: Event) {
        self.hear_at(event, Instant::now());
    }
}

impl Renderer for Plain {
    fn finish(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lines) = state.tell_all() {
            // A failure of stderr cannot be reported.
            let _ = writeln!(state.sink, "{lines}");
        }
    }
}

impl Drop for Plain {
    fn drop(&mut self) {
        self.finish();
    }
}

impl PlainState {
    /// The line for an event, if any.
    fn line(&mut self, event: Event, now: Instant) -> Option<String> {
        let palette = self.palette;
        match event {
            Event::PlanStarted { plan } => {
                self.plan = Some(plan);
                self.finished.clear();
                self.reminded.retain(|topic, _| !matches!(topic, Topic::Step(_)));
                self.untold.clear();
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
                let (_, done) = self.step(step)?;
                self.reminded.remove(&Topic::Subject(done.node.clone()));
                self.finished.insert(step);
                if self.verbose && done.changes() {
                    self.untold.insert(step);
                }
                self.finished_group(step)
            }
            // The first failure becomes the error of the command. Other failures only get this line.
            Event::StepFailed { step, error } => {
                let told = self.tell_all();
                let (plan, step) = self.step(step)?;
                let what = if self.verbose { format!(": {}", error.join(": ")) } else { String::new() };
                let (subject, action) = (step.subject(&plan), &step.action);
                let failed = format!("{} {subject}: {action}{what}", palette.bad("failed:"));
                Some(told.map_or(failed.clone(), |told| format!("{told}\n{failed}")))
            }
            Event::Waiting { step, missing } => {
                let (_, step) = self.step(step)?;
                let line = format!("{} {}{}", palette.faint("waiting:"), missing.first()?, more(&missing));
                self.due(Topic::Subject(step.node.clone()), now).then_some(line)
            }
            Event::Moving { step, progress } => {
                let (plan, moved) = self.step(step)?;
                let line = format!("{}: {}: {progress}", moved.subject(&plan), moved.action);
                self.due_later(Topic::Step(step), now).then_some(line)
            }
            Event::Pulling { reference, done, total } => {
                let line = format!("pulling {reference}: {} of {}", HumanBytes(done), HumanBytes(total));
                self.due(Topic::Image(reference), now).then_some(line)
            }
            Event::Transfer(transfer) => {
                let line = transfer.to_string();
                self.due_later(Topic::File(transfer.subject), now).then_some(line)
            }
            Event::Note(note) => Some(note.to_string()),
            Event::Warning(warning) => Some(format!("{} {warning}", palette.caution("warning:"))),
        }
    }

    /// The line for a group of equal steps, once all of them have finished.
    fn finished_group(&mut self, step: StepId) -> Option<String> {
        let plan = self.plan.clone()?;
        let groups = plan.groups(plan.stage_of(step)?);
        let group = groups.iter().find(|group| group.steps().any(|(id, _)| id == step))?;
        let is_finished = group.steps().all(|(id, _)| self.finished.contains(&id));
        if is_finished { self.tell(&plan, group) } else { None }
    }

    /// The lines for all finished steps without a line so far.
    fn tell_all(&mut self) -> Option<String> {
        let plan = self.plan.clone()?;
        let groups = plan.stage_ids().flat_map(|stage| plan.groups(stage));
        let lines: Vec<String> = groups.filter_map(|group| self.tell(&plan, &group)).collect();
        (!lines.is_empty()).then(|| lines.join("\n"))
    }

    /// The line for the steps of a group without a line so far.
    fn tell(&mut self, plan: &Plan, group: &Group<'_>) -> Option<String> {
        let untold = Group::from_steps(group.steps().filter(|(id, _)| self.untold.remove(id)))?;
        Some(format!("  {}  {}", untold.subject(plan), untold.action()))
    }

    /// A step of the running plan, with the plan.
    fn step(&self, id: StepId) -> Option<(Arc<Plan>, Step)> {
        let plan = Arc::clone(self.plan.as_ref()?);
        let step = plan.step(id)?.clone();
        Some((plan, step))
    }

    /// The same, but the first line comes after a while: most moves and files are short.
    fn due_later(&mut self, topic: Topic, now: Instant) -> bool {
        let is_first = !self.reminded.contains_key(&topic);
        self.due(topic, now) && !is_first
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
