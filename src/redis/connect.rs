//! Opens connections: the one place that knows timeouts and log-ins.

use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo as _,
    RedisConnectionInfo, RedisResult,
};

use super::ServerError;
use crate::spec::SecretText;
use crate::topology::Endpoint;

/// How long a dial may take: endpoints are near.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// How long a reply may take: a node that is loading or forking answers late, a frozen one never.
pub const RESPONSE_TIMEOUT: Duration = Duration::from_secs(5);

/// Who logs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// The user.
    pub user: String,
    /// The user's password.
    pub password: SecretText,
}

/// What redis-rs needs to know to dial an endpoint.
///
/// # Errors
/// Where redis-rs refuses the address.
pub fn information(endpoint: &Endpoint, login: Option<&Login>) -> RedisResult<ConnectionInfo> {
    let information = ConnectionAddr::Tcp(endpoint.host.clone(), endpoint.port).into_connection_info()?;
    Ok(match login {
        None => information,
        Some(login) => information.set_redis_settings(
            RedisConnectionInfo::default().set_username(&login.user).set_password(login.password.expose()),
        ),
    })
}

/// Opens a connection.
///
/// # Errors
/// Where the endpoint cannot be dialled, or the server refuses the log-in.
pub async fn open(endpoint: &Endpoint, login: Option<&Login>) -> Result<MultiplexedConnection, ServerError> {
    let dial = async {
        let client = Client::open(information(endpoint, login)?)?;
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT_TIMEOUT))
            .set_response_timeout(Some(RESPONSE_TIMEOUT));
        client.get_multiplexed_async_connection_with_config(&config).await
    };
    dial.await.map_err(|source| ServerError::Connect { endpoint: endpoint.clone(), source })
}
