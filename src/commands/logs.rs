//! `redisctl logs`: what the nodes wrote.

use futures_util::StreamExt as _;
use futures_util::stream::select_all;

use super::{CommandError, Outcome, connected, deployment};
use crate::cli::LogsArguments;
use crate::docker::{EngineError, logs};
use crate::topology::{DeploymentName, NodeName};
use crate::ui::Ui;

pub(super) async fn run(
    arguments: &LogsArguments,
    host: Option<&str>,
    ui: &Ui,
) -> Result<Outcome, CommandError> {
    let connected = connected(host).await?;
    let on_engine = connected.engine.inventory().await?;
    let name = deployment::choose(arguments.name.as_deref(), &on_engine)?;
    let all: Vec<NodeName> = on_engine.deployment(&name).containers.into_keys().collect();
    let nodes = choose(&arguments.nodes, &name, &all)?;
    let streams = nodes.into_iter().map(|node| {
        let lines = logs::lines(connected.engine.client(), &node, arguments.follow, arguments.tail);
        lines.map(move |line| (node.clone(), line)).boxed_local()
    });
    if arguments.follow {
        let mut lines = select_all(streams);
        while let Some((node, line)) = lines.next().await {
            print(ui, &node, line)?;
        }
    } else {
        // Node after node: a log is read from top to bottom.
        for mut lines in streams {
            while let Some((node, line)) = lines.next().await {
                print(ui, &node, line)?;
            }
        }
    }
    Ok(Outcome::Done)
}

fn print(ui: &Ui, node: &NodeName, line: Result<String, EngineError>) -> Result<(), CommandError> {
    Ok(ui.log_line(node.as_str(), &line?)?)
}

/// The nodes that are meant: by name, or by number alone.
fn choose(wanted: &[String], name: &DeploymentName, all: &[NodeName]) -> Result<Vec<NodeName>, CommandError> {
    if wanted.is_empty() {
        return Ok(all.to_vec());
    }
    wanted.iter().map(|word| deployment::node(word, name, all)).collect()
}
