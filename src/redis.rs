//! Sends requests to servers through redis-rs, and does the plan's server actions. This part knows no containers,
//! networks or images.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use ::redis::aio::MultiplexedConnection;

use crate::executor::{BoxedError, ServerCalls, ServerFault, Tell};
use crate::observation::{AccessView, ObservedServer, ServerView, Stranger};
use crate::plan::{Peer, ServerAction};
use crate::reply::Reply;
use crate::topology::users::{DEFAULT, OPERATOR};
use crate::topology::{Address, Credentials, Endpoint, Kind, NodeName, Server, SlotSet, Topology};

mod append_only_file;
pub mod check_runner;
mod cli_reply;
mod cli_session;
mod client_list;
mod cluster;
mod command;
mod command_stats;
pub mod connect;
pub mod directives_in_force;
mod emptying;
mod error;
mod failover;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod key_reader;
mod key_table;
mod leaving_clients;
mod modules;
mod move_login;
mod move_slots;
mod parse;
mod redirect;
mod sentinel;
mod server_actions;
mod server_view;
mod session_state;
mod slot_migrations;
mod tls_handshake;
mod told_addresses;
mod users;
mod write_probe;

pub use cli_session::{CliAnswer, CliSession};
pub use connect::{Dialer, Login};
pub use error::ServerError;
pub use key_reader::KeyReader;
use users::Passwords;
pub use write_probe::WriteProbe;

/// The time limit for a server outside the deployment to tell its number of keys.
const STRANGER_PATIENCE: Duration = Duration::from_secs(1);

/// The servers of a deployment. redisctl dials their endpoints, as clients do.
pub struct Servers<'a> {
    topology: &'a Topology,
    credentials: Credentials,
    dialer: Dialer,
    login: Option<Login>,
    /// The leaving nodes.
    leaving: Mutex<BTreeMap<NodeName, Leaving>>,
    /// redisctl's login at sentinels.
    sentinel_login: Option<Login>,
    /// The passwords that a server may still have.
    stored: Option<Credentials>,
    connections: Mutex<BTreeMap<NodeName, MultiplexedConnection>>,
}

/// A node that leaves the deployment.
struct Leaving {
    address: Address,
    endpoint: Endpoint,
}

impl<'a> Servers<'a> {
    /// The servers of a deployment. No connection is opened yet.
    #[must_use]
    pub fn new(topology: &'a Topology, credentials: &Credentials) -> Self {
        let (credentials, dialer) = (credentials.clone(), Dialer::new(credentials));
        let login = operator_login(&credentials);
        let sentinel_login = if topology.has_sentinel_users() {
            login.clone()
        } else {
            let default = credentials.default.clone();
            default.map(|password| Login { user: DEFAULT.to_owned(), password })
        };
        Self {
            topology,
            credentials,
            dialer,
            login,
            sentinel_login,
            stored: None,
            leaving: Mutex::default(),
            connections: Mutex::default(),
        }
    }

    /// The same servers, which may still have the passwords of the last `up`.
    #[must_use]
    pub fn brought_from(self, stored: Option<&Credentials>) -> Self {
        Self { stored: stored.cloned(), ..self }
    }

    /// redisctl's login at a node.
    fn login(&self, node: &NodeName) -> Option<&Login> {
        if self.topology.is_sentinel(node) { self.sentinel_login.as_ref() } else { self.login.as_ref() }
    }

    /// Adds leaving nodes. Their ports are published on the same host.
    pub fn leaving(&self, nodes: &[(NodeName, Address)]) {
        let host = &self.topology.shards[0].primary.endpoint.host;
        let leaving = |address: Address| Leaving {
            address,
            endpoint: Endpoint { host: host.clone(), port: address.port },
        };
        let nodes = nodes.iter().map(|(name, address)| (name.clone(), leaving(*address)));
        *self.leaving.lock().unwrap_or_else(PoisonError::into_inner) = nodes.collect();
    }

    /// Asks a node for all facts, settings included.
    ///
    /// # Errors
    /// The node does not answer, or its reply cannot be parsed.
    pub async fn full_view(&self, node: &NodeName) -> Result<ServerView, ServerError> {
        if !self.topology.is_sentinel(node) {
            // Both use this connection.
            self.connection(node).await?;
            let (view, access) =
                futures_util::future::try_join(self.ask(node, true), self.access(node)).await?;
            return Ok(ServerView { access: Some(access), ..view });
        }
        let view = self.ask(node, true).await?;
        // Sentinels before Redis 6.2 have no users. Their only password is in their file.
        let has_users = view.server.is_some_and(Server::has_sentinel_users);
        let access = if has_users { Some(self.access(node).await?) } else { None };
        Ok(ServerView { access, ..view })
    }

