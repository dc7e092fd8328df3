//! A listener that ignores every event.

use crate::event::{Event, Listener};

/// Ignores every event.
#[derive(Debug, Clone, Copy)]
pub(super) struct Silent;

impl Listener for Silent {
    fn hear(&self, _: Event) {}
}
