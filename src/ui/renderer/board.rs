//! The picture of the animation: a header for the stage, and a line for each node. Events change it. It returns lines
//! of text for a terminal's size.

use std::sync::Arc;
use std::time::{Duration, Instant};

use console::truncate_str;
use indicatif::HumanBytes;

use super::in_short::{more, nodes_in_short};
use crate::event::{Event, Missing, SlotProgress, Transfer};
use crate::plan::{Action, Condition, Plan, ServerAction, StageId, Step, StepId};
use crate::topology::NodeName;
use crate::ui::Palette;
use crate::ui::timings::seconds;

/// The maximum number of nodes with a line: as many as the executor handles at a time.
const MOST_ROWS: usize = 12;

/// The duration of each picture of the spinner.
pub(super) const FRAME: Duration = Duration::from_millis(80);

const SPINNER: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

/// The widest name of a stage, `network and volumes`.
const STAGE_WIDTH: usize = 19;

/// The width of a download's bar.
const BAR_WIDTH: u64 = 12;

/// The state of the picture.
pub(super) struct Board {
    palette: Palette,
    born: Instant,
    /// The running plan.
    plan: Option<Arc<Plan>>,
    /// The running stages, in order. Several run if they overlap.
    stages: Vec<BoardStage>,
    nodes: Vec<BoardRow>,
    /// The nodes that have a line. A new busy node takes the line of a finished node, so that lines keep their
    /// places.
    rows: Vec<NodeName>,
    /// Commands or keys that are being moved, outside of stages.
    transfer: Option<Transfer>,
}

struct BoardStage {
    id: StageId,
    name: &'static str,
    began: Instant,
    /// The nodes of the stage.
    nodes: Vec<NodeName>,
    /// The running action for the whole deployment.
    whole: String,
}

struct BoardRow {
    name: NodeName,
    /// The stage of its last step.
    stage: StageId,
    state: RowState,
    text: String,
    /// The state that it waits for.
    missing: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum RowState {
    ToCome,
    Busy,
    Done,
    Failed,
}

impl Board {
    pub(super) fn new(palette: Palette, born: Instant) -> Self {
        let (nodes, rows) = (Vec::new(), Vec::new());
        Self { palette, born, plan: None, stages: Vec::new(), nodes, rows, transfer: None }
    }

    /// Applies an event. The result is a line that stays on the screen.
    pub(super) fn hear(&mut self, event: Event, now: Instant) -> Option<String> {
        let palette = self.palette;
        match event {
            Event::Planned { .. } => None,
            Event::PlanStarted { plan } => {
                self.plan = Some(plan);
                None
            }
            Event::StageStarted { stage } => {
                self.begin(stage, now);
                None
            }
            Event::StepStarted { step } => {
                self.step(step, RowState::Busy);
                None
            }
            Event::StepFinished { step, .. } => {
                self.step(step, RowState::Done);
                None
            }
            Event::StepFailed { step, .. } => {
                let (subject, action) = self.step(step, RowState::Failed)?;
                Some(format!("{} {subject}  {action}", palette.bad("✗")))
            }
            Event::Waiting { step, missing } => {
                self.waiting(step, &missing);
                None
            }
            Event::Moving { step, progress } => {
                self.moving(step, &progress);
                None
            }
            Event::Pulling { reference, done, total } => {
                self.pulling(&reference, done, total);
                None
            }
            Event::Transfer(transfer) => {
                self.transfer = Some(transfer).filter(|transfer| transfer.done < transfer.total);
                None
            }
            Event::StageFinished { stage, took } => {
                let position = self.stages.iter().position(|running| running.id == stage)?;
                let stage = self.stages.remove(position);
                let nodes = nodes_in_short(&stage.nodes.iter().collect::<Vec<_>>());
                let (name, took) = (stage.name, seconds(took));
                let line = format!("{} {name:STAGE_WIDTH$} {took:>7}  {nodes}", palette.good("✓"));
                Some(line.trim_end().to_owned())
            }
            Event::Note(note) => Some(note.to_string()),
            Event::Warning(warning) => Some(format!("{} {warning}", palette.caution("warning:"))),
        }
    }

