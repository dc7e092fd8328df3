//! The connections of a running check: shared and private connections.

use std::collections::BTreeMap;
use std::time::Duration;

use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::cluster_async::ClusterConnection;
use redis::{Cmd, Pipeline, PushInfo, PushKind, Value};
use tokio::sync::mpsc::UnboundedReceiver;

use super::reply;
use crate::poll::Wait;
use crate::redis::{Dialer, ServerError, Servers};
use crate::topology::{Endpoint, NodeName};
use crate::verify::{CheckCommand, CheckConnection, ProbeReply, Request, RequestAction, Word};

/// The time after which a message is published again.
const PUBLISH_INTERVAL: Duration = Duration::from_millis(500);

/// The connections of a check.
pub(super) struct CheckConnections<'a> {
    servers: &'a Servers<'a>,
    patience: Duration,
    open: BTreeMap<CheckConnection, OpenConnection>,
    /// The users of guests that have logged in.
    guests: BTreeMap<NodeName, String>,
}

/// A private connection of the check.
enum OpenConnection {
    Node(MultiplexedConnection),
    Listening(MultiplexedConnection, UnboundedReceiver<PushInfo>),
    Cluster(ClusterConnection),
}

impl<'a> CheckConnections<'a> {
    pub(super) fn new(servers: &'a Servers<'a>, patience: Duration) -> Self {
        Self { servers, patience, open: BTreeMap::new(), guests: BTreeMap::new() }
    }

    /// The node and user of a connection.
    pub(super) fn place(&self, session: &CheckConnection) -> (String, Option<String>) {
        let node = session.node();
        let endpoint = self.endpoint(node).map_or_else(|_| String::new(), |endpoint| format!(" {endpoint}"));
        let at = match session {
            CheckConnection::Announced(_, address) => format!("{node} {address}, as servers tell clients"),
            CheckConnection::Cluster(_) => format!("a cluster client that starts at {node}{endpoint}"),
            CheckConnection::Plaintext(_) => format!("{node}{endpoint}, without TLS"),
            CheckConnection::Uncertified(_) => format!("{node}{endpoint}, without a certificate"),
            _ => format!("{node}{endpoint}"),
        };
        let user = match session {
            CheckConnection::Guest(_) => self.guests.get(node).cloned(),
            CheckConnection::Plaintext(_) | CheckConnection::Uncertified(_) => None,
            _ => Some(super::user(self.servers).to_owned()),
        };
        (at, user)
    }

