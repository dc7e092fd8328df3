//! What the animation shows: a header for the stage, a line per node. Told by events, drawn as
//! lines of text; it knows no terminal but its size.

use std::time::{Duration, Instant};

use console::truncate_str;
use indicatif::HumanBytes;

use super::{missing_in_short, subjects_in_short};
use crate::event::Event;
use crate::topology::NodeName;
use crate::ui::Palette;
use crate::ui::timings::seconds;

/// At most so many nodes have a line: as many as the executor works on at a time.
const MOST_ROWS: usize = 12;

/// How long each of the spinner's pictures stays.
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
    deployment: String,
    stage: Option<Stage>,
    nodes: Vec<Node>,
    /// The nodes that have a line. One that is done gives its line to one that begins, so that lines
    /// neither move nor change in number.
    rows: Vec<NodeName>,
}

struct Stage {
    name: String,
    began: Instant,
    subjects: Vec<String>,
    /// What is being done with the deployment as a whole.
    whole: String,
}

struct Node {
    name: NodeName,
    state: State,
    text: String,
    /// What it waits for.
    missing: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    ToCome,
    Busy,
    Done,
    Failed,
}

impl Board {
    pub(super) fn new(palette: Palette, born: Instant) -> Self {
        let (nodes, rows) = (Vec::new(), Vec::new());
        Self { palette, born, deployment: String::new(), stage: None, nodes, rows }
    }

    /// Takes an event; what is returned is a line to stay on the screen.
    pub(super) fn hear(&mut self, event: Event, now: Instant) -> Option<String> {
        let palette = self.palette;
        match event {
            Event::Planned { .. } => {}
            Event::PlanStarted { deployment, .. } => self.deployment = deployment,
            Event::StageStarted { stage, subjects } => self.begin(stage, subjects, now),
            Event::StepStarted { subject, action } => self.step(&subject, State::Busy, &action),
            Event::StepFinished { subject, action } => {
                let came_true =
                    action.strip_prefix("wait until it ").or_else(|| action.strip_prefix("wait until "));
                self.step(&subject, State::Done, came_true.unwrap_or(&action));
            }
            Event::StepFailed { subject, action, .. } => {
                self.step(&subject, State::Failed, &action);
                return Some(format!("{} {subject}  {action}", palette.bad("✗")));
            }
            Event::Waiting { subject, missing } => self.waiting(&subject, &missing),
            Event::Pulling { reference, done, total } => self.pulling(&reference, done, total),
            Event::StageFinished { stage, took } => {
                let subjects = self.stage.take().map(|stage| stage.subjects).unwrap_or_default();
                let subjects = subjects_in_short(&subjects, &self.deployment);
                let line =
                    format!("{} {stage:STAGE_WIDTH$} {:>7}  {subjects}", palette.good("✓"), seconds(took));
                return Some(line.trim_end().to_owned());
            }
            Event::Note { message } => return Some(message),
            Event::Warning { message } => {
                return Some(format!("{} {message}", palette.caution("warning:")));
            }
        }
        None
    }

    fn begin(&mut self, name: String, subjects: Vec<String>, now: Instant) {
        for subject in subjects.iter().filter(|subject| **subject != self.deployment) {
            let name = NodeName::from_label(subject);
            match self.nodes.iter_mut().find(|node| node.name == name) {
                Some(node) => {
                    node.state = State::ToCome;
                    node.text.clear();
                    node.missing.clear();
                }
                None => self.nodes.push(Node {
                    name,
                    state: State::ToCome,
                    text: String::new(),
                    missing: String::new(),
                }),
            }
        }
        self.nodes.sort_by(|one, other| one.name.cmp(&other.name));
        self.rows = self.nodes.iter().take(MOST_ROWS).map(|node| node.name.clone()).collect();
        self.stage = Some(Stage { name, began: now, subjects, whole: String::new() });
    }

    fn step(&mut self, subject: &str, state: State, text: &str) {
        let Some(node) = self.nodes.iter_mut().find(|node| node.name.as_str() == subject) else {
            if let Some(stage) = &mut self.stage {
                text.clone_into(&mut stage.whole);
            }
            return;
        };
        node.state = state;
        text.clone_into(&mut node.text);
        node.missing.clear();
        let name = node.name.clone();
        if state == State::Busy {
            self.seat(name);
        }
    }

