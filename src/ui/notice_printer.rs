//! Prints the notes and warnings of a run as they come, and nothing else.

use super::{Renderer, Ui};
use crate::event::{Event, Listener};

/// The listener of a command without a plan.
pub(super) struct NoticePrinter<'a>(pub(super) &'a Ui);

impl Listener for NoticePrinter<'_> {
    fn hear(&self, event: Event) {
        match event {
            Event::Note(note) => self.0.note(&note.to_string()),
            Event::Warning(warning) => self.0.warning(&warning.to_string()),
            _ => {}
        }
    }
}

impl Renderer for NoticePrinter<'_> {}
