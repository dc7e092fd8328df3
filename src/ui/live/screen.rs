//! A terminal that a view has for itself. It is as before when this is dropped.

use std::fmt::Write as _;
use std::io;

use console::{Term, measure_text_width};

use super::keys::{Key, Keys, suspend};
use crate::ui::write;

/// The alternate screen, without cursor and line wrapping.
const ENTER: &str = "\x1b[?1049h\x1b[?25l\x1b[?7l";

/// The opposite of [`ENTER`], in the opposite order.
const LEAVE: &str = "\x1b[?7h\x1b[?25h\x1b[?1049l";

/// Around a frame: terminals that know it show the frame at once. Others ignore it.
const SYNCHRONISED: [&str; 2] = ["\x1b[?2026h", "\x1b[?2026l"];

/// The screen, and the keys that are pressed meanwhile.
pub(super) struct Screen {
    /// `None`: the process is suspended.
    keys: Option<Keys>,
    /// The lines on the screen.
    drawn: Vec<String>,
    size: Size,
}

/// The size of a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Size {
    /// The characters of a line, at least 1.
    pub(super) width: usize,
    /// The lines, at least 1.
    pub(super) height: usize,
}

impl Size {
    pub(super) fn of_terminal() -> Self {
        let (height, width) = Term::stdout().size();
        Self { width: usize::from(width.max(1)), height: usize::from(height.max(1)) }
    }
}

impl Screen {
    /// Takes the terminal.
    pub(super) fn enter() -> io::Result<Self> {
        let screen = Self { keys: Some(Keys::listen()?), drawn: Vec::new(), size: Size::of_terminal() };
        write(ENTER.as_bytes())?;
        Ok(screen)
    }

    /// Shows a frame for a size, in one write. Lines that have not changed are not written.
    pub(super) fn draw(&mut self, lines: Vec<String>, size: Size) -> io::Result<()> {
        if size != self.size {
            self.spoiled();
            self.size = size;
        }
        let text = difference(&self.drawn, &lines, size);
        self.drawn = lines;
        if text.is_empty() { Ok(()) } else { write(text.as_bytes()) }
    }

    /// Draws everything next time.
    pub(super) fn spoiled(&mut self) {
        self.drawn.clear();
    }

    /// The next key.
    pub(super) async fn key(&mut self) -> io::Result<Key> {
        match &mut self.keys {
            Some(keys) => keys.next().await,
            None => std::future::pending().await,
        }
    }

    /// Gives the terminal back, stops the process, and takes the terminal again when the process continues.
    pub(super) fn suspend(&mut self) -> io::Result<()> {
        write(LEAVE.as_bytes())?;
        self.keys = None;
        suspend()?;
        self.keys = Some(Keys::listen()?);
        self.spoiled();
        write(ENTER.as_bytes())
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // A terminal that is gone needs no restoration.
        let _ = write(LEAVE.as_bytes());
    }
}

/// The text that makes one frame of another; of all lines if none is on the screen.
fn difference(before: &[String], now: &[String], size: Size) -> String {
    let mut text = String::new();
    for (row, line) in now.iter().enumerate().filter(|(row, line)| before.get(*row) != Some(line)) {
        // Writing to a String cannot fail.
        let _ = write!(text, "\x1b[{};1H{line}\x1b[0m", row + 1);
        // The cursor stays on the last character of a full line, and would erase it.
        if measure_text_width(line) < size.width {
            text.push_str("\x1b[K");
        }
    }
    if (before.is_empty() || before.len() > now.len()) && now.len() < size.height {
        let _ = write!(text, "\x1b[{};1H\x1b[J", now.len() + 1);
    }
    if text.is_empty() { text } else { [SYNCHRONISED[0], &text, SYNCHRONISED[1]].concat() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_changed_lines_are_written() {
        let frame = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
        let text = |before: &[&str], now: &[&str]| {
            difference(&frame(before), &frame(now), Size { width: 3, height: 2 }).replace('\x1b', "^")
        };
        assert_eq!(text(&["a", "b"], &["a", "b"]), "");
        assert_eq!(text(&["a", "b"], &["a", "c"]), "^[?2026h^[2;1Hc^[0m^[K^[?2026l");
        assert_eq!(text(&["a", "b"], &["a"]), "^[?2026h^[2;1H^[J^[?2026l");
        assert_eq!(text(&[], &["a"]), "^[?2026h^[1;1Ha^[0m^[K^[2;1H^[J^[?2026l");
        // Neither the last character nor the last line is erased.
        assert_eq!(text(&[], &["abc", "b"]), "^[?2026h^[1;1Habc^[0m^[2;1Hb^[0m^[K^[?2026l");
    }
}
