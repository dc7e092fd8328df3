//! Colours by meaning. Without colours, every function returns its text unchanged.

use std::fmt::Display;

use console::Style;

/// The colours of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Palette {
    enabled: bool,
}

impl Palette {
    pub(super) fn new(enabled: bool) -> Self {
        Self { enabled }
    }

    /// Whether output has colours. Without colours, the text must carry the meaning.
    pub(super) fn is_enabled(self) -> bool {
        self.enabled
    }

    /// Success.
    pub(super) fn good(self, text: impl Display) -> String {
        self.paint(Style::new().green(), text)
    }

    /// Failure.
    pub(super) fn bad(self, text: impl Display) -> String {
        self.paint(Style::new().red().bold(), text)
    }

    /// A warning.
    pub(super) fn caution(self, text: impl Display) -> String {
        self.paint(Style::new().yellow(), text)
    }

    /// Progress, and text to type.
    pub(super) fn accent(self, text: impl Display) -> String {
        self.paint(Style::new().cyan(), text)
    }

    /// Headings and names.
    pub(super) fn strong(self, text: impl Display) -> String {
        self.paint(Style::new().bold(), text)
    }

    /// Less important text.
    pub(super) fn faint(self, text: impl Display) -> String {
        self.paint(Style::new().dim(), text)
    }

    /// One of several things that are told apart. Its colour depends on its position only.
    pub(super) fn distinct(self, position: usize, text: impl Display) -> String {
        let style = Style::new();
        let colours: [fn(Style) -> Style; 6] =
            [Style::cyan, Style::yellow, Style::green, Style::magenta, Style::blue, Style::red];
        let style = colours[position % colours.len()](style);
        // After six colours, the same in bold.
        self.paint(if position / colours.len() % 2 == 1 { style.bold() } else { style }, text)
    }

    /// Paints with this palette's choice. `console` decides by stdout only.
    fn paint(self, style: Style, text: impl Display) -> String {
        style.force_styling(self.enabled).apply_to(text).to_string()
    }
}
