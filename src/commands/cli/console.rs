//! The user's side of a session: lines in, replies out.

use futures_util::{Stream, StreamExt as _};

use super::super::CommandError;
use super::kinds::CommandKind;
use super::words;
use crate::redis::CliSession;
use crate::reply::Reply;
use crate::ui::{Failure, Ui};

/// What `help` prints at the prompt.
const HELP: &str = "Any Redis command, as redis-cli takes it: SET \"my key\" 'my value'
exit, quit or Ctrl-D ends the prompt; clear clears the screen
https://redis.io/docs/latest/commands/ lists the commands\n";

/// An error that ends a line but not the prompt.
fn failure(error: &dyn std::error::Error, hint: Option<String>) -> Failure {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    let causes = causes.map(ToString::to_string).collect();
    Failure { message: error.to_string(), causes, details: None, hint }
}

/// The user's side of a session.
pub(super) struct Console<'a> {
    session: CliSession<'a>,
    ui: &'a Ui,
    /// How many replies were errors.
    errors: usize,
}

impl<'a> Console<'a> {
    pub(super) fn new(session: CliSession<'a>, ui: &'a Ui) -> Self {
        Self { session, ui, errors: 0 }
    }

    /// How many replies were errors.
    pub(super) fn errors(&self) -> usize {
        self.errors
    }

    /// Line after line, to the end of the input.
    pub(super) async fn lines(&mut self) -> Result<(), CommandError> {
        let mut lines = self.ui.lines()?;
        while let Some(line) = lines.next(&self.prompt()).await? {
            let words = match words::split(&line) {
                Ok(words) => words,
                Err(error) => {
                    self.errors += usize::from(!lines.at_prompt());
                    self.ui.error(&failure(&error, None));
                    continue;
                }
            };
            let [first, ..] = words.as_slice() else { continue };
            match first.to_ascii_lowercase().as_slice() {
                b"exit" | b"quit" => break,
                b"help" | b"?" if lines.at_prompt() => self.ui.print(HELP)?,
                b"clear" if lines.at_prompt() => self.ui.clear()?,
                _ => match self.execute(&words, lines.at_prompt()).await {
                    // A node that went away may come back. A person waits for it, a program does not.
                    Err(error @ (CommandError::Server(_) | CommandError::Usage { .. }))
                        if lines.at_prompt() =>
                    {
                        self.ui.error(&failure(&error, error.hint()));
                    }
                    result => result?,
                },
            }
        }
        // Errors at a prompt are for the person, not for the exit code.
        if lines.at_prompt() {
            self.errors = 0;
        }
        Ok(())
    }

    fn prompt(&self) -> String {
        let transaction = if self.session.in_transaction() { "(TX)" } else { "" };
        format!("{}{transaction}> ", self.session.node().name)
    }

    /// Sends a command and prints its reply; with `chatty`, also the nodes that it was redirected to.
    pub(super) async fn execute(&mut self, words: &[Vec<u8>], chatty: bool) -> Result<(), CommandError> {
        match CommandKind::of(words) {
            CommandKind::Unsupported => Err(CommandError::Usage {
                message: format!("`{}` is not supported here", String::from_utf8_lossy(&words[0])),
                hint: "it changes how the server talks; a subscription ends with Ctrl-C".to_owned(),
            }),
            CommandKind::Subscribe => {
                let messages = self.session.subscribe(words).await?;
                self.stream(messages).await
            }
            CommandKind::Monitor => {
                let messages = self.session.monitor().await?;
                self.stream(messages).await
            }
            kind => {
                let answer = self.session.call(words).await?;
                if chatty {
                    for (slot, node) in &answer.redirects {
                        self.ui.note(&format!("-> slot {slot} is served by {node}"));
                    }
                }
                self.print(&answer.reply, kind == CommandKind::Report)
            }
        }
    }

    /// Prints messages until the server ends the connection or the user ends the program.
    async fn stream(&mut self, messages: impl Stream<Item = Reply>) -> Result<(), CommandError> {
        let mut messages = std::pin::pin!(messages);
        while let Some(message) = messages.next().await {
            self.print(&message, false)?;
        }
        Ok(())
    }

    fn print(&mut self, reply: &Reply, is_report: bool) -> Result<(), CommandError> {
        self.errors += usize::from(reply.is_error());
        Ok(self.ui.reply(reply, is_report)?)
    }
}
