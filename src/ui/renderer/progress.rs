//! The animation on a terminal: redraws the [`Board`], with finished stages above it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use console::Term;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::Renderer;
use super::board::{Board, FRAME};
use crate::event::{Event, Listener};
use crate::ui::Palette;

/// Draws on a terminal. A thread of indicatif redraws the picture.
pub(super) struct ProgressRenderer {
    board: Arc<Mutex<Board>>,
    bar: ProgressBar,
}

impl ProgressRenderer {
    pub(super) fn on_stderr(palette: Palette) -> Self {
        let size = || {
            let (height, width) = Term::stderr().size();
            (usize::from(height), usize::from(width))
        };
        let progress = Self::new(ProgressDrawTarget::stderr(), palette, size);
        progress.bar.enable_steady_tick(FRAME);
        progress
    }

    /// `size` tells the terminal's lines and characters per line.
    fn new(
        target: ProgressDrawTarget,
        palette: Palette,
        size: impl Fn() -> (usize, usize) + Clone + Send + Sync + 'static,
    ) -> Self {
        let board = Arc::new(Mutex::new(Board::new(palette, Instant::now())));
        let drawn = Arc::clone(&board);
        // A single bar holds the whole picture, so that indicatif always draws all of it.
        let style = ProgressStyle::with_template("{board}")
            .unwrap_or_else(|_| ProgressStyle::default_spinner())
            .with_key("board", move |_: &indicatif::ProgressState, text: &mut dyn std::fmt::Write| {
                let (height, width) = size();
                let board = drawn.lock().unwrap_or_else(PoisonError::into_inner);
                // Writing to a string cannot fail.
                let _ = text.write_str(&board.lines(Instant::now(), height, width).join("\n"));
            });
        let bar = ProgressBar::with_draw_target(None, target).with_style(style);
        Self { board, bar }
    }
}

impl Listener for ProgressRenderer {
    fn hear(&self, event: Event) {
        // The lock on the board ends before the bar draws the board.
        let line = self.board.lock().unwrap_or_else(PoisonError::into_inner).hear(event, Instant::now());
        if let Some(line) = line {
            self.bar.println(line);
        }
    }
}

impl Renderer for ProgressRenderer {
    fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl Drop for ProgressRenderer {
    fn drop(&mut self) {
        self.finish();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use indicatif::InMemoryTerm;

    use super::*;
    use crate::plan::testing;

    #[test]
    fn finished_stages_stay_and_the_picture_goes() {
        let terminal = InMemoryTerm::new(24, 80);
        let target = ProgressDrawTarget::term_like(Box::new(terminal.clone()));
        let progress = ProgressRenderer::new(target, Palette::new(false), || (24, 80));
        let plan = Arc::new(testing::starting(2));
        let stages = testing::stage_ids(&plan);
        progress.hear(Event::PlanStarted { plan });
        for (stage, took) in stages.into_iter().zip([400, 1200]) {
            progress.hear(Event::StageStarted { stage });
            progress.bar.tick();
            progress.hear(Event::StageFinished { stage, took: Duration::from_millis(took) });
        }
        assert!(terminal.contents().contains("  · shop-2"), "{}", terminal.contents());
        progress.finish();
        insta::assert_snapshot!(terminal.contents(), @"
        ✓ image                 0.4 s
        ✓ start                 1.2 s  2 nodes
        ");
        progress.hear(Event::Warning(crate::event::Warning::OutOfMemory {
            container: "shop-1".to_owned(),
            why: "late".to_owned(),
        }));
        assert!(terminal.contents().ends_with("\nwarning: shop-1: late"), "{}", terminal.contents());
    }
}
