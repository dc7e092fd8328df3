//! The clients of a node that leaves a cluster. They must learn the new owners of its slots while it still answers.

use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::cmd;

use super::{ServerError, client_list};
use crate::poll::Wait;

/// The time without a command after which a client has moved on. A busy client uses all its slots in this time.
const IDLE: Duration = Duration::from_secs(3);

/// The time limit. Some programs ask every node all the time.
const LIMIT: Duration = Duration::from_secs(15);

/// The interval of the checks. Servers count idle time in seconds.
const POLL: Duration = Duration::from_millis(50);

/// Waits until every client has closed its connection or is idle, or the time is over.
pub(super) async fn let_move_on(connection: &mut MultiplexedConnection) -> Result<(), ServerError> {
    let wait = Wait::new("clients to move on", LIMIT, POLL);
    loop {
        // Users rename or forbid the command. A server that ends has no clients.
        let Ok(text) = cmd("CLIENT").arg("LIST").query_async::<String>(connection).await else {
            return Ok(());
        };
        let is_idle = client_list::clients(&text).all(|client| client.idle >= IDLE);
        if is_idle || wait.pause().await.is_err() {
            return Ok(());
        }
    }
}