    /// The number of commands that a node has executed since its start, without those for its care.
    ///
    /// # Errors
    /// The node does not answer.
    pub async fn operations(&self, node: &NodeName) -> Result<u64, ServerError> {
        let mut connection = self.connection(node).await?;
        let mut command = ::redis::cmd("INFO");
        let asked = command::query(&mut connection, "INFO commandstats", command.arg("commandstats")).await;
        let text: String = self.kept(node, asked)?;
        Ok(command_stats::operations(&text))
    }

    /// Asks a node for its users and their rules.
    async fn access(&self, node: &NodeName) -> Result<AccessView, ServerError> {
        let mut connection = self.connection(node).await?;
        let passwords = Passwords::new(self.topology, &self.credentials, node);
        self.kept(node, passwords.ask(&mut connection).await)
    }

    /// Asks all of `nodes` for all facts, at the same time.
    pub async fn observe(&self, nodes: &[NodeName]) -> BTreeMap<NodeName, ObservedServer> {
        let ask = |node: &NodeName| {
            let node = node.clone();
            async move {
                let server = match self.full_view(&node).await {
                    Ok(view) => ObservedServer::Answering(Box::new(view)),
                    Err(error) => ObservedServer::Silent(crate::executor::chain(&error)),
                };
                (node, server)
            }
        };
        futures_util::future::join_all(nodes.iter().map(ask)).await.into_iter().collect()
    }

    /// Asks servers outside the deployment for their number of keys. redisctl sends them no password. A server that
    /// needs a password, or is not reachable, is missing from the result.
    pub async fn strangers(
        &self,
        owners: BTreeMap<String, (Address, SlotSet)>,
    ) -> BTreeMap<String, Stranger> {
        let ask = |(id, (address, slots)): (String, (Address, SlotSet))| async move {
            let keys = tokio::time::timeout(STRANGER_PATIENCE, self.keys_at(address)).await.ok().flatten();
            (id, Stranger { address, slots, keys })
        };
        futures_util::future::join_all(owners.into_iter().map(ask)).await.into_iter().collect()
    }

    async fn keys_at(&self, address: Address) -> Option<u64> {
        let endpoint = Endpoint { host: address.ip.to_string(), port: address.port };
        let mut connection = self.dialer.open(&endpoint, None).await.ok()?;
        let questions = server_view::Questions::default();
        Some(server_view::ask(&mut connection, &questions).await.ok()?.keys)
    }

    /// A node's replies to these commands, in order. An error reply counts as a reply.
    ///
    /// # Errors
    /// The node does not answer.
    pub async fn replies(&self, node: &NodeName, commands: &[&str]) -> Result<Vec<Reply>, ServerError> {
        let mut connection = self.connection(node).await?;
        let mut replies = Vec::new();
        for words in commands {
            let mut words = words.split(' ');
            let mut command = ::redis::cmd(words.next().unwrap_or_default());
            words.for_each(|word| {
                command.arg(word);
            });
            let reply = connection.send_packed_command(&command).await;
            let reply = reply.map_err(|source| ServerError::NoReply { source });
            replies.push(cli_reply::from_value(self.kept(node, reply)?));
        }
        Ok(replies)
    }

    /// Empties the records of servers before clients use them: the logs of slow and refused commands, and the
    /// statistics. A server that refuses it keeps its records, which harms nothing.
    pub async fn empty_records(&self) {
        let empty = |node: &NodeName| {
            let node = node.clone();
            let commands: &[&str] = match (self.topology.is_sentinel(&node), &self.topology.auth) {
                (true, None) => &[],
                (true, Some(_)) => &["ACL LOG RESET"],
                (false, None) => &["LATENCY RESET", "SLOWLOG RESET", "CONFIG RESETSTAT"],
                (false, Some(_)) => &["ACL LOG RESET", "LATENCY RESET", "SLOWLOG RESET", "CONFIG RESETSTAT"],
            };
            async move {
                // At the same time, because a reset is short.
                let each = commands.chunks(1).map(|command| self.replies(&node, command));
                drop(futures_util::future::join_all(each).await);
            }
        };
        futures_util::future::join_all(self.topology.nodes().iter().map(|node| empty(&node.name))).await;
    }

    async fn ask(&self, node: &NodeName, settings: bool) -> Result<ServerView, ServerError> {
        let mut connection = self.connection(node).await?;
        if self.topology.is_sentinel(node) {
            let result = sentinel::ask(&mut connection, &self.topology.name).await;
            return self.kept(node, result.map(|(view, _)| view));
        }
        let questions = server_view::Questions {
            cluster: self.topology.kind == Kind::Cluster,
            shards: self.topology.lists_shards_alike(),
            migrations: self.topology.server.way_to_move_slots().atomic,
            settings,
        };
        let result = server_view::ask(&mut connection, &questions).await;
        self.kept(node, result.map(|view| self.told_addresses().restore(view)))
    }

