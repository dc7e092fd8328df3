//! A conversation with a deployment as one user: any command, to one node after another where a
//! cluster says that it belongs there.

use std::collections::BTreeMap;

use futures_util::{Stream, StreamExt as _, stream};
use redis::aio::{AsyncPushSender, MultiplexedConnection, SendError};
use redis::{
    AsyncConnectionConfig, Cmd, ConnectionInfo, ProtocolVersion, PushInfo, PushKind, RedisResult, Value, cmd,
};
use tokio::sync::mpsc;

use super::connect::{Dialer, Login};
use super::redirect::Redirect;
use super::{ServerError, cli_reply};
use crate::reply::Reply;
use crate::topology::{Node, NodeName, Topology};

/// How often one command is sent on: more than any cluster that has settled asks for.
const MOST_REDIRECTS: usize = 16;

/// A conversation with a deployment.
pub struct CliSession<'a> {
    topology: &'a Topology,
    dialer: Dialer,
    logins: BTreeMap<NodeName, Login>,
    protocol: ProtocolVersion,
    node: &'a Node,
    /// `None` where it broke, or was not needed yet.
    connection: Option<MultiplexedConnection>,
    /// Between MULTI and EXEC nothing is sent on: what was queued so far would be lost.
    transaction: bool,
}

/// What became of a command.
#[derive(Debug, Clone, PartialEq)]
pub struct CliAnswer {
    /// The reply.
    pub reply: Reply,
    /// Where the command was sent on to before it was answered: slot and node.
    pub redirects: Vec<(u16, NodeName)>,
}

impl<'a> CliSession<'a> {
    /// A conversation that begins at `node`; nothing is dialled yet. A node without a log-in is
    /// talked to as nobody in particular. With `typed`, replies tell maps, sets and numbers apart.
    #[must_use]
    pub fn new(
        topology: &'a Topology,
        dialer: Dialer,
        node: &'a Node,
        logins: BTreeMap<NodeName, Login>,
        typed: bool,
    ) -> Self {
        let protocol = if typed { ProtocolVersion::RESP3 } else { ProtocolVersion::RESP2 };
        Self { topology, dialer, logins, protocol, node, connection: None, transaction: false }
    }

