//! `status --watch` on a terminal: a picture that is drawn anew when something has changed.

use std::io;
use std::time::Duration;

use super::{Palette, Ui};
use crate::status::LiveStatus;

mod columns;
mod frame;
mod keys;
mod numbers;
mod screen;
mod slot_bar;

use frame::frame;
use keys::Key;
use screen::{Screen, Size};

/// A live view of a deployment. It has the terminal for itself until it is dropped.
pub struct LiveView {
    screen: Screen,
    palette: Palette,
    #[cfg(unix)]
    resized: tokio::signal::unix::Signal,
}

/// What the user asks a view for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// To end.
    Quit,
    /// To draw again.
    Redraw,
}

impl Ui {
    /// A live view; `None`: stdout is no terminal that can be drawn on, or JSON is wanted.
    ///
    /// # Errors
    /// The terminal cannot be prepared.
    pub fn live_view(&self) -> io::Result<Option<LiveView>> {
        if self.is_json() || !self.facts.stdout_is_terminal || self.facts.dumb {
            return Ok(None);
        }
        LiveView::start(self.data).map(Some)
    }
}

impl LiveView {
    fn start(palette: Palette) -> io::Result<Self> {
        Ok(Self {
            #[cfg(unix)]
            resized: tokio::signal::unix::signal(tokio::signal::unix::SignalKind::window_change())?,
            screen: Screen::enter()?,
            palette,
        })
    }

    /// Shows the state of a deployment. `now` is the time since the begin of the watch.
    ///
    /// # Errors
    /// The terminal cannot be written.
    pub fn show(&mut self, live: &LiveStatus, now: Duration) -> io::Result<()> {
        let size = Size::of_terminal();
        self.screen.draw(frame(live, now, self.palette, size.width, size.height), size)
    }

    /// Waits for the next wish of the user: a key, or another size of the terminal.
    ///
    /// # Errors
    /// The terminal cannot be read.
    pub async fn wish(&mut self) -> io::Result<Wish> {
        let key = {
            #[cfg(unix)]
            tokio::select! {
                key = self.screen.key() => key?,
                _ = self.resized.recv() => return Ok(Wish::Redraw),
            }
            #[cfg(windows)]
            self.screen.key().await?
        };
        match key {
            Key::Quit => return Ok(Wish::Quit),
            Key::Redraw => self.screen.spoiled(),
            Key::Suspend => self.screen.suspend()?,
        }
        Ok(Wish::Redraw)
    }
}
