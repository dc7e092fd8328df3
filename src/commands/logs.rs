//! `redisctl logs`: the logs of the nodes.

use futures_util::StreamExt as _;
use futures_util::future::{Either, select};
use futures_util::stream::select_all;

use super::{CommandError, ExitStatus};
use crate::cli::LogsArguments;
use crate::deployment::ConnectedEngine;
use crate::ui::Ui;

pub(super) async fn run(
    arguments: &LogsArguments,
    host: Option<&str>,
    ui: &Ui,
) -> Result<ExitStatus, CommandError> {
    let engine = ConnectedEngine::connect(host).await?;
    let nodes = engine.nodes_with_logs(arguments.name.as_deref(), &arguments.nodes).await?;
    let streams = nodes.into_iter().map(|node| {
        let lines = engine.log_lines(&node, arguments.follow, arguments.tail);
        lines.map(move |line| (node.clone(), line)).boxed()
    });
    if arguments.follow {
        let mut lines = select_all(streams);
        let mut unread = std::pin::pin!(ui.unread());
        while let Either::Left((Some((node, line)), _)) = select(lines.next(), unread.as_mut()).await {
            ui.log_line(node.as_str(), &line?)?;
        }
    } else {
        // One node after another, because a log is read from top to bottom.
        for mut lines in streams {
            while let Some((node, line)) = lines.next().await {
                ui.log_line(node.as_str(), &line?)?;
            }
        }
    }
    Ok(ExitStatus::Done)
}
