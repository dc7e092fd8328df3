//! What each user of a server may do, shown by the server's refusals.

use std::fmt;

use redis::aio::MultiplexedConnection;
use redis::{Client, ConnectionInfo, IntoConnectionInfo as _, RedisResult, Value};

/// The commands that each user tries.
pub const COMMANDS: [&str; 4] = ["SET greeting hello", "GET greeting", "CONFIG GET maxmemory", "FLUSHALL"];

/// The server's answer to a user's command.
#[derive(Debug)]
pub enum Answer {
    /// The server executed the command.
    Allowed,
    /// The server did not execute the command.
    Refused {
        /// `NOAUTH`: nobody is logged in. `NOPERM`: the user's rules do not allow it.
        code: String,
        /// The server's sentence.
        reason: String,
    },
}

impl fmt::Display for Answer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Allowed => formatter.write_str("allowed"),
            Self::Refused { code, reason } => write!(formatter, "{code} {reason}"),
        }
    }
}

/// Connects to the server at `url`. Without a user and its password, the connection is not logged in.
///
/// # Errors
/// The server does not answer, or refuses the login.
pub async fn connect(url: &str, login: Option<(&str, &str)>) -> RedisResult<MultiplexedConnection> {
    let info: ConnectionInfo = url.into_connection_info()?;
    let mut settings = info.redis_settings().clone();
    if let Some((user, password)) = login {
        settings = settings.set_username(user).set_password(password);
    }
    Client::open(info.set_redis_settings(settings))?.get_multiplexed_async_connection().await
}

/// Executes a command.
///
/// # Errors
/// The server does not answer, or its answer is another error than a refusal.
pub async fn execute(connection: &mut MultiplexedConnection, command: &str) -> RedisResult<Answer> {
    let mut request = redis::Cmd::new();
    request.arg(command.split(' ').collect::<Vec<_>>());
    match request.query_async::<Value>(connection).await {
        Ok(_) => Ok(Answer::Allowed),
        Err(error) => match (error.code(), error.detail()) {
            (Some(code @ ("NOPERM" | "NOAUTH")), reason) => {
                Ok(Answer::Refused { code: code.to_owned(), reason: reason.unwrap_or_default().to_owned() })
            }
            _ => Err(error),
        },
    }
}
