//! `redisctl cli`: a Redis prompt, or one command, already logged in.

use std::collections::BTreeMap;

use futures_util::{Stream, StreamExt as _};

use super::deployment::{self, Deployment};
use super::{CommandError, Outcome, connected};
use crate::cli::CliArguments;
use crate::connection::ConnectionSettings;
use crate::redis::{CliSession, Dialer, Login};
use crate::reply::Reply;
use crate::topology::{Node, NodeName};
use crate::ui::{Failure, Ui};

mod kinds;
mod words;

use kinds::CommandKind;

/// What `help` says at the prompt.
const HELP: &str = "Any Redis command, as redis-cli takes it: SET \"my key\" 'my value'
exit, quit or Ctrl-D ends the prompt; clear clears the screen
https://redis.io/docs/latest/commands/ lists the commands\n";

pub(super) async fn run(
    arguments: &CliArguments,
    host: Option<&str>,
    ui: &Ui,
) -> Result<Outcome, CommandError> {
    let connected = connected(host).await?;
    let found = deployment::open(arguments.name.as_deref(), &connected).await?;
    let logins = logins(&found, arguments.user.as_deref())?;
    let node = node(&found, arguments.node.as_deref()).await?;
    let session =
        CliSession::new(&found.topology, Dialer::new(&found.credentials), node, logins, ui.is_json());
    let mut console = Console { session, ui, errors: 0 };
    if arguments.command.is_empty() {
        console.lines().await?;
    } else {
        let words: Vec<Vec<u8>> =
            arguments.command.iter().map(|word| word.as_encoded_bytes().to_vec()).collect();
        console.execute(&words, false).await?;
    }
    Ok(if console.errors == 0 { Outcome::Done } else { Outcome::ErrorReply })
}

/// Each node's log-in for a user; `None`: the default user.
fn logins(found: &Deployment, user: Option<&str>) -> Result<BTreeMap<NodeName, Login>, CommandError> {
    let Deployment { topology, credentials, .. } = found;
    // It knows which users there are, and refuses the others.
    ConnectionSettings::new(topology, credentials, &topology.shards[0].primary, user, None)
        .map_err(|error| CommandError::Usage { message: error.to_string(), hint: error.hint() })?;
    let user = user.unwrap_or("default");
    let password = |node: &Node| match user {
        "default" => credentials.default_on(topology.starts_as_primary(&node.name)),
        other => credentials.users.get(other),
    };
    let login = |node: &Node| {
        let password = password(node)?.clone();
        Some((node.name.clone(), Login { user: user.to_owned(), password }))
    };
    Ok(topology.nodes().into_iter().filter_map(login).collect())
}

/// The node to begin at: the one that is asked for, else the one that a program would dial.
async fn node<'a>(found: &'a Deployment, word: Option<&str>) -> Result<&'a Node, CommandError> {
    let topology = &found.topology;
    let nodes = topology.nodes();
    if let Some(word) = word {
        let names: Vec<NodeName> = nodes.iter().map(|node| node.name.clone()).collect();
        let name = deployment::node(word, &topology.name, &names)?;
        return Ok(topology.node(&name).unwrap_or(&topology.shards[0].primary));
    }
    Ok(found.primary().await)
}

/// An error that ends a line, not the prompt.
fn failure(error: &dyn std::error::Error, hint: Option<String>) -> Failure {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    let causes = causes.map(ToString::to_string).collect();
    Failure { message: error.to_string(), causes, details: None, hint }
}

/// The user's side of a session.
struct Console<'a> {
    session: CliSession<'a>,
    ui: &'a Ui,
    /// How many replies were errors.
    errors: usize,
}

impl Console<'_> {
    /// Line after line, to the end of the input.
    async fn lines(&mut self) -> Result<(), CommandError> {
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
                    // A node that went away may come back; a program would not wait for it.
                    Err(error @ (CommandError::Server(_) | CommandError::Usage { .. }))
                        if lines.at_prompt() =>
                    {
                        self.ui.error(&failure(&error, error.hint()));
                    }
                    result => result?,
                },
            }
        }
        // What a person tried at the prompt is no failure of the prompt's.
        if lines.at_prompt() {
            self.errors = 0;
        }
        Ok(())
    }

    fn prompt(&self) -> String {
        let transaction = if self.session.in_transaction() { "(TX)" } else { "" };
        format!("{}{transaction}> ", self.session.node().name)
    }

    /// Sends a command and prints what comes of it; with `chatty`, also where it was sent on to.
    async fn execute(&mut self, words: &[Vec<u8>], chatty: bool) -> Result<(), CommandError> {
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

    /// Prints messages until the server ends the connection, or the user the program.
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
