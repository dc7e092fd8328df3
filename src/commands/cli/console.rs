//! The input and output of a session.

use std::collections::BTreeSet;
use std::pin::pin;

use futures_util::future::{Either, select};
use futures_util::{Stream, StreamExt as _};

use super::super::CommandError;
use crate::command_file::kinds::CommandKind;
use crate::command_file::lines::Line;
use crate::command_file::quoting::{self, QuoteError};
use crate::deployment::Error;
use crate::redis::CliSession;
use crate::reply::{Combine, Reach, Reply};
use crate::topology::Node;
use crate::ui::{Failure, Ui};

/// The text of `help` at the prompt.
const HELP: &str = "Any Redis command, as redis-cli takes it: SET \"my key\" 'my value'
exit, quit or Ctrl-D ends the prompt; clear clears the screen
https://redis.io/docs/latest/commands/ lists the commands\n";

/// The number of commands that are sent at once. With fewer, the network takes longer; with more, replies take more
/// memory.
const MOST_AT_ONCE: usize = 1000;

/// An error that ends a line, but not the prompt.
fn failure(error: &dyn std::error::Error, hint: Option<String>) -> Failure {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    let causes = causes.map(ToString::to_string).collect();
    Failure { message: error.to_string(), causes, details: None, hint }
}

/// The servers that receive a command about a single server.
pub(super) enum Audience<'a> {
    /// The node that the user named, or the only primary.
    One,
    /// One of this many primaries, although the user may mean all of them.
    OneOf(usize),
    /// All primaries.
    All(Vec<&'a Node>),
}

/// The input and output of a session.
pub(super) struct Console<'a> {
    session: CliSession<'a>,
    audience: Audience<'a>,
    ui: &'a Ui,
    /// The number of error replies.
    errors: usize,
    /// The commands about a single server with a note so far.
    noted: BTreeSet<Vec<u8>>,
}

impl<'a> Console<'a> {
    pub(super) fn new(session: CliSession<'a>, audience: Audience<'a>, ui: &'a Ui) -> Self {
        Self { session, audience, ui, errors: 0, noted: BTreeSet::new() }
    }

    /// The number of error replies.
    pub(super) fn errors(&self) -> usize {
        self.errors
    }

    /// Executes all lines of the input.
    pub(super) async fn lines(&mut self) -> Result<(), CommandError> {
        if self.ui.has_prompt() { self.prompt_lines().await } else { self.file_lines().await }
    }

    /// Executes typed lines. Errors are printed and do not change the exit code.
    async fn prompt_lines(&mut self) -> Result<(), CommandError> {
        let mut lines = self.ui.prompt_lines()?;
        while let Some(line) = lines.next(&self.prompt()).await? {
            let words = match quoting::split(line.as_bytes()) {
                Ok(words) => words,
                Err(error) => {
                    self.ui.error(&failure(&error, None));
                    continue;
                }
            };
            let [first, ..] = words.as_slice() else { continue };
            match first.to_ascii_lowercase().as_slice() {
                b"exit" | b"quit" => break,
                b"help" | b"?" => self.ui.print(HELP)?,
                b"clear" => self.ui.clear()?,
                _ if first.starts_with(b"#") => {}
                _ => match self.execute(&words, true, None).await {
                    // A node may come back. Users wait for it, programs do not.
                    Err(
                        error @ (CommandError::Server(_) | CommandError::Deployment(Error::Invalid { .. })),
                    ) => {
                        self.ui.error(&failure(&error, error.hint()));
                    }
                    result => result?,
                },
            }
        }
        self.errors = 0;
        Ok(())
    }

    /// Executes lines of a file or a program. Commands with one key are sent together.
    async fn file_lines(&mut self) -> Result<(), CommandError> {
        let mut batches = self.ui.line_batches()?;
        while let Some(batch) = batches.next().await? {
            if batch.len() > 1 {
                self.session.learn_keys().await?;
            }
            let mut bulk = Vec::new();
            for Line { number, text } in batch {
                if text.trim_ascii_start().starts_with(b"#") {
                    continue;
                }
                let Ok(words) = quoting::split(&text) else {
                    self.send_bulk(&mut bulk).await?;
                    self.errors += 1;
                    self.ui.error(&failure(&QuoteError::InFile(number), None));
                    continue;
                };
                let Some(first) = words.first() else { continue };
                if first.eq_ignore_ascii_case(b"exit") || first.eq_ignore_ascii_case(b"quit") {
                    return self.send_bulk(&mut bulk).await;
                }
                if CommandKind::of_command(&words) == CommandKind::Plain && self.session.is_for_bulk(&words) {
                    bulk.push((number, words));
                    if bulk.len() < MOST_AT_ONCE {
                        continue;
                    }
                    self.send_bulk(&mut bulk).await?;
                } else {
                    self.send_bulk(&mut bulk).await?;
                    let result = self.execute(&words, false, Some(number)).await;
                    result.map_err(|error| error.in_line(number))?;
                }
            }
            self.send_bulk(&mut bulk).await?;
        }
        Ok(())
    }

