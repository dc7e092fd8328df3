//! A client of the cluster that shows the outcome of each command. Libraries would hide retries.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use redis::{Cmd, Connection, RedisError, ServerErrorKind, Value};
use redisctl::topology::slots::slot_of;

use crate::tool::PORT_BASE;

/// The most nodes of the soak's clusters, and more: new nodes take free numbers.
const MOST_NODES: u16 = 24;

/// The time limit of a reply. A busy machine needs seconds for it at times.
const REPLY: Duration = Duration::from_secs(10);

/// The time limit for temporary refusals: a failover takes the node timeout and more.
const REFUSALS: Duration = Duration::from_secs(30);

/// The pause after a temporary refusal.
const PAUSE: Duration = Duration::from_millis(20);

/// A client of the cluster.
#[derive(Default)]
pub(crate) struct Client {
    /// The port of the known owner of each slot.
    owners: BTreeMap<u16, u16>,
    connections: BTreeMap<u16, Connection>,
    /// The node to ask about unknown slots.
    seed: u16,
}

impl Client {
    /// The replies to some commands about a key. An error means that the outcome is unknown.
    pub(crate) fn send(&mut self, key: &str, commands: &[Cmd]) -> Result<Vec<Value>> {
        let slot = slot_of(key);
        let (started, mut asked) = (Instant::now(), None);
        loop {
            let is_asking = asked.is_some();
            let port = asked.take().or_else(|| self.owners.get(&slot).copied());
            let port = port.unwrap_or(PORT_BASE + self.seed % MOST_NODES);
            let refusal = match self.send_to(port, commands, is_asking) {
                Ok(replies) => match replies.first() {
                    Some(Value::ServerError(refusal)) => RedisError::from(refusal.clone()),
                    _ => return Ok(replies),
                },
                Err(Unsent::NotConnected(error)) => error,
                Err(Unsent::Unknown(error)) => {
                    self.forget(slot);
                    return Err(error).with_context(|| format!("port {port}"));
                }
            };
            let redirection =
                refusal.redirect_node().and_then(|(node, _)| node.rsplit_once(':')?.1.parse().ok());
            match (refusal.kind(), redirection) {
                (redis::ErrorKind::Server(ServerErrorKind::Moved), Some(next)) => {
                    // As libraries do: a former owner may have given up more slots, and may end.
                    self.owners.retain(|_, owner| *owner != port);
                    self.connections.remove(&port);
                    self.owners.insert(slot, next);
                    self.seed = next - PORT_BASE;
                }
                (redis::ErrorKind::Server(ServerErrorKind::Ask), Some(next)) => asked = Some(next),
                _ if started.elapsed() > REFUSALS => bail!("port {port}: {refusal}"),
                _ => {
                    self.forget(slot);
                    std::thread::sleep(PAUSE);
                }
            }
        }
    }

    fn forget(&mut self, slot: u16) {
        self.owners.remove(&slot);
        self.seed = self.seed.wrapping_add(1);
    }

    fn send_to(&mut self, port: u16, commands: &[Cmd], is_asking: bool) -> Result<Vec<Value>, Unsent> {
        let mut connection = match self.connections.remove(&port) {
            Some(connection) => connection,
            None => connect(port).map_err(Unsent::NotConnected)?,
        };
        let mut pipeline = redis::pipe();
        if is_asking {
            pipeline.cmd("ASKING").ignore();
        }
        for command in commands {
            pipeline.add_command(command.clone());
        }
        let replies: Vec<Value> = pipeline.ignore_errors().query(&mut connection).map_err(Unsent::Unknown)?;
        self.connections.insert(port, connection);
        Ok(replies)
    }
}

/// Why there are no replies.
enum Unsent {
    /// No command was sent.
    NotConnected(RedisError),
    /// The commands may have been executed.
    Unknown(RedisError),
}

/// A connection to a node.
pub(crate) fn connect(port: u16) -> Result<Connection, RedisError> {
    let connection = redis::Client::open(("127.0.0.1", port))?.get_connection_with_timeout(REPLY)?;
    connection.set_read_timeout(Some(REPLY))?;
    Ok(connection)
}

/// Connections to every node that answers.
pub(crate) fn connect_all() -> Vec<Connection> {
    (PORT_BASE..PORT_BASE + MOST_NODES).filter_map(|port| connect(port).ok()).collect()
}
