//! Container logs.

use bollard::Docker;
use bollard::query_parameters::LogsOptionsBuilder;
use futures_util::{Stream, StreamExt as _, stream};

use super::EngineError;
use crate::topology::NodeName;

/// The number of log lines in an error.
const TAIL_LINES: usize = 12;

/// The last lines of a node's log; empty if the log cannot be read.
pub(super) async fn tail(docker: &Docker, node: &NodeName) -> Vec<String> {
    let lines = lines(docker, node, false, Some(TAIL_LINES)).collect::<Vec<_>>().await;
    lines.into_iter().filter_map(Result::ok).filter(|line| !line.is_empty()).collect()
}

/// A node's log, line by line, or its `last` lines. With `follow`, the log ends with the container.
pub fn lines(
    docker: &Docker,
    node: &NodeName,
    follow: bool,
    last: Option<usize>,
) -> impl Stream<Item = Result<String, EngineError>> + use<> {
    let last = last.map_or_else(|| "all".to_owned(), |count| count.to_string());
    let options = LogsOptionsBuilder::default().stdout(true).stderr(true).follow(follow).tail(&last).build();
    let chunks = docker.logs(node.as_str(), Some(options));
    let operation = format!("read the log of `{node}`");
    chunks.flat_map(move |chunk| {
        let lines: Vec<_> = match chunk {
            Ok(chunk) => chunk.to_string().lines().map(|line| Ok(line.trim_end().to_owned())).collect(),
            Err(error) => vec![Err(EngineError::call(operation.as_str())(error))],
        };
        stream::iter(lines)
    })
}
