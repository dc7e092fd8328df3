//! Asks a server for its state and its view of other nodes, in one round trip.

use redis::aio::MultiplexedConnection;
use redis::{Pipeline, Value, cmd};

use super::command::query;
use super::modules::modules;
use super::{ServerError, client_list, parse, slot_migrations};
use crate::observation::ServerView;

/// The only question that some servers do not know.
const SHARDS: &str = "CLUSTER SHARDS";

/// The question for atomic migrations of slots. During an upgrade, some servers do not know it.
pub(super) const MIGRATIONS: &str = "CLUSTER GETSLOTMIGRATIONS";

/// The question that a server may refuse: users rename or forbid the command.
pub(super) const MODULES: &str = "MODULE LIST";

/// The question for its clients. Users rename or forbid this command, too.
const CLIENTS: &str = "CLIENT LIST";

/// The questions for a server, besides INFO.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "each question is independent of the others")]
pub(super) struct Questions {
    /// The cluster's state, nodes and slots.
    pub(super) cluster: bool,
    /// CLUSTER SHARDS.
    pub(super) shards: bool,
    /// CLUSTER GETSLOTMIGRATIONS.
    pub(super) migrations: bool,
    /// Every setting, the modules and the clients.
    pub(super) settings: bool,
}

/// Asks a server.
pub(super) async fn ask(
    connection: &mut MultiplexedConnection,
    questions: &Questions,
) -> Result<ServerView, ServerError> {
    let commands = questions.commands();
    let replies = ask_all(connection, &commands).await?;
    understand(commands.into_iter().zip(replies))
}

impl Questions {
    /// The commands of these questions.
    pub(super) fn commands(&self) -> Vec<&'static str> {
        let mut commands = vec!["INFO"];
        if self.cluster {
            commands.extend(["CLUSTER INFO", "CLUSTER NODES", "CLUSTER SLOTS"]);
        }
        if self.cluster && self.shards {
            commands.push(SHARDS);
        }
        if self.cluster && self.migrations {
            commands.push(MIGRATIONS);
        }
        if self.settings {
            commands.extend(["CONFIG GET *", MODULES, CLIENTS]);
        }
        commands
    }
}

/// The replies to some commands, in one round trip.
pub(super) async fn ask_all(
    connection: &mut MultiplexedConnection,
    commands: &[&'static str],
) -> Result<Vec<Value>, ServerError> {
    let mut pipeline = Pipeline::new();
    for name in commands {
        let mut words = name.split(' ');
        let mut command = cmd(words.next().unwrap_or_default());
        for word in words {
            command.arg(word);
        }
        pipeline.add_command(command);
    }
    let command = commands.first().copied().unwrap_or_default();
    let replies: Vec<Value> = pipeline
        .ignore_errors()
        .query_async(connection)
        .await
        .map_err(|source| ServerError::Command { command, source })?;
    let refused = |(command, reply): (&&'static str, Value)| match reply {
        // During an upgrade, some servers do not have the command.
        refusal @ Value::ServerError(_) if ![SHARDS, MIGRATIONS, MODULES, CLIENTS].contains(command) => {
            refusal.extract_error().map_err(|source| ServerError::Command { command, source })
        }
        reply => Ok(reply),
    };
    commands.iter().zip(replies).map(refused).collect()
}

/// Parses the replies to the commands of [`Questions`].
pub(super) fn understand(
    replies: impl IntoIterator<Item = (&'static str, Value)>,
) -> Result<ServerView, ServerError> {
    let mut view = ServerView::default();
    for (command, reply) in replies {
        let strange = |what: String| ServerError::Reply { command, what };
        match command {
            "INFO" => parse::info(&text(command, reply)?, &mut view),
            "CLUSTER INFO" => {
                parse::cluster_info(&text(command, reply)?, view.cluster.get_or_insert_default());
            }
            "CLUSTER NODES" => {
                parse::cluster_nodes(&text(command, reply)?, view.cluster.get_or_insert_default())
                    .map_err(strange)?;
            }
            "CLUSTER SLOTS" => {
                parse::cluster_slots(&reply, view.cluster.get_or_insert_default()).map_err(strange)?;
            }
            MODULES => view.modules = modules(&reply),
            SHARDS | MIGRATIONS | CLIENTS if matches!(reply, Value::ServerError(_)) => {}
            MIGRATIONS => {
                view.cluster.get_or_insert_default().exports = slot_migrations::exports(&reply);
            }
            SHARDS => {
                view.cluster.get_or_insert_default().shards = Some(parse::shards(&reply));
            }
            CLIENTS => view.clients = client_list::count(&text(command, reply)?),
            "CONFIG GET *" => view.settings = parse::settings(reply).map_err(strange)?,
            _ => {}
        }
    }
    Ok(view)
}

/// The node's cluster id.
pub(super) async fn own_id(connection: &mut MultiplexedConnection) -> Result<String, ServerError> {
    query(connection, "CLUSTER MYID", cmd("CLUSTER").arg("MYID")).await
}

/// A reply as text.
fn text(command: &'static str, reply: Value) -> Result<String, ServerError> {
    ::redis::from_redis_value(reply).map_err(|error| ServerError::Reply { command, what: error.to_string() })
}
