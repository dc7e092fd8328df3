//! Renderers: listeners that show events. Each is independent of the others.

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
    /// Clears the screen for an error or a result. Later events are shown line by line. Dropping a renderer clears
    /// the screen, too.
    fn finish(&self) {}
}

/// The target of lines for stderr.
type Sink = Box<dyn Write + Send>;

/// Shows nothing. `main` prints errors.
struct NoRenderer;

impl Listener for NoRenderer {
    fn hear(&self, _: Event) {}
}

impl Renderer for NoRenderer {}

/// The renderer for these options.
///
/// With `-v`, a terminal gets lines too. So every step stays readable, and log lines do not disturb an animation.
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
