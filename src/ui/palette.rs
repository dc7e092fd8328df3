//! Colours by meaning. Without colour every function returns its text as it is.

use std::fmt::Display;

use console::Style;

/// The colours of one stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Palette {
    enabled: bool,
}

impl Palette {
    pub(super) fn new(enabled: bool) -> Self {
        Self { enabled }
    }

    /// Whether there are colours, so that words need not say everything.
    pub(super) fn is_enabled(self) -> bool {
        self.enabled
    }

    /// Well.
    pub(super) fn good(self, text: impl Display) -> String {
        self.paint(Style::new().green(), text)
    }

    /// Failed.
    pub(super) fn bad(self, text: impl Display) -> String {
        self.paint(Style::new().red().bold(), text)
    }

    /// Not as it should be.
    pub(super) fn caution(self, text: impl Display) -> String {
        self.paint(Style::new().yellow(), text)
    }

    /// What moves, and what can be typed.
    pub(super) fn accent(self, text: impl Display) -> String {
        self.paint(Style::new().cyan(), text)
    }

    /// Headings and names.
    pub(super) fn strong(self, text: impl Display) -> String {
        self.paint(Style::new().bold(), text)
    }

    /// Beside the point.
    pub(super) fn faint(self, text: impl Display) -> String {
        self.paint(Style::new().dim(), text)
    }

    /// The stream was judged already: console's own guess about stdout must not count.
    fn paint(self, style: Style, text: impl Display) -> String {
        style.force_styling(self.enabled).apply_to(text).to_string()
    }
}