    fn begin(&mut self, id: StageId, now: Instant) {
        let Some(plan) = self.plan.clone() else { return };
        let Some(stage) = plan.stage(id) else { return };
        let subjects: Vec<NodeName> = plan.nodes_of(id).into_iter().cloned().collect();
        for name in &subjects {
            let node = BoardRow {
                name: name.clone(),
                stage: id,
                state: RowState::ToCome,
                text: String::new(),
                missing: String::new(),
            };
            match self.nodes.iter_mut().find(|known| known.name == *name) {
                // It is in a stage that this stage overlaps.
                Some(known) if self.stages.iter().any(|stage| stage.id == known.stage) => {}
                Some(known) => *known = node,
                None => self.nodes.push(node),
            }
        }
        self.nodes.sort_by(|one, other| one.name.cmp(&other.name));
        if self.stages.is_empty() {
            self.rows = self.nodes.iter().take(MOST_ROWS).map(|node| node.name.clone()).collect();
        }
        let whole = String::new();
        self.stages.push(BoardStage { id, name: stage.name, began: now, nodes: subjects, whole });
    }

    /// Records the state of a step. Returns its subject and action as texts.
    fn step(&mut self, id: StepId, state: RowState) -> Option<(String, String)> {
        let plan = self.plan.clone()?;
        let (step, its_stage) = (plan.step(id)?, plan.stage_of(id)?);
        let action = step.action.to_string();
        let text = if state == RowState::Done { outcome(&step.action) } else { action.clone() };
        let node = self.nodes.iter_mut().find(|node| Some(&node.name) == step.node.as_ref());
        if let Some(node) = node {
            (node.stage, node.state, node.text) = (its_stage, state, text);
            node.missing.clear();
            let name = node.name.clone();
            if state == RowState::Busy {
                self.seat(name);
            }
        } else if let Some(stage) = self.stages.first_mut() {
            stage.whole = text;
        }
        Some((step.subject(&plan).to_owned(), action))
    }

    /// Gives a busy node a line.
    fn seat(&mut self, name: NodeName) {
        if self.rows.contains(&name) {
            return;
        }
        let is_busy =
            |row: &NodeName| self.nodes.iter().any(|node| node.name == *row && node.state == RowState::Busy);
        let free = self.rows.iter().position(|row| !is_busy(row));
        if let Some(row) = free.and_then(|position| self.rows.get_mut(position)) {
            *row = name;
        }
    }

    fn waiting(&mut self, id: StepId, missing: &[Missing]) {
        let Some(first) = missing.first() else { return };
        let Some(subject) = self.plan.as_ref().and_then(|plan| plan.step(id)).map(|step| &step.node) else {
            return;
        };
        let more = more(missing);
        match self.nodes.iter_mut().find(|node| Some(&node.name) == subject.as_ref()) {
            // The line already begins with the node's name.
            Some(node) if node.name == *first.node() => {
                node.missing = format!("{}{more}", first.reason());
            }
            Some(node) => node.missing = format!("{first}{more}"),
            None => {
                if let Some(stage) = self.stages.first_mut() {
                    stage.whole = format!("{first}{more}");
                }
            }
        }
    }

    fn moving(&mut self, id: StepId, progress: &SlotProgress) {
        let Some(plan) = self.plan.clone() else { return };
        let Some(Step { node, action: Action::Server(ServerAction::MoveSlots { to, .. }), .. }) =
            plan.step(id)
        else {
            return;
        };
        if let Some(row) = self.nodes.iter_mut().find(|row| Some(&row.name) == node.as_ref()) {
            row.missing.clear();
            row.text = format!("move to {}: {progress}", to.node);
        }
    }

    fn pulling(&mut self, reference: &str, done: u64, total: u64) {
        let Some(stage) = self.stages.first_mut() else { return };
        let filled = (done * BAR_WIDTH).checked_div(total).unwrap_or(0).min(BAR_WIDTH);
        let bar: String = (0..BAR_WIDTH).map(|cell| if cell < filled { '━' } else { '╌' }).collect();
        let bytes = format!("{} of {}", HumanBytes(done), HumanBytes(total));
        stage.whole = format!("{} {bytes}  {reference}", self.palette.accent(bar));
    }

