//! Messages on stderr: notes, warnings and errors, as text or as lines of JSON.

use super::{Failure, NoticePrinter, Output, Timings, Ui, Verbosity, failure, json_line, say, timings};
use crate::event::{JsonLine, Listener};
use crate::output::ErrorDocument;
use crate::spec::SpecError;

impl Ui {
    /// Writes the beginning of an image's output to stderr.
    pub fn run_heading(&self, image: &str) {
        self.note(&self.messages.strong(format!("--- {image}")));
    }

    /// A listener that prints notes and warnings when they happen.
    #[must_use]
    pub fn notices(&self) -> impl Listener {
        NoticePrinter(self)
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