    fn endpoint(&self, node: &NodeName) -> Result<&'a Endpoint, ServerError> {
        let node_of_topology = self.servers.topology.node(node);
        node_of_topology.map(|node| &node.endpoint).ok_or_else(|| ServerError::NoSuchNode(node.clone()))
    }

    /// Sends all requests of a connection in one round trip. An error reply counts as a reply. After an error, the
    /// replies of later requests are missing.
    pub(super) async fn perform(&mut self, steps: &[Request]) -> Vec<Result<ProbeReply, ServerError>> {
        let Some(Request { connection: session, .. }) = steps.first() else { return Vec::new() };
        let mut commands = Vec::new();
        for step in steps {
            match &step.action {
                RequestAction::Send(command) => commands.push(command),
                RequestAction::Receive { channel, publisher, publish } => {
                    return vec![self.receive(session, channel, (publisher, publish)).await];
                }
                RequestAction::Handshake { names } => {
                    return vec![self.handshake(session.node(), names).await];
                }
            }
        }
        match self.send(session, &commands).await {
            Ok(replies) => replies.into_iter().map(Ok).collect(),
            Err(error) => vec![Err(error)],
        }
    }

    /// Records the user of a guest that has logged in.
    pub(super) fn note(&mut self, step: &Request, reply: &ProbeReply) {
        if let (RequestAction::Send(command), ProbeReply::Status(_)) = (&step.action, reply)
            && let Some(user) = command.logs_in()
        {
            self.guests.insert(step.connection.node().clone(), user.to_owned());
        }
    }

    async fn send(
        &mut self,
        session: &CheckConnection,
        commands: &[&CheckCommand],
    ) -> Result<Vec<ProbeReply>, ServerError> {
        if let CheckConnection::Shared(node) = session {
            let mut connection = self.servers.connection(node).await?;
            return self.servers.kept(node, ask(&mut connection, commands).await);
        }
        match self.own(session).await? {
            OpenConnection::Node(connection) | OpenConnection::Listening(connection, _) => {
                ask(connection, commands).await
            }
            OpenConnection::Cluster(connection) => ask(connection, commands).await,
        }
    }

    /// The check's private connection, opened at its first use.
    async fn own(&mut self, session: &CheckConnection) -> Result<&mut OpenConnection, ServerError> {
        if !self.open.contains_key(session) {
            let endpoint = self.endpoint(session.node())?;
            let (dialer, login) = (&self.servers.dialer, self.servers.login(session.node()));
            let open = match session {
                CheckConnection::Guest(_) => OpenConnection::Node(dialer.open(endpoint, None).await?),
                CheckConnection::Announced(_, address) => {
                    OpenConnection::Node(dialer.open(address, login).await?)
                }
                CheckConnection::Plaintext(_) => {
                    OpenConnection::Node(Dialer::plaintext().open(endpoint, None).await?)
                }
                CheckConnection::Uncertified(_) => {
                    OpenConnection::Node(dialer.without_certificate().open(endpoint, None).await?)
                }
                CheckConnection::Shared(_) | CheckConnection::Private(_) => {
                    let (connection, messages) = dialer.open_listening(endpoint, login).await?;
                    OpenConnection::Listening(connection, messages)
                }
                CheckConnection::Cluster(_) => OpenConnection::Cluster(
                    dialer.open_cluster(self.servers.topology, endpoint, login).await?,
                ),
            };
            self.open.insert(session.clone(), open);
        }
        self.open.get_mut(session).ok_or_else(|| ServerError::NoSuchNode(session.node().clone()))
    }

    /// Whether a node's certificate is valid for all of these names.
    async fn handshake(&self, node: &NodeName, names: &[String]) -> Result<ProbeReply, ServerError> {
        self.servers.dialer.shake_hands(self.endpoint(node)?, names).await?;
        Ok(ProbeReply::Status("trusted".to_owned()))
    }

    /// The next message on a channel. The message is published again until it arrives; nil if it does not arrive in
    /// time.
    async fn receive(
        &mut self,
        session: &CheckConnection,
        channel: &str,
        (publisher, publish): (&CheckConnection, &CheckCommand),
    ) -> Result<ProbeReply, ServerError> {
        let wait = Wait::new("a message", self.patience, PUBLISH_INTERVAL);
        loop {
            let OpenConnection::Listening(_, messages) = self.own(session).await? else {
                return Ok(ProbeReply::Nil);
            };
            match wait.pause_until(next_on(channel, messages)).await {
                Ok(Some(reply)) => return Ok(reply),
                Ok(None) => drop(self.send(publisher, &[publish]).await?),
                Err(_) => return Ok(ProbeReply::Nil),
            }
        }
    }
}

/// The next message on a channel; nil if the connection ends first.
async fn next_on(channel: &str, messages: &mut UnboundedReceiver<PushInfo>) -> ProbeReply {
    while let Some(PushInfo { kind, data }) = messages.recv().await {
        let [on, message] = data.as_slice() else { continue };
        let wanted = matches!(kind, PushKind::Message | PushKind::SMessage);
        if wanted && reply::from_value(on).as_text() == Some(channel) {
            return reply::from_value(message);
        }
    }
    ProbeReply::Nil
}

fn packed(command: &CheckCommand) -> Cmd {
    let mut packed = Cmd::new();
    for word in command.words() {
        match word {
            Word::Plain(text) => packed.arg(text),
            Word::Secret(secret) => packed.arg(secret.expose()),
        };
    }
    packed
}

async fn ask(
    connection: &mut impl ConnectionLike,
    commands: &[&CheckCommand],
) -> Result<Vec<ProbeReply>, ServerError> {
    let failed = |source| ServerError::NoReply { source };
    if let [command] = commands {
        return match packed(command).query_async::<Value>(connection).await {
            Ok(value) => Ok(vec![reply::from_value(&value)]),
            Err(source) => Ok(vec![reply::from_error(&source).ok_or_else(|| failed(source))?]),
        };
    }
    let mut pipeline = Pipeline::with_capacity(commands.len());
    for command in commands {
        pipeline.add_command(packed(command));
    }
    // Unlike a query, this returns error replies among the other replies.
    let values = connection.req_packed_commands(&pipeline, 0, commands.len()).await.map_err(failed)?;
    Ok(values.iter().map(reply::from_value).collect())
}
