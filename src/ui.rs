//! All output for the user. Only this part knows colours and terminals. It reads events, plans, reports and views.
//! Data goes to stdout, all else to stderr.

use std::io::{self, Write as _};

use serde::Serialize;

use crate::doctor::Diagnosis;
use crate::event::{JsonLine, Listener};
use crate::failover::FailedOver;
use crate::node_change::NodesChanged;
use crate::output::{
    DiagnosisDocument, ErrorDocument, LogLine, RemovedDocument, TopologyLine, UpDocument, ValidDocument,
};
use crate::plan::{Plan, PlanDocument};
use crate::removed::Removed;
use crate::report::{CheckResult, Outcome, Report, ReportDocument};
use crate::reset_result::ResetResult;
use crate::run_report::{RunDocument, RunResult};
use crate::spec::{Remarks, SecretText, SpecError};
use crate::status::{Change, DeploymentLine, StatusLine, StatusView};
use crate::topology::{NodeName, Topology};
use crate::up_result::{UpResult, Verification};
use crate::versioned::Versioned;

mod checks;
mod client_commands;
mod deployment_list;
mod diagnosis;
mod failure;
mod line_batches;
mod live;
mod nodes_changed;
mod notice_printer;
mod notices;
mod output_options;
mod palette;
mod plan;
mod prompt_lines;
mod renderer;
mod replies;
mod reset_summary;
mod run_table;
mod status;
mod table;
mod terminal_facts;
mod timings;
mod unread;
mod up_summary;

use notice_printer::NoticePrinter;

pub use checks::CheckLine;
pub use failure::Failure;
pub use line_batches::LineBatches;
pub use live::{LiveView, Wish};
pub use output_options::{ColourChoice, Output, OutputOptions, Verbosity};
pub use palette::Palette;
use prompt_lines::CtrlC;
pub use prompt_lines::PromptLines;
pub use renderer::Renderer;
pub use terminal_facts::TerminalFacts;
pub use timings::Timings;

/// The user's screen.
#[derive(Debug, Clone)]
pub struct Ui {
    options: OutputOptions,
    facts: TerminalFacts,
    /// Colours of stdout.
    data: Palette,
    /// Colours of stderr.
    messages: Palette,
}

impl Ui {
    /// A screen for known streams.
    #[must_use]
    pub fn new(options: OutputOptions, facts: TerminalFacts) -> Self {
        Self {
            options,
            facts,
            data: Palette::new(facts.colours(options.colour, facts.stdout_is_terminal)),
            messages: Palette::new(facts.colours(options.colour, facts.stderr_is_terminal)),
        }
    }

    /// A screen for this process's streams.
    #[must_use]
    pub fn detect(options: OutputOptions) -> Self {
        Self::new(options, TerminalFacts::detect())
    }

    /// Whether output on stderr has colours.
    #[must_use]
    pub fn colours_messages(&self) -> bool {
        self.messages.is_enabled()
    }

    /// Whether data is printed as JSON.
    #[must_use]
    pub fn is_json(&self) -> bool {
        self.options.output == Output::Json
    }

    /// The listener for these options and streams: an animation, lines, JSON lines, or silence.
    #[must_use]
    pub fn renderer(&self) -> Box<dyn Renderer> {
        renderer::choose(self.options, self.facts, self.messages)
    }

