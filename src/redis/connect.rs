//! Opens connections. Only this file knows timeouts, logins and TLS.

use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::cluster::{ClusterClientBuilder, NodeAddress};
use redis::cluster_async::ClusterConnection;
use redis::io::tcp::TcpSettings;
use redis::{
    AsyncConnectionConfig, Client, ClientTlsConfig, ConnectionAddr, ConnectionInfo, IntoConnectionInfo as _,
    ProtocolVersion, PushInfo, RedisConnectionInfo, RedisResult, TlsCertificates,
};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::ServerError;
use crate::spec::SecretText;
use crate::topology::{Credentials, Endpoint, Topology};

/// The time limit to open a connection. Endpoints are near.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// The time limit for a reply. A server that loads or forks answers late. A paused server never answers.
pub const RESPONSE_TIMEOUT: Duration = Duration::from_secs(5);

/// How often a cluster client follows redirections or tries again, per command. With more attempts, a cluster with circular redirections could not be told from a slow cluster.
const CLUSTER_RETRIES: u32 = 3;

/// A user with its password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// The user.
    pub user: String,
    /// The user's password.
    pub password: SecretText,
}

/// Dials the endpoints of a deployment, with TLS if the deployment has it.
///
/// With TLS it verifies the server's certificate: the CA's signature, the period and the dialled host.
#[derive(Debug, Clone)]
pub struct Dialer {
    pub(super) tls: Option<TlsCertificates>,
}

impl Dialer {
    /// Dials as the deployment with these credentials requires.
    #[must_use]
    pub fn new(credentials: &Credentials) -> Self {
        let tls = credentials.certificates.as_ref().map(|certificates| {
            let client = certificates.client();
            TlsCertificates {
                client_tls: Some(ClientTlsConfig {
                    client_cert: client.certificate.clone().into_bytes(),
                    client_key: client.key.expose().as_bytes().to_vec(),
                }),
                root_cert: Some(certificates.authority().as_bytes().to_vec()),
            }
        });
        Self { tls }
    }

    /// Dials without TLS, even if the deployment uses TLS.
    #[must_use]
    pub fn plaintext() -> Self {
        Self { tls: None }
    }

    /// Dials in the same way, but shows no certificate.
    #[must_use]
    pub fn without_certificate(&self) -> Self {
        let without = |tls: &TlsCertificates| TlsCertificates { client_tls: None, ..tls.clone() };
        Self { tls: self.tls.as_ref().map(without) }
    }

    /// The time limit to open a connection. The server's part of a TLS handshake needs extra time.
    pub(super) fn connect_timeout(&self) -> Duration {
        if self.tls.is_some() { CONNECT_TIMEOUT + RESPONSE_TIMEOUT } else { CONNECT_TIMEOUT }
    }

    fn config(&self) -> AsyncConnectionConfig {
        self.config_for(RESPONSE_TIMEOUT)
    }

