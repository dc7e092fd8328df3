//! Sends a command to a server.

use redis::aio::MultiplexedConnection;
use redis::{Cmd, FromRedisValue};

use super::ServerError;

/// Sends a command and reads its reply. `name` is the command without its values, which may be secret.
pub(super) async fn query<T: FromRedisValue>(
    connection: &mut MultiplexedConnection,
    name: &'static str,
    command: &Cmd,
) -> Result<T, ServerError> {
    command.query_async(connection).await.map_err(|source| ServerError::Command { command: name, source })
}

/// Sends a command, and ignores its reply.
pub(super) async fn run(
    connection: &mut MultiplexedConnection,
    name: &'static str,
    command: &Cmd,
) -> Result<(), ServerError> {
    query(connection, name, command).await
}
