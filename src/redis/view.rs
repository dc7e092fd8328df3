//! Asks a server what it says of itself and its neighbours, in one round trip.

use redis::aio::MultiplexedConnection;
use redis::{Pipeline, Value, cmd};

use super::{ServerError, parse};
use crate::observed::ServerView;

/// What to ask beside INFO.
pub(super) struct Questions {
    /// The cluster's state, nodes and slots.
    pub(super) cluster: bool,
    /// CLUSTER SHARDS too.
    pub(super) shards: bool,
    /// Every setting.
    pub(super) settings: bool,
}

/// Asks a server.
pub(super) async fn ask(
    connection: &mut MultiplexedConnection,
    questions: &Questions,
) -> Result<ServerView, ServerError> {
    let mut pipeline = Pipeline::new();
    let mut names: Vec<&'static str> = Vec::new();
    let mut question = |name: &'static str| {
        let mut words = name.split(' ');
        let mut command = cmd(words.next().unwrap_or_default());
        for word in words {
            command.arg(word);
        }
        pipeline.add_command(command);
        names.push(name);
    };
    question("INFO");
    if questions.cluster {
        question("CLUSTER INFO");
        question("CLUSTER NODES");
        question("CLUSTER SLOTS");
    }
    if questions.cluster && questions.shards {
        question("CLUSTER SHARDS");
    }
    if questions.settings {
        question("CONFIG GET *");
    }
    let replies: Vec<Value> = pipeline
        .query_async(connection)
        .await
        .map_err(|source| ServerError::Command { command: names[0], source })?;

    let mut view = ServerView::default();
    for (command, reply) in names.into_iter().zip(replies) {
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
                view.cluster.get_or_insert_default().slots = parse::cluster_slots(&reply).map_err(strange)?;
            }
            "CLUSTER SHARDS" => {
                view.cluster.get_or_insert_default().online = Some(parse::online_nodes(&reply));
            }
            _ => view.settings = parse::settings(reply).map_err(strange)?,
        }
    }
    Ok(view)
}

/// The node's cluster id.
pub(super) async fn own_id(connection: &mut MultiplexedConnection) -> Result<String, ServerError> {
    let command = "CLUSTER MYID";
    let reply = cmd("CLUSTER").arg("MYID").query_async(connection).await;
    reply.map_err(|source| ServerError::Command { command, source })
}

/// A reply as text.
pub(super) fn text(command: &'static str, reply: Value) -> Result<String, ServerError> {
    ::redis::from_redis_value(reply).map_err(|error| ServerError::Reply { command, what: error.to_string() })
}