    /// The node that the next command goes to.
    #[must_use]
    pub fn node(&self) -> &'a Node {
        self.node
    }

    /// Whether commands are being queued, after MULTI.
    #[must_use]
    pub fn in_transaction(&self) -> bool {
        self.transaction
    }

    /// Sends a command, to the node that serves its keys.
    ///
    /// # Errors
    /// Where no reply came. An error reply is a reply.
    pub async fn call(&mut self, words: &[Vec<u8>]) -> Result<CliAnswer, ServerError> {
        let command = command(words);
        let mut redirects = Vec::new();
        let mut reply = self.send(self.node, &command, false).await?;
        while let Some((redirect, node)) = self.redirect(&reply, redirects.len()) {
            redirects.push((redirect.slot, node.name.clone()));
            if !redirect.once {
                self.go_to(node);
            }
            reply = self.send(node, &command, redirect.once).await?;
        }
        self.note_transaction(words, &reply);
        Ok(CliAnswer { reply, redirects })
    }

    /// Subscribes with SUBSCRIBE, PSUBSCRIBE or SSUBSCRIBE, through a connection of its own: what the
    /// server says of it and every message, until the server ends the connection.
    ///
    /// # Errors
    /// Where no reply came.
    pub async fn subscribe(
        &mut self,
        words: &[Vec<u8>],
    ) -> Result<impl Stream<Item = Reply> + use<>, ServerError> {
        let mut redirects = 0;
        loop {
            let (sender, receiver) = mpsc::unbounded_channel();
            let mut connection = self.open(self.node, Some(Pushes(sender))).await?;
            let reply = receive(&mut connection, self.node, &command(words)).await?;
            if let Some((_, node)) = self.redirect(&reply, redirects) {
                redirects += 1;
                self.go_to(node);
                continue;
            }
            // Whether it was accepted is among the messages, once for each channel; a refusal is not.
            let refusal = reply.is_error().then_some(reply);
            let messages = stream::unfold((receiver, connection), |(mut receiver, connection)| async {
                let message = receiver.recv().await?;
                Some((message, (receiver, connection)))
            });
            let take = if refusal.is_some() { 0 } else { usize::MAX };
            return Ok(stream::iter(refusal).chain(messages.take(take)));
        }
    }

    /// Every command that the node executes from now on, as MONITOR says it.
    ///
    /// # Errors
    /// Where the node refuses.
    pub async fn monitor(&self) -> Result<impl Stream<Item = Reply> + use<>, ServerError> {
        let refused = |source| ServerError::Command { command: "MONITOR", source };
        let client = self.dialer.client(self.information(self.node)?).map_err(refused)?;
        let monitor = client.get_async_monitor().await.map_err(refused)?;
        Ok(monitor.into_on_message::<Value>().map(cli_reply::from_value))
    }

    /// Where a reply sends its command, if it does and it may go there.
    fn redirect(&self, reply: &Reply, so_far: usize) -> Option<(Redirect, &'a Node)> {
        let Reply::Error(text) = reply else { return None };
        let redirect = Redirect::parse(text).filter(|_| !self.transaction && so_far < MOST_REDIRECTS)?;
        let nodes = self.topology.shards.iter().flat_map(crate::topology::Shard::nodes);
        let node = nodes.into_iter().find(|node| node.endpoint.port == redirect.port)?;
        Some((redirect, node))
    }

    fn go_to(&mut self, node: &'a Node) {
        self.node = node;
        self.connection = None;
    }

    /// Sends a command to a node; one that the slot has not moved to yet must be asked to look.
    async fn send(&mut self, node: &'a Node, command: &Cmd, asking: bool) -> Result<Reply, ServerError> {
        if asking {
            let mut connection = self.open(node, None).await?;
            receive(&mut connection, node, &cmd("ASKING")).await?;
            return receive(&mut connection, node, command).await;
        }
        let mut connection = match &self.connection {
            Some(connection) => connection.clone(),
            None => self.open(node, None).await?,
        };
        let result = receive(&mut connection, node, command).await;
        self.transaction &= result.is_ok();
        self.connection = result.is_ok().then_some(connection);
        result
    }

    async fn open(&self, node: &Node, pushes: Option<Pushes>) -> Result<MultiplexedConnection, ServerError> {
        // No limit for replies: BLPOP waits for as long as it is told to.
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.dialer.connect_timeout()))
            .set_response_timeout(None);
        let mut information = self.information(node)?;
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
        dial.await.map_err(|source| ServerError::connect(&node.endpoint, source))
    }

    fn information(&self, node: &Node) -> Result<ConnectionInfo, ServerError> {
        let information = self.dialer.information(&node.endpoint, self.logins.get(&node.name));
        let information =
            information.map_err(|source| ServerError::Connect { endpoint: node.endpoint.clone(), source })?;
        let settings = information.redis_settings().clone().set_protocol(self.protocol);
        Ok(information.set_redis_settings(settings))
    }

    fn note_transaction(&mut self, words: &[Vec<u8>], reply: &Reply) {
        let is = |name: &str| words.first().is_some_and(|word| word.eq_ignore_ascii_case(name.as_bytes()));
        if is("MULTI") {
            self.transaction = !reply.is_error();
        } else if is("EXEC") || is("DISCARD") || is("RESET") {
            self.transaction = false;
        }
    }
}

/// Takes messages of a subscription.
struct Pushes(mpsc::UnboundedSender<Reply>);

impl AsyncPushSender for Pushes {
    fn send(&self, PushInfo { kind, data }: PushInfo) -> Result<(), SendError> {
        // The end of the connection is the end of the messages, not one of them.
        if kind == PushKind::Disconnection {
            return Ok(());
        }
        self.0.send(cli_reply::from_push(&kind, data)).map_err(|_| SendError)
    }
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
    command: &Cmd,
) -> Result<Reply, ServerError> {
    let reply: RedisResult<Value> = connection.send_packed_command(command).await;
    reply
        .map(cli_reply::from_value)
        .map_err(|source| ServerError::Silent { endpoint: node.endpoint.clone(), source })
}
