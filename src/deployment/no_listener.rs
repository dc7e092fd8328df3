//! A listener that ignores every event.

use crate::event::{Event, Listener};

/// Ignores every event.
#[derive(Debug, Clone, Copy)]
pub(super) struct NoListener;

impl Listener for NoListener {
    fn hear(&self, _: Event) {}
}
