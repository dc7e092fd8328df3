//! `redisctl logs`: the logs of the nodes.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use futures_util::StreamExt as _;
use futures_util::future::{Either, select};
use futures_util::stream::BoxStream;

use super::{CommandError, ExitStatus};
use crate::cli::LogsArguments;
use crate::deployment::{ConnectedEngine, Error, NodeLine};
use crate::docker::logs::LogPart;
use crate::topology::NodeName;
use crate::ui::Ui;

pub(super) async fn run(
    arguments: &LogsArguments,
    host: Option<&str>,
    ui: &Ui,
) -> Result<ExitStatus, CommandError> {
    let engine = ConnectedEngine::connect(host).await?;
    let engine = engine.with_all_engines(arguments.name.as_deref()).await?;
    let nodes = engine.nodes_with_logs(arguments.name.as_deref(), &arguments.nodes).await?;
    let since = arguments.since.and_then(|age| SystemTime::now().checked_sub(age));
    let since = since.and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok());
    let part = LogPart { follow: false, last: arguments.tail, since };
    let mut printed = Printed { ui, nodes: &nodes, last: BTreeMap::new() };
    printed.print(engine.logs(&nodes, part)).await?;
    if arguments.follow {
        let later = engine.later_lines(&nodes, part, &printed.last);
        let printing = std::pin::pin!(printed.print(later));
        let unread = std::pin::pin!(ui.unread());
        if let Either::Left((result, _)) = select(printing, unread).await {
            result?;
        }
    }
    Ok(ExitStatus::Done)
}

/// The lines that are on stdout.
struct Printed<'a> {
    ui: &'a Ui,
    nodes: &'a [NodeName],
    /// The time of the last line of each node.
    last: BTreeMap<NodeName, Duration>,
}

impl Printed<'_> {
    async fn print(&mut self, mut lines: BoxStream<'_, Result<NodeLine, Error>>) -> Result<(), CommandError> {
        while let Some(line) = lines.next().await {
            let (node, line) = line?;
            self.ui.log_line(self.nodes, &node, &line.text)?;
            if let Some(time) = line.time {
                self.last.insert(node, time);
            }
        }
        Ok(())
    }
}
