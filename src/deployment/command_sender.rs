//! Sends commands to a deployment, in order, each to the node of its keys. Commands with keys are sent many at once.

use std::time::Duration;

use super::Error;
use super::handle::Deployment;
use super::send_failure::SendFailure;
use crate::command_file::{Words, refusal_text};
use crate::redis::{CliSession, Dialer, ServerError, operator_login};
use crate::reply::{Combine, Reach, Reply};
use crate::topology::Node;

/// The number of commands that are sent at once.
const MOST_AT_ONCE: usize = 2000;

/// The bytes that are sent at once. A single command may have more.
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// A connection to a deployment for commands that come one after another.
pub(super) struct CommandSender<'d> {
    session: CliSession<'d>,
    /// The acting primaries.
    primaries: Vec<&'d Node>,
    limit: Duration,
    /// The commands that are not sent yet, with their positions.
    queue: Vec<(usize, Words)>,
    queued_bytes: usize,
    /// The commands of the transaction so far.
    transaction: Vec<Words>,
    /// The number of commands that servers have executed.
    applied: u64,
}

impl<'d> CommandSender<'d> {
    /// Connects as redisctl's own user, which may do everything. `limit` is the time limit for the replies to
    /// commands that are sent at once.
    ///
    /// # Errors
    /// A node does not answer.
    pub(super) async fn new(deployment: &'d Deployment, limit: Duration) -> Result<Self, Error> {
        let (topology, credentials) = (deployment.topology(), deployment.credentials());
        let login = |node: &Node| Some((node.name.clone(), operator_login(credentials)?));
        let logins = topology.servers().into_iter().filter_map(login).collect();
        let first = deployment.dialled_first().await;
        let primaries = deployment.acting_primaries().await?;
        let mut session = CliSession::new(topology, Dialer::new(credentials), first, logins, false);
        in_time(limit, session.learn_keys()).await?;
        let (queue, transaction) = (Vec::new(), Vec::new());
        Ok(Self { session, primaries, limit, queue, queued_bytes: 0, transaction, applied: 0 })
    }

    /// Checks that every primary answers.
    ///
    /// # Errors
    /// A primary does not answer.
    pub(super) async fn reach_primaries(&mut self) -> Result<(), ServerError> {
        let ping = [b"PING".to_vec()];
        in_time(self.limit, self.session.call_primaries(&self.primaries, &ping)).await.map(drop)
    }

    /// The number of commands that servers have executed.
    pub(super) fn applied(&self) -> u64 {
        self.applied
    }

    /// Sends a command, now or together with later commands.
    ///
    /// # Errors
    /// This command, or an earlier one, was not executed.
    pub(super) async fn send(&mut self, position: usize, words: Words) -> Result<(), SendFailure> {
        if self.session.is_for_bulk(&words) {
            self.queued_bytes += words.iter().map(Vec::len).sum::<usize>();
            self.queue.push((position, words));
            if self.queue.len() < MOST_AT_ONCE && self.queued_bytes < MOST_BYTES {
                return Ok(());
            }
            return self.flush().await;
        }
        self.flush().await?;
        let reply = in_time(self.limit, self.send_alone(&words)).await;
        let reply = reply.map_err(|source| SendFailure::Lost { position, source })?;
        self.transaction.push(words);
        let refused = first_error(&reply).map(|error| SendFailure::Refused {
            position,
            command: self.transaction.last().map(name).unwrap_or_default(),
            words: refusal_text(error, &self.transaction),
            count: 1,
        });
        if !self.session.in_transaction() {
            self.transaction.clear();
        }
        self.applied += u64::from(refused.is_none());
        refused.map_or(Ok(()), Err)
    }

    /// Sends a command to its node; to all primaries, if the command concerns a server as a whole.
    async fn send_alone(&mut self, words: &Words) -> Result<Reply, ServerError> {
        let reach =
            Reach::of_command(words).filter(|reach| reach.means_all && reach.combine != Combine::Never);
        match reach.filter(|_| !self.session.in_transaction()) {
            Some(Reach { combine, .. }) => self.ask_all(words, combine).await,
            None => Ok(self.session.call(words).await?.reply),
        }
    }

    async fn ask_all(&mut self, words: &Words, combine: Combine) -> Result<Reply, ServerError> {
        let replies = self.session.call_primaries(&self.primaries, words).await?;
        let named = replies.into_iter().map(|(node, reply)| (node.to_string(), reply));
        Ok(combine.combined(named.collect()))
    }

    /// Sends the commands that wait.
    ///
    /// # Errors
    /// A command was not executed.
    pub(super) async fn flush(&mut self) -> Result<(), SendFailure> {
        if self.queue.is_empty() {
            return Ok(());
        }
        self.queued_bytes = 0;
        let (positions, commands): (Vec<usize>, Vec<Words>) =
            std::mem::take(&mut self.queue).into_iter().unzip();
        let answer = tokio::time::timeout(self.limit, self.session.call_all(&commands)).await;
        let Ok(answer) = answer else {
            return Err(SendFailure::Lost { position: positions[0], source: ServerError::Late(self.limit) });
        };
        let replies = answer.replies.iter().enumerate();
        let refused: Vec<(usize, &String)> =
            replies.filter_map(|(index, reply)| Some((index, first_error(reply)?))).collect();
        self.applied += (answer.replies.len() - refused.len()) as u64;
        if let Some((index, error)) = refused.first() {
            return Err(SendFailure::Refused {
                position: positions[*index],
                command: name(&commands[*index]),
                words: refusal_text(error, &commands[*index..=*index]),
                count: refused.len(),
            });
        }
        match answer.failure {
            Some(source) => {
                let position = positions.get(answer.replies.len()).or(positions.last()).copied();
                Err(SendFailure::Lost { position: position.unwrap_or_default(), source })
            }
            None => Ok(()),
        }
    }
}

/// The result of a call with a time limit.
async fn in_time<T>(
    limit: Duration,
    call: impl Future<Output = Result<T, ServerError>>,
) -> Result<T, ServerError> {
    tokio::time::timeout(limit, call).await.unwrap_or(Err(ServerError::Late(limit)))
}

/// The first error of a reply. The reply to EXEC is a list.
fn first_error(reply: &Reply) -> Option<&String> {
    match reply {
        Reply::Error(error) => Some(error),
        Reply::List(replies) => replies.iter().find_map(first_error),
        _ => None,
    }
}

fn name(words: &Words) -> String {
    words.first().map(|word| String::from_utf8_lossy(word).to_ascii_uppercase()).unwrap_or_default()
}