    fn config_for(&self, limit: Duration) -> AsyncConnectionConfig {
        AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.connect_timeout()))
            .set_response_timeout(Some(limit))
    }

    /// The connection information of an endpoint for redis-rs.
    ///
    /// # Errors
    /// redis-rs refuses the address.
    pub fn information(&self, endpoint: &Endpoint, login: Option<&Login>) -> RedisResult<ConnectionInfo> {
        let (host, port) = (endpoint.host.clone(), endpoint.port);
        let address = match self.tls {
            None => ConnectionAddr::Tcp(host, port),
            Some(_) => ConnectionAddr::TcpTls { host, port, insecure: false, tls_params: None },
        };
        let information = address.into_connection_info()?.set_tcp_settings(tcp_settings());
        // Old servers do not know CLIENT SETINFO, and others refuse it before a log-in. Both count it as an error.
        let settings = RedisConnectionInfo::default().set_skip_set_lib_name();
        let settings = match login {
            None => settings,
            Some(login) => settings.set_username(&login.user).set_password(login.password.expose()),
        };
        Ok(information.set_redis_settings(settings))
    }

    /// The client for a connection information.
    ///
    /// # Errors
    /// The certificates cannot be read.
    pub fn client(&self, information: ConnectionInfo) -> RedisResult<Client> {
        match &self.tls {
            None => Client::open(information),
            Some(tls) => Client::build_with_tls(information, tls.clone()),
        }
    }

    /// Opens a connection.
    ///
    /// # Errors
    /// The endpoint cannot be dialled, or the server refuses the login.
    pub async fn open(
        &self,
        endpoint: &Endpoint,
        login: Option<&Login>,
    ) -> Result<MultiplexedConnection, ServerError> {
        self.open_for(endpoint, login, RESPONSE_TIMEOUT).await
    }

    /// Opens a connection with another time limit for replies.
    ///
    /// # Errors
    /// The endpoint cannot be dialled, or the server refuses the login.
    pub(super) async fn open_for(
        &self,
        endpoint: &Endpoint,
        login: Option<&Login>,
        limit: Duration,
    ) -> Result<MultiplexedConnection, ServerError> {
        let dial = async {
            let client = self.client(self.information(endpoint, login)?)?;
            client.get_multiplexed_async_connection_with_config(&self.config_for(limit)).await
        };
        dial.await.map_err(|source| ServerError::connect(endpoint, source))
    }

    /// Opens a connection that can subscribe, and returns its messages.
    ///
    /// # Errors
    /// The endpoint cannot be dialled, or the server refuses the login.
    pub async fn open_listening(
        &self,
        endpoint: &Endpoint,
        login: Option<&Login>,
    ) -> Result<(MultiplexedConnection, UnboundedReceiver<PushInfo>), ServerError> {
        let (sender, receiver) = unbounded_channel();
        let dial = async {
            let information = self.information(endpoint, login)?;
            // Only RESP3 sends messages between replies.
            let settings = information.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
            let client = self.client(information.set_redis_settings(settings))?;
            client.get_multiplexed_async_connection_with_config(&self.config().set_push_sender(sender)).await
        };
        let connection = dial.await.map_err(|source| ServerError::connect(endpoint, source))?;
        Ok((connection, receiver))
    }

    /// Opens a cluster client that knows a single endpoint. If servers announce addresses, the client dials the
    /// nodes' endpoints instead, and verifies their certificates for the endpoints.
    ///
    /// # Errors
    /// The endpoint cannot be dialled, a server refuses the login, or the cluster is down.
    pub async fn open_cluster(
        &self,
        topology: &Topology,
        seed: &Endpoint,
        login: Option<&Login>,
    ) -> Result<ClusterConnection, ServerError> {
        let dial = async {
            // Only addresses are mapped, so a wrong endpoint still fails.
            let inside = topology.nodes().into_iter().filter_map(|node| {
                let (announced, endpoint) = (topology.advertised(node), &node.endpoint);
                let address = |endpoint: &Endpoint| NodeAddress::new(endpoint.host.clone(), endpoint.port);
                (announced != *endpoint).then(|| (address(&announced), address(endpoint)))
            });
            let mut builder = ClusterClientBuilder::new([self.information(seed, None)?])
                .connection_timeout(self.connect_timeout())
                .response_timeout(RESPONSE_TIMEOUT)
                .tcp_settings(tcp_settings())
                .retries(CLUSTER_RETRIES)
                .node_address_map(inside.collect());
            if let Some(login) = login {
                builder = builder.username(login.user.clone()).password(login.password.expose());
            }
            if let Some(tls) = &self.tls {
                builder = builder.certs(tls.clone());
            }
            builder.build()?.get_async_connection().await
        };
        dial.await.map_err(|source| ServerError::connect(seed, source))
    }
}

/// `TCP_NODELAY`: small requests do not wait for acknowledgements.
fn tcp_settings() -> TcpSettings {
    TcpSettings::default().set_nodelay(true)
}

/// Whether the server executes commands on a connection. A server also accepts connections without a login.
///
/// # Errors
/// The server does not answer. Another login would not help.
pub(super) async fn lets_in(connection: &mut MultiplexedConnection) -> Result<bool, ServerError> {
    match redis::cmd("PING").exec_async(connection).await {
        Ok(()) => Ok(true),
        Err(source) if source.is_io_error() => Err(ServerError::Command { command: "PING", source }),
        Err(_) => Ok(false),
    }
}
