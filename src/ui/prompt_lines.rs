//! Lines that the user types at a prompt.

use std::io;
use std::sync::mpsc as blocking;

use rustyline::DefaultEditor;
use rustyline::error::ReadlineError;
use tokio::sync::mpsc;

/// Typed lines, with editing and history. A separate thread reads them, so that waiting for a line never blocks the
/// program or its end. The history is not saved, because a line may contain passwords.
pub struct PromptLines {
    prompts: blocking::Sender<String>,
    read: mpsc::UnboundedReceiver<io::Result<String>>,
}

impl PromptLines {
    pub(super) fn start() -> io::Result<Self> {
        let (prompts, wanted) = blocking::channel::<String>();
        let (sender, read) = mpsc::unbounded_channel();
        let mut editor = DefaultEditor::new().map_err(io_error)?;
        std::thread::Builder::new().name("lines".to_owned()).spawn(move || {
            for prompt in wanted {
                let Some(line) = edited(&mut editor, &prompt).transpose() else { break };
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

fn edited(editor: &mut DefaultEditor, prompt: &str) -> io::Result<Option<String>> {
    match editor.readline(prompt) {
        Ok(line) => {
            if !line.trim().is_empty() {
                editor.add_history_entry(&line).map_err(io_error)?;
            }
            Ok(Some(line))
        }
        // Ctrl-C discards the line, and the prompt stays.
        Err(ReadlineError::Interrupted) => Ok(Some(String::new())),
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
