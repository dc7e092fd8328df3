//! Asks a server for its directives in force, and which of them CONFIG SET can change.

use std::collections::BTreeSet;

use redis::{Value, cmd, pipe};

use super::{ServerError, Servers, parse};
use crate::topology::{NodeName, Settings};

/// A server's directives in force.
pub struct DirectivesInForce {
    /// Their values.
    pub settings: Settings,
    /// The directives that CONFIG SET can change.
    pub live: BTreeSet<String>,
}

impl Servers<'_> {
    /// Asks the server of a node for all directives, and sets each directive to its present value.
    ///
    /// # Errors
    /// The server does not answer.
    pub async fn try_directives(&self, node: &NodeName) -> Result<DirectivesInForce, ServerError> {
        const COMMAND: &str = "CONFIG GET *";
        let mut connection = self.connection(node).await?;
        let reply = cmd("CONFIG").arg("GET").arg("*").query_async(&mut connection).await;
        let reply: Value = reply.map_err(|source| ServerError::Command { command: COMMAND, source })?;
        let strange = |what| ServerError::Reply { command: COMMAND, what };
        let settings = parse::settings(reply).map_err(strange)?;
        let mut pipeline = pipe();
        for (name, value) in settings.iter() {
            pipeline.cmd("CONFIG").arg("SET").arg(name).arg(value);
        }
        let count = settings.iter().count();
        let replies = connection.send_packed_commands(&pipeline, 0, count).await;
        let replies = replies.map_err(|source| ServerError::NoReply { source })?;
        let taken = settings.iter().zip(replies);
        let taken = taken.filter(|(_, reply)| !matches!(reply, Value::ServerError(_)));
        let live = taken.map(|((name, _), _)| name.to_owned()).collect();
        Ok(DirectivesInForce { settings, live })
    }
}
