//! Renderers: listeners that show events. They do not know each other.

use std::io::Write;

use super::output_options::{Output, OutputOptions, Verbosity};
use super::palette::Palette;
use super::terminal_facts::TerminalFacts;
use crate::event::{Event, Listener};

mod board;
mod in_short;
mod json_lines;
mod plain;
mod progress;
#[cfg(test)]
mod testing;

use json_lines::JsonRenderer;
use plain::Plain;
use progress::ProgressRenderer;

/// A listener that shows events.
pub trait Renderer: Listener {
    /// Leaves the screen clean, so that an error or a result can be written. Later events are shown line by line.
    /// Dropping a renderer does this too.
    fn finish(&self) {}
}

/// Where lines for stderr go.
type Sink = Box<dyn Write + Send>;

/// Shows nothing. `main` prints errors.
struct NoRenderer;

impl Listener for NoRenderer {
    fn hear(&self, _: Event) {}
}

impl Renderer for NoRenderer {}

/// The renderer that fits.
///
/// With `-v` there are lines on a terminal too: every step stays to be read, and log lines do not
/// run into an animation.
pub(super) fn choose(options: OutputOptions, facts: TerminalFacts, palette: Palette) -> Box<dyn Renderer> {
    let stderr = || Box::new(std::io::stderr());
    match (options.verbosity, options.output) {
        (Verbosity::Quiet, _) => Box::new(NoRenderer),
        (_, Output::Json) => Box::new(JsonRenderer::new(stderr())),
        (Verbosity::Normal, Output::Text) if facts.animates() => {
            Box::new(ProgressRenderer::on_stderr(palette))
        }
        (verbosity, Output::Text) => Box::new(Plain::new(stderr(), palette, verbosity == Verbosity::Verbose)),
    }
}