    /// The picture at a moment, for a terminal of `height` lines with `width` characters.
    pub(super) fn lines(&self, now: Instant, height: usize, width: usize) -> Vec<String> {
        let Some(header) = self.header(now) else { return Vec::new() };
        let mut lines = vec![header];
        // Three lines are reserved: the header, the line about other nodes, and the line of the cursor.
        let room = height.saturating_sub(3);
        let shown: Vec<&BoardRow> = self
            .rows
            .iter()
            .take(room)
            .filter_map(|row| self.nodes.iter().find(|node| node.name == *row))
            .collect();
        let name_width = self.nodes.iter().map(|node| node.name.as_str().len()).max().unwrap_or(0);
        lines.extend(shown.iter().map(|node| self.node(node, name_width, now)));
        let hidden = self.nodes.len() - shown.len();
        if hidden > 0 {
            let is_hidden = |node: &&BoardRow| !shown.iter().any(|other| other.name == node.name);
            let to_come = self.nodes.iter().filter(is_hidden).filter(|node| node.state == RowState::ToCome);
            let text = format!("  … {hidden} more nodes, {} to come", to_come.count());
            lines.push(self.palette.faint(text));
        }
        lines.into_iter().map(|line| truncate_str(&line, width, "…").into_owned()).collect()
    }

    fn header(&self, now: Instant) -> Option<String> {
        let spinner = self.spinner(now);
        if let Some(transfer) = self.transfer.as_ref().filter(|_| self.stages.is_empty()) {
            return Some(format!("{spinner} {transfer}"));
        }
        let Some(stage) = self.stages.first() else {
            // The picture stays between stages, so that it does not flicker.
            return self.plan.as_ref().map(|plan| format!("{spinner} {}", plan.deployment));
        };
        let is_subject = |node: &&BoardRow| stage.nodes.contains(&node.name);
        let subjects = self.nodes.iter().filter(is_subject);
        let is_done = |node: &&BoardRow| node.state == RowState::Done || node.stage > stage.id;
        let done = subjects.clone().filter(is_done).count();
        let text = match (stage.whole.as_str(), subjects.count()) {
            ("", 0 | 1) => String::new(),
            ("", all) => format!("{done} of {all} nodes"),
            (whole, _) => whole.to_owned(),
        };
        let name = self.palette.strong(format!("{:STAGE_WIDTH$}", stage.name));
        let elapsed = seconds(now.duration_since(stage.began));
        Some(format!("{spinner} {name} {elapsed:>7}  {text}").trim_end().to_owned())
    }

    fn node(&self, node: &BoardRow, name_width: usize, now: Instant) -> String {
        let palette = self.palette;
        let name = format!("{:name_width$}", node.name);
        let line = match node.state {
            RowState::ToCome => palette.faint(format!("  · {name}")),
            RowState::Done => {
                format!("  {} {}", palette.good("✓"), palette.faint(format!("{name}  {}", node.text)))
            }
            RowState::Failed => format!("  {} {name}  {}", palette.bad("✗"), node.text),
            RowState::Busy => {
                // The awaited state says more than the action.
                let missing = palette.caution(&node.missing);
                let text = if node.missing.is_empty() { &node.text } else { &missing };
                format!("  {} {name}  {text}", self.spinner(now))
            }
        };
        line.trim_end().to_owned()
    }

    fn spinner(&self, now: Instant) -> String {
        let frames = now.duration_since(self.born).as_millis() / FRAME.as_millis();
        let frame = usize::try_from(frames).unwrap_or(0) % SPINNER.len();
        self.palette.accent(SPINNER[frame])
    }
}

/// The result of a finished action.
fn outcome(action: &Action) -> String {
    match action {
        Action::Await(Condition::Answers) => "answers".to_owned(),
        Action::Await(condition) => condition.clause().to_owned(),
        Action::Engine(_) | Action::Server(_) => action.to_string(),
    }
}

#[cfg(test)]
mod tests;
