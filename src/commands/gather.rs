//! Gathers what a bundle holds of the engine and the servers. Everybody is asked side by side, and
//! nobody for longer than a limit: what is broken is what bundles are made for.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::{join, join_all, join3};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::lock::Lock;
use super::prepare::Prepared;
use super::{Connected, converge};
use crate::bundle::{self, Piece, questions};
use crate::docker::{evidence, logs};
use crate::executor::chain;
use crate::redis::Servers;
use crate::status::status;
use crate::topology::NodeName;

/// How long an engine or a server may take to answer.
const PATIENCE: Duration = Duration::from_secs(8);

/// The most lines of a node's log: about a megabyte, more than anybody reads.
const MOST_LOG_LINES: usize = 10_000;

/// How far `up` has come: what can be asked.
#[derive(Default)]
pub(super) struct Scene {
    /// The engine, once it has answered.
    pub(super) connected: Option<Connected>,
    /// What should be, once that is known.
    pub(super) prepared: Option<Prepared>,
    /// Whether all that there is of it is of this command's making.
    pub(super) is_new: bool,
    /// The right to change it, for as long as anything is done to it.
    pub(super) lock: Option<Lock>,
}

/// Everything that can be had.
pub(super) async fn pieces(scene: &Scene) -> Vec<Piece> {
    let Some(connected) = &scene.connected else { return Vec::new() };
    let docker = connected.engine.client();
    let engine = async { Piece::json(bundle::ENGINE, &document(evidence::engine(docker)).await) };
    let Some(prepared) = &scene.prepared else { return vec![engine.await] };
    let topology = &prepared.topology;
    let network =
        async { Piece::json(bundle::NETWORK, &document(evidence::network(docker, &topology.name)).await) };
    let servers = Servers::new(topology, &prepared.credentials);
    let state = async {
        let observed = Box::pin(converge::observe(prepared, connected, &servers));
        document(async { observed.await.map(|observed| json!(status(topology, &observed))) }).await
    };
    let nodes = nodes(connected, prepared).await;
    let nodes = join_all(nodes.iter().map(|node| of_node(connected, prepared, &servers, node)));
    let ((engine, network, state), nodes) = join(join3(engine, network, state), nodes).await;
    let mut pieces = vec![Piece::json(bundle::TOPOLOGY, &json!(topology)), engine, network];
    pieces.push(Piece::json(bundle::STATUS, &state));
    pieces.extend(nodes.into_iter().flatten());
    pieces
}

/// The nodes that should be, and those that are there although they should not.
async fn nodes(connected: &Connected, prepared: &Prepared) -> BTreeSet<NodeName> {
    let mut nodes: BTreeSet<NodeName> =
        prepared.topology.nodes().into_iter().map(|node| node.name.clone()).collect();
    if let Ok(Ok(on_engine)) = timeout(PATIENCE, connected.engine.inventory()).await {
        nodes.extend(on_engine.deployment(&prepared.topology.name).containers.into_keys());
    }
    nodes
}

async fn of_node(
    connected: &Connected,
    prepared: &Prepared,
    servers: &Servers<'_>,
    node: &NodeName,
) -> Vec<Piece> {
    let docker = connected.engine.client();
    let container = document(evidence::container(docker, node));
    let log = async {
        let lines = logs::lines(docker, node, false, Some(MOST_LOG_LINES));
        let lines = lines.map(|line| line.unwrap_or_else(|error| format!("(no more: {})", chain(&error))));
        let lines = timeout(PATIENCE, lines.collect::<Vec<_>>()).await;
        lines.map_or_else(|_| gave_up(), |lines| lines.join("\n"))
    };
    let questions = questions(&prepared.topology);
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
        Err(_) => pieces.push(silent(node, gave_up())),
    }
    pieces
}

/// The file that stands where a server's replies would.
fn silent(node: &NodeName, why: impl Display) -> Piece {
    Piece::of_node(node, "silent.txt", format!("{node} does not answer: {why}\n"))
}

/// A document, or one that says why there is none.
async fn document<E: std::error::Error>(asked: impl Future<Output = Result<Value, E>>) -> Value {
    match timeout(PATIENCE, asked).await {
        Ok(Ok(document)) => document,
        Ok(Err(error)) => json!({ "error": chain(&error) }),
        Err(_) => json!({ "error": gave_up() }),
    }
}

fn gave_up() -> String {
    format!("no answer within {} s", PATIENCE.as_secs())
}
