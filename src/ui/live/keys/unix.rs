//! Keys of a terminal. The terminal is opened a second time, so that reading it holds up nothing, and other processes
//! with the same stdin notice nothing.

use std::io::{self, IsTerminal as _};
use std::path::PathBuf;

use nix::sys::signal::{Signal, raise};
use nix::sys::termios::{InputFlags, LocalFlags, SetArg, Termios, tcgetattr, tcsetattr};
use nix::unistd::ttyname;
use tokio::net::unix::pipe::{OpenOptions, Receiver};

use super::Key;

/// What a terminal sends for Esc, and at the begin of arrows and function keys.
const ESCAPE: u8 = 0x1b;

/// The terminal of this process, if the terminal of stdin has no name here, as in some containers.
const OWN_TERMINAL: &str = "/dev/tty";

/// The keys of stdin. The terminal neither shows them nor makes signals of them until this is dropped.
pub(in crate::ui::live) struct Keys {
    /// `None`: stdin is no terminal.
    terminal: Option<Terminal>,
}

struct Terminal {
    input: Receiver,
    before: Termios,
}

impl Keys {
    pub(in crate::ui::live) fn listen() -> io::Result<Self> {
        let stdin = io::stdin();
        if !stdin.is_terminal() {
            return Ok(Self { terminal: None });
        }
        let path = ttyname(&stdin).unwrap_or_else(|_| PathBuf::from(OWN_TERMINAL));
        // Without keys, Ctrl-C is still a signal.
        let Ok(input) = OpenOptions::new().unchecked(true).open_receiver(path) else {
            return Ok(Self { terminal: None });
        };
        let before = tcgetattr(&stdin)?;
        let mut single_keys = before.clone();
        single_keys
            .local_flags
            .remove(LocalFlags::ICANON | LocalFlags::ECHO | LocalFlags::ISIG | LocalFlags::IEXTEN);
        // Ctrl-S would stop the output, and with it the program.
        single_keys.input_flags.remove(InputFlags::IXON);
        tcsetattr(&stdin, SetArg::TCSAFLUSH, &single_keys)?;
        Ok(Self { terminal: Some(Terminal { input, before }) })
    }

    /// The next key that means something. Without a terminal there is none.
    pub(in crate::ui::live) async fn next(&mut self) -> io::Result<Key> {
        let Some(Terminal { input, .. }) = &self.terminal else { return std::future::pending().await };
        let mut bytes = [0; 64];
        loop {
            input.readable().await?;
            match input.try_read(&mut bytes) {
                // The terminal is gone.
                Ok(0) => return std::future::pending().await,
                Ok(read) => {
                    if let Some(key) = key(bytes.get(..read).unwrap_or_default()) {
                        return Ok(key);
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        if let Some(Terminal { before, .. }) = &self.terminal {
            // A terminal that is gone needs no restoration.
            let _ = tcsetattr(io::stdin(), SetArg::TCSAFLUSH, before);
        }
    }
}

/// The first key in bytes that were read at once. An escape sequence is another key.
fn key(bytes: &[u8]) -> Option<Key> {
    match bytes {
        [ESCAPE] => Some(Key::Quit),
        [ESCAPE, ..] => None,
        bytes => bytes.iter().find_map(|byte| match byte {
            b'q' | b'Q' | 0x03 => Some(Key::Quit),
            0x0c => Some(Key::Redraw),
            0x1a => Some(Key::Suspend),
            _ => None,
        }),
    }
}

/// Stops this process, as Ctrl-Z does. Returns when a shell continues it.
pub(in crate::ui::live) fn suspend() -> io::Result<()> {
    Ok(raise(Signal::SIGTSTP)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrows_are_not_the_escape_key() {
        for (bytes, expected) in [
            (b"q" as &[u8], Some(Key::Quit)),
            (b"Q", Some(Key::Quit)),
            (b"\x03", Some(Key::Quit)),
            (b"\x1b", Some(Key::Quit)),
            (b"\x1b[A", None),
            (b"\x1bq", None),
            (b"\x0c", Some(Key::Redraw)),
            (b"\x1a", Some(Key::Suspend)),
            (b"xyzq", Some(Key::Quit)),
            (b"abc", None),
            (b"", None),
        ] {
            assert_eq!(key(bytes), expected, "{bytes:?}");
        }
    }
}
