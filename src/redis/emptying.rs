//! Removes the data of clients from a server.

use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{cmd, pipe};

use super::command::{query, run};
use super::{ServerError, client_list};

/// How long a primary waits for its replicas. They are asked at once. If a replica does not answer in this time, later
/// steps ask it again.
const REPLICAS: Duration = Duration::from_secs(1);

/// FLUSHALL and FUNCTION FLUSH, and WAIT until the replicas have done the same, in one round trip.
///
/// The server frees the memory in the background: a million keys would otherwise take a second.
pub(super) async fn empty(
    connection: &mut MultiplexedConnection,
    replicas: usize,
    has_functions: bool,
) -> Result<(), ServerError> {
    let mut commands = pipe();
    commands.cmd("FLUSHALL").arg("ASYNC");
    if has_functions {
        commands.cmd("FUNCTION").arg("FLUSH").arg("ASYNC");
    }
    if replicas > 0 {
        commands.cmd("WAIT").arg(replicas).arg(REPLICAS.as_millis().to_string());
    }
    let done = commands.exec_async(connection).await;
    done.map_err(|source| ServerError::Command { command: "FLUSHALL", source })
}

/// CLIENT KILL of every client. A client that has gone meanwhile is no failure.
pub(super) async fn end_clients(connection: &mut MultiplexedConnection) -> Result<(), ServerError> {
    let text: String = query(connection, "CLIENT LIST", cmd("CLIENT").arg("LIST")).await?;
    let mut commands = pipe();
    for client in client_list::clients(&text) {
        commands.cmd("CLIENT").arg("KILL").arg("ID").arg(client.id).ignore();
    }
    let done = commands.ignore_errors().exec_async(connection).await;
    done.map_err(|source| ServerError::Command { command: "CLIENT KILL", source })
}

/// SCRIPT FLUSH.
pub(super) async fn flush_scripts(connection: &mut MultiplexedConnection) -> Result<(), ServerError> {
    run(connection, "SCRIPT FLUSH", cmd("SCRIPT").arg("FLUSH")).await
}