    /// The node's connection, opened at its first use.
    async fn connection(&self, node: &NodeName) -> Result<MultiplexedConnection, ServerError> {
        let open = self.connections.lock().unwrap_or_else(PoisonError::into_inner).get(node).cloned();
        if let Some(connection) = open {
            return Ok(connection);
        }
        let endpoint = self.endpoint(node)?;
        let mut opened = self.dialer.open(&endpoint, self.login(node)).await;
        let refused = match &mut opened {
            Ok(connection) if self.login(node).is_none() && self.stored.is_some() => {
                !connect::lets_in(connection).await?
            }
            Ok(_) => false,
            Err(error) => error.is_refused_login(),
        };
        if refused && let Some(connection) = self.other_way_in(node, &endpoint).await {
            // This connection is not kept. Next time, redisctl's own login may work.
            return Ok(connection);
        }
        let connection = opened?;
        let mut connections = self.connections.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(connections.entry(node.clone()).or_insert(connection).clone())
    }

    /// A connection with another login than redisctl's own. A user may have changed the users, or the plan changes
    /// them later.
    async fn other_way_in(&self, node: &NodeName, endpoint: &Endpoint) -> Option<MultiplexedConnection> {
        for login in self.other_logins(node).into_iter().map(Some).chain([None]) {
            if let Ok(mut connection) = self.dialer.open(endpoint, login.as_ref()).await
                && let Ok(true) = connect::lets_in(&mut connection).await
            {
                return Some(connection);
            }
        }
        None
    }

    /// The logins that a server may accept although it refuses redisctl's own.
    fn other_logins(&self, node: &NodeName) -> Vec<Login> {
        let primary = self.topology.starts_as_primary(node);
        let known = [Some(&self.credentials), self.stored.as_ref()];
        let logins = known.into_iter().flatten().flat_map(|credentials| {
            let default = credentials.default_on(primary).cloned();
            let default = default.map(|password| Login { user: DEFAULT.to_owned(), password });
            [operator_login(credentials), default]
        });
        logins.flatten().collect()
    }

    /// Another connection to a node that is connected, for long replies.
    async fn another_connection(
        &self,
        node: &NodeName,
        limit: Duration,
    ) -> Result<MultiplexedConnection, ServerError> {
        let endpoint = self.endpoint(node)?;
        self.dialer.open_for(&endpoint, self.login(node), limit).await
    }

    fn endpoint(&self, node: &NodeName) -> Result<Endpoint, ServerError> {
        let leaving = || {
            let leaving = self.leaving.lock().unwrap_or_else(PoisonError::into_inner);
            leaving.get(node).map(|leaving| leaving.endpoint.clone())
        };
        let endpoint = self.topology.node(node).map(|node| node.endpoint.clone()).or_else(leaving);
        endpoint.ok_or_else(|| ServerError::NoSuchNode(node.clone()))
    }

    async fn connections(&self, peers: &[Peer]) -> Result<Vec<MultiplexedConnection>, ServerError> {
        futures_util::future::try_join_all(peers.iter().map(|peer| self.connection(&peer.node))).await
    }

    /// The connections of all other servers of the topology that answer.
    async fn others(&self, besides: [&NodeName; 2]) -> Vec<MultiplexedConnection> {
        let servers = self.topology.servers().into_iter().map(|node| &node.name);
        let others = servers.filter(|name| !besides.contains(name)).map(|name| self.connection(name));
        futures_util::future::join_all(others).await.into_iter().flatten().collect()
    }

    /// Returns the result. Drops the connection if it broke.
    fn kept<T>(&self, node: &NodeName, result: Result<T, ServerError>) -> Result<T, ServerError> {
        if result.as_ref().is_err_and(ServerError::is_broken_connection) {
            self.connections.lock().unwrap_or_else(PoisonError::into_inner).remove(node);
        }
        result
    }
}

/// redisctl's own login.
#[must_use]
pub fn operator_login(credentials: &Credentials) -> Option<Login> {
    let password = credentials.operator.clone()?;
    Some(Login { user: OPERATOR.to_owned(), password })
}

impl ServerCalls for Servers<'_> {
    async fn apply(
        &self,
        node: &NodeName,
        action: &ServerAction,
        tell: &Tell<'_>,
    ) -> Result<(), ServerFault> {
        self.kept(node, self.call(node, action, tell).await).map_err(|error| {
            if error.is_passing() {
                ServerFault::Passing(error.into())
            } else {
                ServerFault::Final(error.into())
            }
        })
    }

    async fn view(&self, node: &NodeName) -> Result<ServerView, BoxedError> {
        Ok(self.ask(node, false).await?)
    }
}
