//! Rewrites the append-only file of a server.

use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::cmd;

use super::ServerError;
use super::command::query;
use crate::plan::REWRITE;
use crate::poll::Wait;

/// How often to ask.
const PACE: Duration = Duration::from_millis(50);

/// BGREWRITEAOF, and the wait for its end.
pub(super) async fn rewrite(connection: &mut MultiplexedConnection) -> Result<(), ServerError> {
    let wait = Wait::new("the server to rewrite its append-only file", REWRITE, PACE);
    let _begun: String = query(connection, "BGREWRITEAOF", &cmd("BGREWRITEAOF")).await?;
    loop {
        let persistence: String = query(connection, "INFO", cmd("INFO").arg("persistence")).await?;
        if !is_rewriting(&persistence) {
            return Ok(());
        }
        wait.pause().await?;
    }
}

/// Whether a rewrite runs or is to begin.
fn is_rewriting(persistence: &str) -> bool {
    let is_set = |line: &str| ["aof_rewrite_in_progress:1", "aof_rewrite_scheduled:1"].contains(&line.trim());
    persistence.lines().any(is_set)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rewrite_runs_or_is_scheduled() {
        assert!(!is_rewriting("# Persistence\r\naof_rewrite_in_progress:0\r\naof_rewrite_scheduled:0\r\n"));
        assert!(is_rewriting("aof_rewrite_in_progress:1\r\naof_rewrite_scheduled:0\r\n"));
        assert!(is_rewriting("aof_rewrite_in_progress:0\r\naof_rewrite_scheduled:1\r\n"));
    }
}
