//! Collects the files of a bundle about the engine and the servers. All are asked at the same time, each with a time
//! limit, because some may not answer.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::{join, join_all, join3};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::super::engine::ConnectedEngine;
use super::super::observe::observe_stored;
use crate::bundle::{self, Piece, questions};
use crate::docker::evidence;
use crate::docker::logs::{self, LogPart};
use crate::executor::chain;
use crate::redis::Servers;
use crate::status::status;
use crate::topology::{Credentials, NodeName, Topology};

/// The time limit for an engine or a server to answer.
const PATIENCE: Duration = Duration::from_secs(8);

/// The maximum number of log lines per node: about a megabyte.
const MOST_LOG_LINES: usize = 10_000;

/// All files about the engine, and about the deployment if its topology is known.
pub(super) async fn pieces(
    engine: &ConnectedEngine,
    deployment: Option<(&Topology, &Credentials)>,
) -> Vec<Piece> {
    let docker = engine.api.client();
    let about_engine = async { Piece::json(bundle::ENGINE, &document(evidence::engine(docker)).await) };
    let Some((topology, credentials)) = deployment else { return vec![about_engine.await] };
    let network =
        async { Piece::json(bundle::NETWORK, &document(evidence::network(docker, &topology.name)).await) };
    let servers = Servers::new(topology, credentials);
    let state = async {
        let observed = Box::pin(observe_stored(topology, engine, &servers));
        document(async { observed.await.map(|observed| json!(status(topology, &observed))) }).await
    };
    let nodes = nodes(engine, topology).await;
    let nodes = join_all(nodes.iter().map(|node| node_pieces(engine, topology, &servers, node)));
    let ((about_engine, network, state), nodes) = join(join3(about_engine, network, state), nodes).await;
    let mut pieces = vec![Piece::json(bundle::TOPOLOGY, &json!(topology)), about_engine, network];
    pieces.push(Piece::json(bundle::STATUS, &state));
    pieces.extend(nodes.into_iter().flatten());
    pieces
}

/// The nodes of the topology, and other nodes on the engine.
async fn nodes(engine: &ConnectedEngine, topology: &Topology) -> BTreeSet<NodeName> {
    let mut nodes: BTreeSet<NodeName> = topology.nodes().into_iter().map(|node| node.name.clone()).collect();
    if let Ok(Ok(on_engine)) = timeout(PATIENCE, engine.api.inventory()).await {
        nodes.extend(on_engine.deployment(&topology.name).containers.into_keys());
    }
    nodes
}

async fn node_pieces(
    engine: &ConnectedEngine,
    topology: &Topology,
    servers: &Servers<'_>,
    node: &NodeName,
) -> Vec<Piece> {
    let docker = engine.api.client_of(node).unwrap_or(engine.api.client());
    let container = document(evidence::container(docker, node));
    let log = async {
        let part = LogPart { last: Some(MOST_LOG_LINES), ..LogPart::default() };
        let lines = logs::lines(docker, node, part).map(|line| match line {
            Ok(line) => line.text,
            Err(error) => format!("(the log ends here: {})", chain(&error)),
        });
        let lines = timeout(PATIENCE, lines.collect::<Vec<_>>()).await;
        lines.map_or_else(|_| no_answer(), |lines| lines.join("\n"))
    };
    let questions = questions(topology);
    let commands: Vec<&str> = questions.iter().map(|question| question.command).collect();
    let replies = timeout(PATIENCE, servers.replies(node, &commands));
    let (container, log, replies) = join3(container, log, replies).await;
    let mut pieces = vec![
        Piece::of_node(node, "container.json", format!("{container:#}\n")),
        Piece::of_node(node, "log.txt", format!("{log}\n")),
    ];
    match replies {
        Ok(Ok(replies)) => pieces.extend(
            questions
                .iter()
                .zip(&replies)
                .map(|(question, reply)| Piece::of_node(node, question.file, question.answered(reply))),
        ),
        Ok(Err(error)) => pieces.push(silent(node, chain(&error))),
        Err(_) => pieces.push(silent(node, no_answer())),
    }
    pieces
}

/// The file that replaces the replies of a silent server.
fn silent(node: &NodeName, why: impl Display) -> Piece {
    Piece::of_node(node, "silent.txt", format!("{node} does not answer: {why}\n"))
}

/// A document, or the reason why there is none.
async fn document<E: std::error::Error>(asked: impl Future<Output = Result<Value, E>>) -> Value {
    match timeout(PATIENCE, asked).await {
        Ok(Ok(document)) => document,
        Ok(Err(error)) => json!({ "error": chain(&error) }),
        Err(_) => json!({ "error": no_answer() }),
    }
}

fn no_answer() -> String {
    format!("no answer within {} s", PATIENCE.as_secs())
}
