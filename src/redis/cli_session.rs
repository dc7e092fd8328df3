//! A session with a deployment as one user. Each command is sent to a node, and to other nodes if the cluster
//! redirects it. Every connection has the state of the session.

use std::collections::BTreeMap;

use futures_util::{Stream, StreamExt as _, stream};
use redis::aio::{AsyncPushSender, MultiplexedConnection, SendError};
use redis::{
    AsyncConnectionConfig, Cmd, ConnectionInfo, ProtocolVersion, PushInfo, PushKind, RedisResult, Value,
};
use tokio::sync::mpsc;

use super::connect::{Dialer, Login, RESPONSE_TIMEOUT};
use super::key_table::KeyTable;
use super::redirect::Redirect;
use super::session_state::{Lasting, SessionState, Stays, Words};
use super::{ServerError, cli_reply};
use crate::reply::Reply;
use crate::topology::{Node, NodeName, Topology};

mod bulk;

/// The maximum number of redirections of a command. A settled cluster needs fewer.
const MOST_REDIRECTS: usize = 16;

/// The first command of a connection without a handshake: a paused server accepts connections and never answers. No
/// ACL rule forbids this command, and any reply will do.
const GREETING: [&str; 1] = ["HELLO"];

/// A session with a deployment.
pub struct CliSession<'a> {
    topology: &'a Topology,
    dialer: Dialer,
    logins: BTreeMap<NodeName, Login>,
    /// The node for the next command.
    node: &'a Node,
    /// The node of the transaction and of the watched keys.
    bound_to: Option<&'a Node>,
    state: SessionState,
    connections: BTreeMap<NodeName, Held>,
    /// The positions of keys in commands. `None`: no server was asked yet.
    keys: Option<KeyTable>,
    /// The node of each slot, as far as nodes have answered.
    owners: BTreeMap<u16, &'a Node>,
}

/// A connection with its state.
struct Held {
    connection: MultiplexedConnection,
    lasting: Lasting,
}

/// The answer to a command.
#[derive(Debug, Clone, PartialEq)]
pub struct CliAnswer {
    /// The reply.
    pub reply: Reply,
    /// The followed redirections: slot and node.
    pub redirects: Vec<(u16, NodeName)>,
}

impl<'a> CliSession<'a> {
    /// A session that begins at `node`. No connection is opened yet. It does not log in at a node without a login.
    /// With `typed` it uses RESP3, which has maps, sets and numbers.
    #[must_use]
    pub fn new(
        topology: &'a Topology,
        dialer: Dialer,
        node: &'a Node,
        logins: BTreeMap<NodeName, Login>,
        typed: bool,
    ) -> Self {
        Self {
            topology,
            dialer,
            logins,
            node,
            bound_to: None,
            state: SessionState::new(typed),
            connections: BTreeMap::new(),
            keys: None,
            owners: BTreeMap::new(),
        }
    }

