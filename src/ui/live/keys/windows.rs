//! Keys of a console. A thread waits for them. It ends with the process.

use std::io;

use console::{Key as Pressed, Term};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::Key;

/// The keys of the console.
pub(in crate::ui::live) struct Keys(UnboundedReceiver<Key>);

impl Keys {
    pub(in crate::ui::live) fn listen() -> io::Result<Self> {
        let (sender, keys) = unbounded_channel();
        std::thread::Builder::new().name("keys".to_owned()).spawn(move || {
            while let Ok(pressed) = Term::stdout().read_key() {
                let key = match pressed {
                    Pressed::Char('q' | 'Q') | Pressed::Escape | Pressed::CtrlC => Key::Quit,
                    Pressed::Char('\u{c}') => Key::Redraw,
                    Pressed::Char('\u{1a}') => Key::Suspend,
                    _ => continue,
                };
                if sender.send(key).is_err() {
                    break;
                }
            }
        })?;
        Ok(Self(keys))
    }

    /// The next key that means something. Without a console there is none.
    pub(in crate::ui::live) async fn next(&mut self) -> io::Result<Key> {
        match self.0.recv().await {
            Some(key) => Ok(key),
            None => std::future::pending().await,
        }
    }
}

/// A console has no jobs to suspend.
pub(in crate::ui::live) fn suspend() -> io::Result<()> {
    Ok(())
}
