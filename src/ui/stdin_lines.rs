//! Lines that a person types at a prompt, or that a program or a file feeds to stdin.

use std::io;
use std::sync::mpsc as blocking;

use rustyline::DefaultEditor;
use rustyline::error::ReadlineError;
use tokio::sync::mpsc;

/// Lines of stdin. They are read on a thread of their own, so that waiting for one holds up nothing,
/// not even the end of the program.
pub struct StdinLines {
    prompts: blocking::Sender<String>,
    read: mpsc::UnboundedReceiver<io::Result<String>>,
    at_prompt: bool,
}

impl StdinLines {
    /// Begins to read; with a prompt, what is typed can be edited and brought back. Nothing of it is
    /// kept beyond the program's end: there may be passwords in it.
    pub(super) fn start(at_prompt: bool) -> io::Result<Self> {
        let (prompts, wanted) = blocking::channel::<String>();
        let (sender, read) = mpsc::unbounded_channel();
        let mut editor = if at_prompt { Some(DefaultEditor::new().map_err(io_error)?) } else { None };
        std::thread::Builder::new().name("lines".to_owned()).spawn(move || {
            for prompt in wanted {
                let line = match &mut editor {
                    Some(editor) => edited(editor, &prompt),
                    None => plain(),
                };
                let Some(line) = line.transpose() else { break };
                if sender.send(line).is_err() {
                    break;
                }
            }
        })?;
        Ok(Self { prompts, read, at_prompt })
    }

    /// Whether a person types at a prompt.
    #[must_use]
    pub fn at_prompt(&self) -> bool {
        self.at_prompt
    }

    /// The next line, without its end; `None` at the end of the input.
    ///
    /// # Errors
    /// Where stdin cannot be read.
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
        // Ctrl-C throws the line away, not the prompt.
        Err(ReadlineError::Interrupted) => Ok(Some(String::new())),
        Err(ReadlineError::Eof) => Ok(None),
        Err(error) => Err(io_error(error)),
    }
}

fn plain() -> io::Result<Option<String>> {
    let mut line = String::new();
    let bytes = io::stdin().read_line(&mut line)?;
    let text = line.trim_end_matches('\n').trim_end_matches('\r');
    Ok((bytes > 0).then(|| text.to_owned()))
}

fn io_error(error: ReadlineError) -> io::Error {
    match error {
        ReadlineError::Io(error) => error,
        other => io::Error::other(other),
    }
}