    /// The node for the next command.
    #[must_use]
    pub fn node(&self) -> &'a Node {
        self.bound_to.filter(|_| self.state.in_transaction()).unwrap_or(self.node)
    }

    /// Whether commands are being queued, after MULTI.
    #[must_use]
    pub fn in_transaction(&self) -> bool {
        self.state.in_transaction()
    }

    /// Sends a command to the node that serves its keys.
    ///
    /// # Errors
    /// No reply came. An error reply counts as a reply.
    pub async fn call(&mut self, words: &[Vec<u8>]) -> Result<CliAnswer, ServerError> {
        let mut redirects = Vec::new();
        let mut node = self.bound_to.filter(|_| self.state.belongs_there(words)).unwrap_or(self.node);
        let mut reply = self.send(node, &[], words).await?;
        while let Some((redirect, next)) = self.redirect(&reply, redirects.len()) {
            if let Some(stays) = self.state.stays(words, redirect.once) {
                reply = stay(stays, &reply, node);
                break;
            }
            let mut before = self.state.once().to_vec();
            if self.state.in_transaction() {
                if !self.takes_transaction(next, &before).await? {
                    reply = stay(Stays::Transaction, &reply, node);
                    break;
                }
                before = Vec::new();
                // The end of its connection ends the transaction at the former node.
                self.connections.remove(&node.name);
                self.bound_to = Some(next);
            }
            if redirect.once {
                before.push(vec![b"ASKING".to_vec()]);
            } else {
                self.node = next;
            }
            redirects.push((redirect.slot, next.name.clone()));
            node = next;
            reply = self.send(node, &before, words).await?;
        }
        self.state.after(words, &reply);
        self.bound_to = self.state.is_bound().then(|| self.bound_to.unwrap_or(node));
        if let Some(held) = self.connections.get_mut(&node.name) {
            held.lasting = self.state.lasting().clone();
        }
        Ok(CliAnswer { reply, redirects })
    }

    /// Moves the transaction to another node, if the node accepts all commands so far. Commands with keys stay at the
    /// node of their keys.
    async fn takes_transaction(&mut self, node: &'a Node, before: &[Words]) -> Result<bool, ServerError> {
        for words in before.iter().chain(&self.state.transaction()) {
            if self.send(node, &[], words).await?.is_error() {
                self.connections.remove(&node.name);
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The replies of all primaries to a command.
    ///
    /// # Errors
    /// A primary does not answer.
    pub async fn call_primaries(
        &mut self,
        primaries: &[&'a Node],
        words: &[Vec<u8>],
    ) -> Result<Vec<(NodeName, Reply)>, ServerError> {
        let mut replies = Vec::new();
        for node in primaries {
            replies.push((node.name.clone(), self.send(node, &[], words).await?));
        }
        Ok(replies)
    }

    /// Subscribes with SUBSCRIBE, PSUBSCRIBE or SSUBSCRIBE on a new connection. The stream has confirmations and
    /// messages, until the server ends the connection.
    ///
    /// # Errors
    /// No reply came.
    pub async fn subscribe(
        &mut self,
        words: &[Vec<u8>],
    ) -> Result<impl Stream<Item = Reply> + use<>, ServerError> {
        let mut redirects = 0;
        loop {
            let (sender, receiver) = mpsc::unbounded_channel();
            let mut connection = self.open(self.node, Some(Pushes(sender))).await?;
            let reply = receive(&mut connection, self.node, words).await?;
            if let Some((_, node)) = self.redirect(&reply, redirects) {
                redirects += 1;
                self.node = node;
                continue;
            }
            // Confirmations for channels are in the stream. A refusal is not.
            let refusal = reply.is_error().then_some(reply);
            let messages = stream::unfold((receiver, connection), |(mut receiver, connection)| async {
                let message = receiver.recv().await?;
                Some((message, (receiver, connection)))
            });
            let take = if refusal.is_some() { 0 } else { usize::MAX };
            return Ok(stream::iter(refusal).chain(messages.take(take)));
        }
    }

    /// The stream of MONITOR: every command that the node executes from now on.
    ///
    /// # Errors
    /// The node refuses.
    pub async fn monitor(&self) -> Result<impl Stream<Item = Reply> + use<>, ServerError> {
        let refused = |source| ServerError::Command { command: "MONITOR", source };
        let node = self.node;
        let client = self.dialer.client(self.information(node)?).map_err(refused)?;
        let begin = async { client.get_async_monitor().await.map_err(refused) };
        let monitor = in_time(node, begin).await?;
        Ok(monitor.into_on_message::<Value>().map(cli_reply::from_value))
    }

    /// The target of a redirection, if the reply is a redirection.
    fn redirect(&self, reply: &Reply, so_far: usize) -> Option<(Redirect, &'a Node)> {
        let Reply::Error(text) = reply else { return None };
        let redirect = Redirect::parse(text).filter(|_| so_far < MOST_REDIRECTS)?;
        let nodes = self.topology.shards.iter().flat_map(crate::topology::Shard::nodes);
        let node = nodes.into_iter().find(|node| node.endpoint.port == redirect.port)?;
        Some((redirect, node))
    }

    /// Sends commands to a node. Returns the reply to the last command.
    async fn send(
        &mut self,
        node: &'a Node,
        before: &[Words],
        words: &[Vec<u8>],
    ) -> Result<Reply, ServerError> {
        let mut connection = self.connection(node).await?;
        for words in before {
            let reply = self.kept(node, receive(&mut connection, node, words).await)?;
            accepted(node, words, reply)?;
        }
        let result = receive(&mut connection, node, words).await;
        self.kept(node, result)
    }

    /// The connection to a node, with the state of the session.
    async fn connection(&mut self, node: &'a Node) -> Result<MultiplexedConnection, ServerError> {
        let is_bound_to = self.bound_to.is_some_and(|bound| bound.name == node.name);
        if let Some(held) = self.connections.get(&node.name) {
            let mut connection = held.connection.clone();
            if held.lasting == *self.state.lasting() {
                return Ok(connection);
            }
            // Another connection would not have the watched keys.
            if is_bound_to {
                let login = self.state.lasting().login().map(|(user, password)| {
                    [b"AUTH".to_vec(), user.into_bytes(), password.into_bytes()].to_vec()
                });
                for words in login.iter().chain(self.state.lasting().replay()) {
                    accepted(node, words, receive(&mut connection, node, words).await?)?;
                }
                let held = Held { connection: connection.clone(), lasting: self.state.lasting().clone() };
                self.connections.insert(node.name.clone(), held);
                return Ok(connection);
            }
        }
        let opened = self.open(node, None).await;
        let connection = self.kept(node, opened)?;
        let held = Held { connection: connection.clone(), lasting: self.state.lasting().clone() };
        self.connections.insert(node.name.clone(), held);
        Ok(connection)
    }

    /// Returns the result. A broken connection is dropped, and its transaction is lost.
    fn kept<T>(&mut self, node: &Node, result: Result<T, ServerError>) -> Result<T, ServerError> {
        if result.is_err() {
            self.connections.remove(&node.name);
            if self.bound_to.is_some_and(|bound| bound.name == node.name) {
                self.bound_to = None;
                self.state.lost();
            }
        }
        result
    }

    /// Opens a connection and brings it to the state of the session.
    async fn open(&self, node: &Node, pushes: Option<Pushes>) -> Result<MultiplexedConnection, ServerError> {
        // Replies have no time limit, because BLPOP may block for any time.
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.dialer.connect_timeout()))
            .set_response_timeout(None);
        let mut information = self.information(node)?;
        let settings = information.redis_settings();
        let has_handshake = settings.password().is_some() || settings.protocol() != ProtocolVersion::RESP2;
        let config = match pushes {
            Some(pushes) => {
                let settings = information.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
                information = information.set_redis_settings(settings);
                config.set_push_sender(pushes)
            }
            None => config,
        };
        let dial = async {
            let client = self.dialer.client(information)?;
            client.get_multiplexed_async_connection_with_config(&config).await
        };
        let mut connection = dial.await.map_err(|source| ServerError::connect(&node.endpoint, source))?;
        let prepare = async {
            if !has_handshake {
                receive(&mut connection, node, &GREETING.map(Vec::from)).await?;
            }
            for words in self.state.lasting().replay() {
                let reply = receive(&mut connection, node, words).await?;
                accepted(node, words, reply)?;
            }
            Ok(())
        };
        in_time(node, prepare).await?;
        Ok(connection)
    }

    fn information(&self, node: &Node) -> Result<ConnectionInfo, ServerError> {
        let lasting = self.state.lasting();
        let login = self.logins.get(&node.name).filter(|_| lasting.begins_logged_in());
        let information = self.dialer.information(&node.endpoint, login);
        let information =
            information.map_err(|source| ServerError::Connect { endpoint: node.endpoint.clone(), source })?;
        let protocol = if lasting.resp3() { ProtocolVersion::RESP3 } else { ProtocolVersion::RESP2 };
        let mut settings = information.redis_settings().clone().set_protocol(protocol);
        if let Some((user, password)) = lasting.login() {
            settings = settings.set_username(user).set_password(password);
        }
        Ok(information.set_redis_settings(settings))
    }
}

/// Takes the messages of a subscription.
struct Pushes(mpsc::UnboundedSender<Reply>);

impl AsyncPushSender for Pushes {
    fn send(&self, PushInfo { kind, data }: PushInfo) -> Result<(), SendError> {
        // The end of the connection is not a message.
        if kind == PushKind::Disconnection {
            return Ok(());
        }
        self.0.send(cli_reply::from_push(&kind, data)).map_err(|_| SendError)
    }
}

/// The error reply to a command that cannot be sent to another node.
fn stay(stays: Stays, reply: &Reply, node: &Node) -> Reply {
    let text = String::from_utf8_lossy(&reply.raw()).into_owned();
    Reply::Error(format!("{text}: {}, and this one is at {}", stays.reason(), node.name))
}

/// Checks that the server accepted a command of the session's state.
fn accepted(node: &Node, words: &[Vec<u8>], reply: Reply) -> Result<(), ServerError> {
    match reply {
        Reply::Error(message) => Err(ServerError::State {
            endpoint: node.endpoint.clone(),
            command: String::from_utf8_lossy(words.first().map_or(b"".as_slice(), Vec::as_slice))
                .into_owned(),
            message,
        }),
        _ => Ok(()),
    }
}

/// The result of the first calls on a connection. Later commands may block for any time.
async fn in_time<T>(
    node: &Node,
    calls: impl Future<Output = Result<T, ServerError>>,
) -> Result<T, ServerError> {
    let late = || ServerError::NoFirstReply { endpoint: node.endpoint.clone(), limit: RESPONSE_TIMEOUT };
    tokio::time::timeout(RESPONSE_TIMEOUT, calls).await.unwrap_or_else(|_| Err(late()))
}

fn command(words: &[Vec<u8>]) -> Cmd {
    let mut command = Cmd::new();
    for word in words {
        command.arg(word);
    }
    command
}

async fn receive(
    connection: &mut MultiplexedConnection,
    node: &Node,
    words: &[Vec<u8>],
) -> Result<Reply, ServerError> {
    let reply: RedisResult<Value> = connection.send_packed_command(&command(words)).await;
    reply
        .map(cli_reply::from_value)
        .map_err(|source| ServerError::Silent { endpoint: node.endpoint.clone(), source })
}