    /// The listener of `run`, which leaves the screen to the user's command: an animation that is cleared, or the notes
    /// and warnings alone.
    #[must_use]
    pub fn brief_renderer(&self) -> Box<dyn Renderer + '_> {
        if self.prints_lines() { Box::new(NoticePrinter(self)) } else { self.renderer() }
    }

    /// Whether [`Ui::renderer`] prints lines for people.
    fn prints_lines(&self) -> bool {
        let OutputOptions { output, verbosity, .. } = self.options;
        output == Output::Text && verbosity == Verbosity::Normal && !self.facts.animates()
    }

    /// Writes data to stdout unchanged.
    ///
    /// # Errors
    /// Stdout cannot be written. A reader that stops reading (`redisctl ls | head -1`) is no error.
    pub fn print(&self, text: &str) -> io::Result<()> {
        write(text.as_bytes())
    }

    /// Writes a JSON document to stdout.
    ///
    /// # Errors
    /// As [`Ui::print`].
    pub fn json(&self, value: &impl Serialize) -> io::Result<()> {
        self.print(&format!("{}\n", serde_json::to_string_pretty(value)?))
    }

    /// Writes a JSON document with its version to stdout.
    ///
    /// # Errors
    /// As [`Ui::print`].
    pub fn document(&self, document: impl Serialize) -> io::Result<()> {
        self.json(&Versioned::new(document))
    }

    /// Writes a plan, as text or as JSON.
    ///
    /// # Errors
    /// As [`Ui::print`].
    pub fn plan(&self, plan: &Plan) -> io::Result<()> {
        if self.is_json() {
            self.document(PlanDocument::new(plan))
        } else {
            self.print(&plan::render(plan, self.data))
        }
    }

    /// Writes a deployment's status, as text or as JSON.
    ///
    /// # Errors
    /// As [`Ui::print`].
    pub fn status(&self, status: &StatusView) -> io::Result<()> {
        if self.is_json() { self.document(status) } else { self.print(&status::render(status, self.data)) }
    }

    /// Writes a sample of a watched deployment as a line of JSON.
    ///
    /// # Errors
    /// As [`Ui::print`].
    pub fn status_line(&self, line: StatusLine<'_>) -> io::Result<()> {
        self.print(&json_line(line))
    }

    /// Writes a change of a watched deployment as a line of text, with its time of day.
    ///
    /// # Errors
    /// As [`Ui::print`].
    pub fn change(&self, time: &str, change: &Change) -> io::Result<()> {
        self.print(&format!("{} {change}\n", self.data.faint(time)))
    }

    /// Writes the list of deployments, as text or as JSON.
    ///
    /// # Errors
    /// As [`Ui::print`].
    pub fn deployments(&self, lines: &[DeploymentLine]) -> io::Result<()> {
        if self.is_json() {
            self.json(&lines)
        } else {
            self.print(&deployment_list::render(lines, self.data))
        }
    }

    /// Writes the result of `up`, as text or as JSON: the deployment in short, the commands to connect to it, and the
    /// checks.
    ///
    /// # Errors
    /// As [`Ui::print`].
    pub fn up(&self, topology: &Topology, done: &UpResult) -> io::Result<()> {
        if self.is_json() {
            return self.document(UpDocument::new(topology, done));
        }
        self.print(&up_summary::render(topology, &done.status, self.data))?;
        if let Some(Verification { report, took }) = &done.verification {
            self.print(&format!("\n{}", checks::in_short(&lines(report), *took, self.data)))?;
        }
        Ok(())
    }

    /// Writes the checks' results, as a table with a summary or as JSON. `explain` adds requests and replies.
    ///
    /// # Errors
    /// As [`Ui::print`].
    pub fn checks(&self, verified: &Verification, explain: bool) -> io::Result<()> {
        let Verification { report, took } = verified;
        if self.is_json() {
            return self.document(ReportDocument::new(report, explain));
        }
        if explain {
            self.print(&format!("{}\n", report.transcript_text()))?;
        }
        self.print(&checks::render(&lines(report), *took, self.data))
    }

    /// Writes the results of `run`: as JSON to stdout, otherwise a table for several images to stderr. Stdout belongs to
    /// the user's command.
    ///
    /// # Errors
    /// As [`Ui::print`].
    pub fn runs(&self, runs: &[RunResult]) -> io::Result<()> {
        if self.is_json() {
            return self.document(RunDocument::new(runs));
        }
        if runs.len() > 1 {
            say(&run_table::render(runs, self.messages));
        }
        Ok(())
    }

    /// Writes the beginning of an image's output to stderr.
    pub fn run_heading(&self, image: &str) {
        self.note(&self.messages.strong(format!("--- {image}")));
    }

    /// Writes the findings of `doctor`, as a table with hints or as JSON.
    ///
    /// # Errors
    /// As [`Ui::print`].
    pub fn diagnosis(&self, diagnosis: &Diagnosis) -> io::Result<()> {
        if self.is_json() {
            return self.document(DiagnosisDocument::new(diagnosis));
        }
        self.print(&diagnosis::render(diagnosis, self.data))
    }

    /// Writes the shipped topologies: name and summary of each, as text or as JSON.
    ///
    /// # Errors
    /// As [`Ui::print`].
    pub fn topologies(&self, specs: &[(&str, &str)]) -> io::Result<()> {
        if self.is_json() {
            let all: Vec<_> = specs.iter().map(|(name, summary)| TopologyLine { name, summary }).collect();
            return self.json(&all);
        }
        self.print(&notices::topologies(specs, self.data))
    }

    /// Writes that a spec is valid, as text or as JSON. Warnings go to stderr.
    ///
    /// # Errors
    /// As [`Ui::print`].
    pub fn valid(&self, source: &str, topology: &Topology, remarks: &Remarks) -> io::Result<()> {
        if self.is_json() {
            return self.document(ValidDocument {
                spec: source,
                valid: true,
                deployment: &topology.name,
                summary: topology.summary(),
                warnings: remarks.located(),
            });
        }
        let remarks = remarks.render(self.messages.is_enabled());
        if self.options.verbosity != Verbosity::Quiet && !remarks.is_empty() {
            say(&remarks);
        }
        self.print(&notices::valid(source, topology, self.data))
    }

    /// A listener that prints notes and warnings when they happen.
    #[must_use]
    pub fn notices(&self) -> impl Listener {
        NoticePrinter(self)
    }

    /// Writes the parts that `down` removed and kept, as text or as JSON.
    ///
    /// # Errors
    /// As [`Ui::print`].
    pub fn removed(&self, deployments: &[(String, Removed)]) -> io::Result<()> {
        if self.is_json() {
            return self.json(&RemovedDocument::new(deployments));
        }
        self.print(&notices::removed(deployments, self.data))
    }

    /// Writes the result of a change of nodes, as text or as JSON.
    ///
    /// # Errors
    /// As [`Ui::print`].
    pub fn nodes_changed(&self, result: &NodesChanged) -> io::Result<()> {
        if self.is_json() {
            return self.document(result);
        }
        self.print(&nodes_changed::render(result, self.data))
    }

    /// Writes the result of a change of nodes that is not over, as text. JSON is written at the end only.
    ///
    /// # Errors
    /// As [`Ui::print`].
    pub fn nodes_changed_so_far(&self, result: &NodesChanged) -> io::Result<()> {
        if self.is_json() { Ok(()) } else { self.nodes_changed(result) }
    }

    /// Writes the result of `failover`, as text or as JSON.
    ///
    /// # Errors
    /// As [`Ui::print`].
    pub fn failed_over(&self, result: &FailedOver) -> io::Result<()> {
        if self.is_json() { self.document(result) } else { self.print(&result.to_string()) }
    }

    /// Writes the result of `seed`, `snapshot` or `restore`, as text or as JSON.
    ///
    /// # Errors
    /// As [`Ui::print`].
    pub fn moved(&self, result: &(impl Serialize + std::fmt::Display)) -> io::Result<()> {
        if self.is_json() { self.document(result) } else { self.print(&format!("{result}\n")) }
    }

    /// Writes the result of `reset`, as text or as JSON.
    ///
    /// # Errors
    /// As [`Ui::print`].
    pub fn reset(&self, done: &ResetResult) -> io::Result<()> {
        if self.is_json() { self.document(done) } else { self.print(&reset_summary::render(done, self.data)) }
    }

    /// Writes a line of a node's log. Each of the `nodes` has its own colour.
    ///
    /// # Errors
    /// As [`Ui::print`].
    pub fn log_line(&self, nodes: &[NodeName], node: &NodeName, line: &str) -> io::Result<()> {
        if self.is_json() {
            return self.print(&json_line(LogLine { node: node.as_str(), line }));
        }
        let width = nodes.iter().map(|node| node.as_str().len()).max().unwrap_or_default();
        let position = nodes.iter().position(|other| other == node).unwrap_or_default();
        let name = format!("{:width$} |", node.as_str());
        self.print(&format!("{} {line}\n", self.data.distinct(position, name)))
    }

    /// Whether stdin and stdout are terminals, for a prompt.
    #[must_use]
    pub fn has_prompt(&self) -> bool {
        self.facts.stdin_is_terminal && self.facts.stdout_is_terminal
    }

    /// Lines that the user types at a prompt.
    ///
    /// # Errors
    /// The terminal cannot be prepared.
    pub fn prompt_lines(&self) -> io::Result<PromptLines> {
        PromptLines::start(CtrlC::DiscardsLine)
    }

    /// Answers that the user types to questions. Ctrl-C and Esc end them.
    ///
    /// # Errors
    /// The terminal cannot be prepared.
    pub fn typed_answers(&self) -> io::Result<PromptLines> {
        PromptLines::start(CtrlC::Ends)
    }

    /// Lines of stdin from a program or a file.
    ///
    /// # Errors
    /// Stdin cannot be read.
    pub fn line_batches(&self) -> io::Result<LineBatches> {
        LineBatches::start()
    }

    /// Clears the terminal.
    ///
    /// # Errors
    /// As [`Ui::print`].
    pub fn clear(&self) -> io::Result<()> {
        console::Term::stdout().clear_screen()
    }

    /// Writes connection settings with passwords, for `env`.
    ///
    /// # Errors
    /// As [`Ui::print`].
    pub fn connection(&self, settings: &SecretText) -> io::Result<()> {
        self.print(settings.expose())
    }

    /// Writes the duration of each phase to stderr.
    pub fn timings(&self, timings: &Timings<'_>) {
        say(&timings::render(&timings.phases(), self.messages));
    }

    /// Writes an error with its causes and hint to stderr, even with `--quiet`. With `--output json`, it is JSON.
    pub fn error(&self, failure: &Failure) {
        if self.is_json() {
            say(&json_line(failure::document(failure)));
        } else {
            say(&failure::render(failure, self.messages));
        }
    }

    /// Writes a spec's problems to stderr, each with its place. With `--output json`, they are JSON.
    pub fn spec_error(&self, error: &SpecError) {
        if self.is_json() {
            say(&json_line(ErrorDocument::Spec { error: error.to_string(), problems: error.located() }));
        } else {
            say(&error.render(self.messages.is_enabled()));
        }
    }

    /// Writes that the user interrupted the command, and the next thing to do, if there is any.
    pub fn interrupted(&self, hint: Option<&str>) {
        let hint = hint.map(str::to_owned);
        self.error(&Failure { message: "interrupted".to_owned(), hint, ..Failure::default() });
    }

    /// Writes a warning to stderr, as text or as an event.
    pub fn warning(&self, message: &str) {
        match (self.options.verbosity, self.options.output) {
            (Verbosity::Quiet, _) => {}
            (_, Output::Json) => say(&json_line(JsonLine::Warning { message: message.to_owned() })),
            (_, Output::Text) => say(&format!("{} {message}\n", self.messages.caution("warning:"))),
        }
    }

    /// Writes a remark to stderr, as text or as an event.
    pub fn note(&self, message: &str) {
        match (self.options.verbosity, self.options.output) {
            (Verbosity::Quiet, _) => {}
            (_, Output::Json) => say(&json_line(JsonLine::Note { message: message.to_owned() })),
            (_, Output::Text) => say(&format!("{message}\n")),
        }
    }
}

/// Writes to stdout.
fn write(bytes: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    reader_may_leave(stdout.write_all(bytes).and_then(|()| stdout.flush()))
}

/// Writes to stderr. Errors are ignored: if stderr is closed, there is no way to report them.
fn say(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// A document with its version as a line.
fn json_line(document: impl Serialize) -> String {
    let line = serde_json::to_string(&Versioned::new(document)).expect("a document has only names as keys");
    format!("{line}\n")
}

/// A report's checks as lines of a table.
fn lines(report: &Report) -> Vec<CheckLine> {
    let line = |check: &CheckResult| CheckLine {
        name: check.name.to_owned(),
        node: check.node.as_ref().map(ToString::to_string),
        passed: check.outcome == Outcome::Passed,
        detail: check.detail.clone(),
    };
    report.checks.iter().map(line).collect()
}

/// A reader that stops reading is no failure.
fn reader_may_leave(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_reader_that_leaves_is_forgiven() {
        assert!(reader_may_leave(Err(io::ErrorKind::BrokenPipe.into())).is_ok());
        assert!(reader_may_leave(Err(io::ErrorKind::StorageFull.into())).is_err());
    }
}