    /// Sees to it that a busy node has a line.
    fn seat(&mut self, name: NodeName) {
        if self.rows.contains(&name) {
            return;
        }
        let is_busy =
            |row: &NodeName| self.nodes.iter().any(|node| node.name == *row && node.state == State::Busy);
        let free = self.rows.iter().position(|row| !is_busy(row));
        if let Some(row) = free.and_then(|position| self.rows.get_mut(position)) {
            *row = name;
        }
    }

    fn waiting(&mut self, subject: &str, missing: &[String]) {
        let missing = missing_in_short(missing);
        match self.nodes.iter_mut().find(|node| node.name.as_str() == subject) {
            // The line begins with the node's name already.
            Some(node) => {
                let own = missing.strip_prefix(subject).map(|own| own.trim_start_matches([':', ' ']));
                own.unwrap_or(&missing).clone_into(&mut node.missing);
            }
            None => {
                if let Some(stage) = &mut self.stage {
                    stage.whole = missing;
                }
            }
        }
    }

    fn pulling(&mut self, reference: &str, done: u64, total: u64) {
        let Some(stage) = &mut self.stage else { return };
        let filled = (done * BAR_WIDTH).checked_div(total).unwrap_or(0).min(BAR_WIDTH);
        let bar: String = (0..BAR_WIDTH).map(|cell| if cell < filled { '━' } else { '╌' }).collect();
        let bytes = format!("{} of {}", HumanBytes(done), HumanBytes(total));
        stage.whole = format!("{} {bytes}  {reference}", self.palette.accent(bar));
    }

    /// The picture at a moment, in a terminal of `height` lines of `width` characters.
    pub(super) fn lines(&self, now: Instant, height: usize, width: usize) -> Vec<String> {
        let Some(header) = self.header(now) else { return Vec::new() };
        let mut lines = vec![header];
        // The header, the line about the others, and the line that the cursor is on.
        let room = height.saturating_sub(3);
        let shown: Vec<&Node> = self
            .rows
            .iter()
            .take(room)
            .filter_map(|row| self.nodes.iter().find(|node| node.name == *row))
            .collect();
        let name_width = self.nodes.iter().map(|node| node.name.as_str().len()).max().unwrap_or(0);
        lines.extend(shown.iter().map(|node| self.node(node, name_width, now)));
        let hidden = self.nodes.len() - shown.len();
        if hidden > 0 {
            let is_hidden = |node: &&Node| !shown.iter().any(|other| other.name == node.name);
            let to_come = self.nodes.iter().filter(is_hidden).filter(|node| node.state == State::ToCome);
            let text = format!("  … {hidden} more nodes, {} to come", to_come.count());
            lines.push(self.palette.faint(text));
        }
        lines.into_iter().map(|line| truncate_str(&line, width, "…").into_owned()).collect()
    }

    fn header(&self, now: Instant) -> Option<String> {
        let spinner = self.spinner(now);
        let Some(stage) = &self.stage else {
            // Between stages the picture stays, or it would flicker.
            let begun = !self.deployment.is_empty();
            return begun.then(|| format!("{spinner} {}", self.deployment));
        };
        let is_subject = |node: &&Node| stage.subjects.iter().any(|subject| subject == node.name.as_str());
        let subjects = self.nodes.iter().filter(is_subject);
        let done = subjects.clone().filter(|node| node.state == State::Done).count();
        let text = match (stage.whole.as_str(), subjects.count()) {
            ("", 0 | 1) => String::new(),
            ("", all) => format!("{done} of {all} nodes"),
            (whole, _) => whole.to_owned(),
        };
        let name = self.palette.strong(format!("{:STAGE_WIDTH$}", stage.name));
        let elapsed = seconds(now.duration_since(stage.began));
        Some(format!("{spinner} {name} {elapsed:>7}  {text}").trim_end().to_owned())
    }

    fn node(&self, node: &Node, name_width: usize, now: Instant) -> String {
        let palette = self.palette;
        let name = format!("{:name_width$}", node.name);
        let line = match node.state {
            State::ToCome => palette.faint(format!("  · {name}")),
            State::Done => {
                format!("  {} {}", palette.good("✓"), palette.faint(format!("{name}  {}", node.text)))
            }
            State::Failed => format!("  {} {name}  {}", palette.bad("✗"), node.text),
            State::Busy => {
                // What is missing says what it waits for.
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

#[cfg(test)]
mod tests;
