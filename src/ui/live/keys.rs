//! Keys that are pressed while a live view is on the screen.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub(super) use unix::{Keys, suspend};
#[cfg(windows)]
pub(super) use windows::{Keys, suspend};

/// A pressed key that means something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    /// `q`, Esc or Ctrl-C.
    Quit,
    /// Ctrl-L: the screen was spoiled.
    Redraw,
    /// Ctrl-Z.
    Suspend,
}
