//! Renderers: the listeners that show what happens, siblings that know nothing of one another.

use std::io::Write;

use super::Palette;
use super::settings::{Output, Settings, Surroundings, Verbosity};
use crate::event::{Event, Listener};

mod board;
mod json_lines;
mod plain;
mod progress;

use json_lines::JsonLines;
use plain::Plain;
use progress::Progress;

/// A listener that shows what it hears.
pub trait Renderer: Listener {
    /// Leaves the screen clean, so that an error or a result can be written. What is heard later is
    /// shown all the same, line by line. Dropping a renderer does this too.
    fn finish(&self) {}
}

/// Where lines for stderr go.
type Sink = Box<dyn Write + Send>;

/// Shows nothing: errors are printed by `main`.
struct Silent;

impl Listener for Silent {
    fn hear(&self, _: Event) {}
}

impl Renderer for Silent {}

/// The renderer that fits.
///
/// With `-v` there are lines on a terminal too: every step stays to be read, and log lines do not
/// run into an animation.
pub(super) fn choose(settings: Settings, surroundings: Surroundings, palette: Palette) -> Box<dyn Renderer> {
    let stderr = || Box::new(std::io::stderr());
    match (settings.verbosity, settings.output) {
        (Verbosity::Quiet, _) => Box::new(Silent),
        (_, Output::Json) => Box::new(JsonLines::new(stderr())),
        (Verbosity::Normal, Output::Text) if surroundings.animates() => {
            Box::new(Progress::on_stderr(palette))
        }
        (verbosity, Output::Text) => Box::new(Plain::new(stderr(), palette, verbosity == Verbosity::Verbose)),
    }
}

/// The subjects of a stage in a few words: `shop-1`, `6 nodes`, or nothing for the deployment.
fn subjects_in_short(subjects: &[String], deployment: &str) -> String {
    let nodes: Vec<&String> = subjects.iter().filter(|subject| *subject != deployment).collect();
    match nodes.as_slice() {
        [] => String::new(),
        [only] => (*only).clone(),
        nodes => format!("{} nodes", nodes.len()),
    }
}

/// The first of what is missing, and how much more there is.
fn missing_in_short(missing: &[String]) -> String {
    match missing {
        [] => String::new(),
        [only] => only.clone(),
        [first, rest @ ..] => format!("{first} (and {} more)", rest.len()),
    }
}
