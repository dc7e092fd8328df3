//! Sends a command to a server.

use redis::aio::MultiplexedConnection;
use redis::{Cmd, FromRedisValue, Pipeline, Value};

use super::ServerError;

/// Sends a command and reads its reply. `name` is the command without its values, which may be secret.
pub(super) async fn query<T: FromRedisValue>(
    connection: &mut MultiplexedConnection,
    name: &'static str,
    command: &Cmd,
) -> Result<T, ServerError> {
    command.query_async(connection).await.map_err(|source| ServerError::Command { command: name, source })
}

/// Sends commands in one round trip. Every command is executed; the first error reply is the error.
pub(super) async fn query_all(
    connection: &mut MultiplexedConnection,
    name: &'static str,
    pipeline: &mut Pipeline,
) -> Result<Vec<Value>, ServerError> {
    let failed = |source| ServerError::Command { command: name, source };
    let replies: Vec<Value> = pipeline.ignore_errors().query_async(connection).await.map_err(failed)?;
    replies.into_iter().map(|reply| reply.extract_error().map_err(failed)).collect()
}

/// Sends a command, and ignores its reply.
pub(super) async fn run(
    connection: &mut MultiplexedConnection,
    name: &'static str,
    command: &Cmd,
) -> Result<(), ServerError> {
    query(connection, name, command).await
}

/// Sends commands in one round trip, and reads their replies.
pub(super) async fn values<T: FromRedisValue>(
    connection: &mut MultiplexedConnection,
    command: &'static str,
    pipeline: &mut Pipeline,
) -> Result<Vec<T>, ServerError> {
    let replies = query_all(connection, command, pipeline).await?;
    let values = replies.into_iter().map(redis::from_redis_value);
    values.collect::<Result<_, _>>().map_err(|error| ServerError::Reply { command, what: error.to_string() })
}
