//! Everything that the user sees: the only place that knows colour and terminals. It reads events,
//! plans, reports and views; data goes to stdout, everything else to stderr.

use std::io::{self, Write as _};
use std::time::Duration;

use serde::Serialize;

use crate::connection::{ConnectionSettings, Format};
use crate::plan::Plan;
use crate::status::{DeploymentLine, StatusView};
use crate::topology::Topology;

mod checks;
mod failure;
mod glance;
mod list;
mod palette;
mod plan;
mod renderer;
mod settings;
mod status;
mod table;
mod timings;

pub use checks::CheckLine;
pub use palette::Palette;
pub use renderer::Renderer;
pub use settings::{ColourChoice, Output, Settings, Surroundings, Verbosity};
pub use timings::Timings;

/// The user's screen.
#[derive(Debug, Clone)]
pub struct Ui {
    settings: Settings,
    surroundings: Surroundings,
    /// Colours of stdout.
    data: Palette,
    /// Colours of stderr.
    messages: Palette,
}

impl Ui {
    /// A screen in known surroundings.
    #[must_use]
    pub fn new(settings: Settings, surroundings: Surroundings) -> Self {
        Self {
            settings,
            surroundings,
            data: Palette::new(surroundings.colours(settings.colour, surroundings.stdout_is_terminal)),
            messages: Palette::new(surroundings.colours(settings.colour, surroundings.stderr_is_terminal)),
        }
    }

    /// A screen in this process's surroundings.
    #[must_use]
    pub fn detect(settings: Settings) -> Self {
        Self::new(settings, Surroundings::detect())
    }

    /// Whether data is asked for as JSON.
    #[must_use]
    pub fn is_json(&self) -> bool {
        self.settings.output == Output::Json
    }

    /// The listener that fits the surroundings: an animation, lines, JSON lines, or silence.
    #[must_use]
    pub fn renderer(&self) -> Box<dyn Renderer> {
        renderer::choose(self.settings, self.surroundings, self.messages)
    }

    /// Writes data to stdout as it is.
    ///
    /// # Errors
    /// Where stdout cannot be written; that nobody reads it any more (`redisctl ls | head -1`) is none.
    pub fn print(&self, text: &str) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        reader_may_leave(stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()))
    }

    /// Writes one JSON document to stdout.
    ///
    /// # Errors
    /// As [`Ui::print`].
    pub fn json(&self, value: &impl Serialize) -> io::Result<()> {
        self.print(&format!("{}\n", serde_json::to_string_pretty(value)?))
    }

    /// Writes a plan, as text or as JSON.
    ///
    /// # Errors
    /// As [`Ui::print`].
    pub fn plan(&self, plan: &Plan) -> io::Result<()> {
        if self.is_json() { self.json(&plan.to_json()) } else { self.print(&plan::render(plan, self.data)) }
    }

    /// Writes a deployment's status, as text or as JSON.
    ///
    /// # Errors
    /// As [`Ui::print`].
    pub fn status(&self, status: &StatusView) -> io::Result<()> {
        if self.is_json() { self.json(status) } else { self.print(&status::render(status, self.data)) }
    }

    /// Writes the list of deployments, as text or as JSON.
    ///
    /// # Errors
    /// As [`Ui::print`].
    pub fn deployments(&self, lines: &[DeploymentLine]) -> io::Result<()> {
        if self.is_json() { self.json(&lines) } else { self.print(&list::render(lines, self.data)) }
    }

    /// Writes what `up` has made and how to connect to it, as text. The JSON of `up` is the
    /// caller's to compose.
    ///
    /// # Errors
    /// As [`Ui::print`].
    pub fn glance(&self, topology: &Topology, status: &StatusView) -> io::Result<()> {
        self.print(&glance::render(topology, status, self.data))
    }

    /// Writes the checks' results as a table with a summary. The JSON is the report's own.
    ///
    /// # Errors
    /// As [`Ui::print`].
    pub fn checks(&self, checks: &[CheckLine], took: Duration) -> io::Result<()> {
        self.print(&checks::render(checks, took, self.data))
    }

    /// Writes the checks' summary alone, and those that failed: for the end of `up`.
    ///
    /// # Errors
    /// As [`Ui::print`].
    pub fn checks_in_short(&self, checks: &[CheckLine], took: Duration) -> io::Result<()> {
        self.print(&checks::in_short(checks, took, self.data))
    }

    /// Writes connection settings, passwords in the clear: that is what `env` is asked for.
    ///
    /// # Errors
    /// As [`Ui::print`].
    pub fn connection(&self, settings: &ConnectionSettings, format: Format) -> io::Result<()> {
        self.print(settings.render(format).expose())
    }

    /// Writes to stderr how long each phase took.
    pub fn timings(&self, timings: &Timings<'_>) {
        say(&timings::render(&timings.phases(), self.messages));
    }

    /// Writes an error, its causes and the hint what to do about it to stderr, however quiet the
    /// user wants it.
    pub fn error(&self, message: &str, causes: &[String], hint: Option<&str>) {
        say(&failure::render(message, causes, hint, self.messages));
    }

    /// Writes a warning to stderr.
    pub fn warning(&self, message: &str) {
        if self.settings.verbosity != Verbosity::Quiet {
            say(&format!("{} {message}\n", self.messages.caution("warning:")));
        }
    }

    /// Writes a remark to stderr.
    pub fn note(&self, message: &str) {
        if self.settings.verbosity != Verbosity::Quiet {
            say(&format!("{message}\n"));
        }
    }
}

/// Writes to stderr. Where it is gone, nobody is left to tell.
fn say(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// A reader that has seen enough is no failure of the writer's.
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
