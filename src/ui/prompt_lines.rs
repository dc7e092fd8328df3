//! Lines that the user types at a prompt.

use std::io;
use std::sync::mpsc as blocking;

use rustyline::error::ReadlineError;
use rustyline::{Cmd, Config, DefaultEditor, KeyCode, KeyEvent, Modifiers};
use tokio::sync::mpsc;

/// Typed lines, with editing and history. A separate thread reads them, so that waiting for a line never blocks the
/// program or its end. The history is not saved, because a line may contain passwords.
pub struct PromptLines {
    prompts: blocking::Sender<String>,
    read: mpsc::UnboundedReceiver<io::Result<String>>,
}

/// After this time in milliseconds, an Esc is a key of its own, and not the beginning of an arrow key.
const ESCAPE_TIMEOUT: u16 = 100;

/// What Ctrl-C does at a prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CtrlC {
    /// It discards the line, and the prompt stays.
    DiscardsLine,
    /// It ends the input, and Esc does, too.
    Ends,
}

impl PromptLines {
    pub(super) fn start(ctrl_c: CtrlC) -> io::Result<Self> {
        let (prompts, wanted) = blocking::channel::<String>();
        let (sender, read) = mpsc::unbounded_channel();
        let mut config = Config::builder();
        if ctrl_c == CtrlC::Ends {
            config = config.keyseq_timeout(Some(ESCAPE_TIMEOUT));
        }
        let mut editor = DefaultEditor::with_config(config.build()).map_err(io_error)?;
        if ctrl_c == CtrlC::Ends {
            editor.bind_sequence(KeyEvent(KeyCode::Esc, Modifiers::NONE), Cmd::Interrupt);
        }
        std::thread::Builder::new().name("lines".to_owned()).spawn(move || {
            for prompt in wanted {
                let Some(line) = edited(&mut editor, &prompt, ctrl_c).transpose() else { break };
                if sender.send(line).is_err() {
                    break;
                }
            }
        })?;
        Ok(Self { prompts, read })
    }

    /// The next line, without its end; `None` at the end of the input.
    ///
    /// # Errors
    /// Stdin cannot be read.
    pub async fn next(&mut self, prompt: &str) -> io::Result<Option<String>> {
        if self.prompts.send(prompt.to_owned()).is_err() {
            return Ok(None);
        }
        self.read.recv().await.transpose()
    }
}

fn edited(editor: &mut DefaultEditor, prompt: &str, ctrl_c: CtrlC) -> io::Result<Option<String>> {
    match editor.readline(prompt) {
        Ok(line) => {
            if !line.trim().is_empty() {
                editor.add_history_entry(&line).map_err(io_error)?;
            }
            Ok(Some(line))
        }
        Err(ReadlineError::Interrupted) => Ok((ctrl_c == CtrlC::DiscardsLine).then(String::new)),
        Err(ReadlineError::Eof) => Ok(None),
        Err(error) => Err(io_error(error)),
    }
}

fn io_error(error: ReadlineError) -> io::Error {
    match error {
        ReadlineError::Io(error) => error,
        other => io::Error::other(other),
    }
}
