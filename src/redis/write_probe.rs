//! A client that writes to one shard all the time, and changes nothing: `SETRANGE key 0 ""` is a write for servers and
//! clients, and leaves every key as it is, even a key of that name.

use redis::aio::MultiplexedConnection;
use redis::{ErrorKind, RedisError, ServerErrorKind, cmd};

use super::Servers;
use super::connect::RESPONSE_TIMEOUT;
use crate::failover::WriteOutcome;
use crate::topology::NodeName;

/// A client that writes to one shard.
pub struct WriteProbe<'s> {
    servers: &'s Servers<'s>,
    /// The nodes that may be primary.
    nodes: Vec<NodeName>,
    /// The position of the node that it writes to.
    current: usize,
    key: String,
    connection: Option<MultiplexedConnection>,
}

impl<'s> WriteProbe<'s> {
    /// A client of the primary among these nodes. The first node is asked first. `key` is in a slot of the shard.
    #[must_use]
    pub fn new(servers: &'s Servers<'s>, nodes: Vec<NodeName>, key: String) -> Self {
        Self { servers, nodes, current: 0, key, connection: None }
    }

    /// Writes once. The next write goes to the node that the server names.
    pub async fn write(&mut self) -> WriteOutcome {
        let Some(mut connection) = self.open().await else {
            self.go_on();
            return WriteOutcome::Lost;
        };
        let written = cmd("SETRANGE").arg(&self.key).arg(0).arg("").exec_async(&mut connection).await;
        let Err(error) = written else { return WriteOutcome::Accepted };
        if error.is_io_error() || error.is_unrecoverable_error() {
            self.go_on();
            return WriteOutcome::Lost;
        }
        if let Some((host_and_port, _)) = error.redirect_node() {
            let port = host_and_port.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
            let named = |node: &NodeName| {
                self.servers.topology.node(node).is_some_and(|node| Some(node.address.port) == port)
            };
            match self.nodes.iter().position(named) {
                Some(named) if named != self.current => self.go_to(named),
                Some(_) => {}
                None => self.go_on(),
            }
            return WriteOutcome::Redirected;
        }
        if is_of_a_replica(&error) {
            self.go_on();
            return WriteOutcome::Redirected;
        }
        WriteOutcome::Refused(error.code().unwrap_or("an error").to_owned())
    }

    async fn open(&mut self) -> Option<MultiplexedConnection> {
        if self.connection.is_none() {
            let node = self.nodes.get(self.current)?;
            let endpoint = &self.servers.topology.node(node)?.endpoint;
            // A connection of its own: a held write would hold the requests of this run.
            let opened =
                self.servers.dialer.open_for(endpoint, self.servers.login(node), RESPONSE_TIMEOUT).await;
            self.connection = opened.ok();
        }
        self.connection.clone()
    }

    fn go_on(&mut self) {
        self.go_to((self.current + 1) % self.nodes.len().max(1));
    }

    fn go_to(&mut self, node: usize) {
        self.connection = None;
        self.current = node;
    }
}

/// Whether a replica refused a write because it is a replica.
fn is_of_a_replica(error: &RedisError) -> bool {
    error.kind() == ErrorKind::Server(ServerErrorKind::ReadOnly)
}