    /// Sends the commands of these lines, and prints the replies in the order of the lines.
    async fn send_bulk(&mut self, bulk: &mut Vec<(usize, Vec<Vec<u8>>)>) -> Result<(), CommandError> {
        let (numbers, commands): (Vec<usize>, Vec<_>) = std::mem::take(bulk).into_iter().unzip();
        if commands.is_empty() {
            return Ok(());
        }
        let answer = self.session.call_all(&commands).await;
        self.errors += answer.replies.iter().filter(|reply| reply.is_error()).count();
        self.ui.replies(&answer.replies, &numbers)?;
        match (answer.failure, numbers.get(answer.replies.len())) {
            (Some(error), Some(number)) => Err(CommandError::from(error).in_line(*number)),
            (Some(error), None) => Err(error.into()),
            (None, _) => Ok(()),
        }
    }

    fn prompt(&self) -> String {
        let transaction = if self.session.in_transaction() { "(TX)" } else { "" };
        format!("{}{transaction}> ", self.session.node().name)
    }

    /// Sends a command and prints its reply. With `chatty`, also prints redirections. `line` is its line in a file.
    pub(super) async fn execute(
        &mut self,
        words: &[Vec<u8>],
        chatty: bool,
        line: Option<usize>,
    ) -> Result<(), CommandError> {
        match CommandKind::of_command(words) {
            CommandKind::Unsupported => Err(CommandError::Deployment(Error::Invalid {
                message: format!("`{}` is not supported here", String::from_utf8_lossy(&words[0])),
                hint: "it changes how the server talks; a subscription ends with Ctrl-C".to_owned(),
            })),
            CommandKind::Subscribe => {
                let messages = self.session.subscribe(words).await?;
                self.stream(messages).await
            }
            CommandKind::Monitor => {
                let messages = self.session.monitor().await?;
                self.stream(messages).await
            }
            kind => {
                let is_report = kind == CommandKind::Report;
                if let (Some(reach), false) = (Reach::of_command(words), self.session.in_transaction()) {
                    if let Audience::All(_) = self.audience {
                        let reply = self.ask_all(words, reach.combine).await?;
                        return self.print(&reply, false, line);
                    }
                    self.note_reach(words, reach);
                }
                let answer = self.session.call(words).await?;
                if chatty {
                    for (slot, node) in &answer.redirects {
                        self.ui.note(&format!("-> slot {slot} is served by {node}"));
                    }
                }
                self.print(&answer.reply, is_report, line)
            }
        }
    }

    /// The combined reply of all primaries to a command.
    async fn ask_all(&mut self, words: &[Vec<u8>], combine: Combine) -> Result<Reply, CommandError> {
        let Audience::All(primaries) = &self.audience else { return Ok(Reply::Nil) };
        if combine == Combine::Never {
            return Err(CommandError::Deployment(Error::Invalid {
                message: format!("`{}` cannot ask all primaries", String::from_utf8_lossy(&words[0])),
                hint: "its cursor is that of one node: name the nodes one after another".to_owned(),
            }));
        }
        let replies = self.session.call_primaries(primaries, words).await?;
        Ok(combine.combined(replies.into_iter().map(|(node, reply)| (node.to_string(), reply)).collect()))
    }

    /// Notes, once per command, that it reaches one node only, although the user may mean all.
    fn note_reach(&mut self, words: &[Vec<u8>], reach: Reach) {
        let Audience::OneOf(primaries) = self.audience else { return };
        if reach.means_all && self.noted.insert(words[0].to_ascii_uppercase()) {
            let (name, node) = (String::from_utf8_lossy(&words[0]), &self.session.node().name);
            let more = match reach.combine {
                Combine::Never => "name each node for the others",
                _ => "`--all` asks all of them",
            };
            self.ui.note(&format!("`{name}` reaches {node} only, one of {primaries} primaries; {more}"));
        }
    }

    /// Prints messages until the server ends the connection, stdout has no reader, or the user ends the program.
    async fn stream(&mut self, messages: impl Stream<Item = Reply>) -> Result<(), CommandError> {
        let mut messages = pin!(messages);
        let mut unread = pin!(self.ui.unread());
        while let Either::Left((Some(message), _)) = select(messages.next(), unread.as_mut()).await {
            self.print(&message, false, None)?;
        }
        Ok(())
    }

    fn print(&mut self, reply: &Reply, is_report: bool, line: Option<usize>) -> Result<(), CommandError> {
        self.errors += usize::from(reply.is_error());
        Ok(self.ui.reply(reply, is_report, line)?)
    }
}
