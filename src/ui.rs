//! All output for the user. Only this part knows colours and terminals. It reads events, plans, reports and views.
//! Data goes to stdout, all else to stderr.

use std::io::{self, Write as _};

use serde::Serialize;

use crate::versioned::Versioned;

mod checks;
mod client_commands;
mod deployment_list;
mod diagnosis;
mod failure;
mod line_batches;
mod live;
mod messages;
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
mod results;
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
