//! Container logs.

use std::time::Duration;

use bollard::Docker;
use bollard::query_parameters::LogsOptionsBuilder;
use futures_util::{Stream, StreamExt as _, stream};

use super::response::is_not_found;
use super::timestamp::since_1970;
use super::{EngineError, container};
use crate::topology::NodeName;

/// The number of log lines in an error.
const TAIL_LINES: usize = 12;

/// A line of a container's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// When the container wrote it: the time since 1970 on the engine's clock. `None`: the engine does not tell it.
    pub time: Option<Duration>,
    /// The line, without its time.
    pub text: String,
}

/// The part of a log that is read.
#[derive(Debug, Clone, Copy, Default)]
pub struct LogPart {
    /// Read later lines, too, until the container ends.
    pub follow: bool,
    /// Read only this number of last lines.
    pub last: Option<usize>,
    /// Read only lines from this time on: a time since 1970. The engine knows whole seconds.
    pub since: Option<Duration>,
}

/// The last lines of a node's log; empty if the log cannot be read.
pub(super) async fn tail(docker: &Docker, node: &NodeName) -> Vec<String> {
    let part = LogPart { last: Some(TAIL_LINES), ..LogPart::default() };
    let lines = lines(docker, node, part).collect::<Vec<_>>().await;
    lines.into_iter().filter_map(Result::ok).map(|line| line.text).filter(|line| !line.is_empty()).collect()
}

/// A node's log, line by line. A container that does not exist has no lines.
pub fn lines(
    docker: &Docker,
    node: &NodeName,
    part: LogPart,
) -> impl Stream<Item = Result<LogLine, EngineError>> + use<> {
    let last = part.last.map_or_else(|| "all".to_owned(), |count| count.to_string());
    let since = part.since.and_then(|since| i32::try_from(since.as_secs()).ok()).unwrap_or_default();
    let options = LogsOptionsBuilder::default().stdout(true).stderr(true).timestamps(true);
    let options = options.follow(part.follow).tail(&last).since(since).build();
    let chunks = docker.logs(node.as_str(), Some(options));
    let operation = format!("read the log of `{node}`");
    chunks.flat_map(move |chunk| {
        let lines: Vec<_> = match chunk {
            Ok(chunk) => chunk.to_string().lines().map(|line| Ok(LogLine::read(line))).collect(),
            Err(error) if is_not_found(&error) => Vec::new(),
            Err(error) => vec![Err(EngineError::call(operation.as_str())(error))],
        };
        stream::iter(lines)
    })
}

/// Whether a node's container runs; `None` if it does not exist.
///
/// # Errors
/// The engine does not answer.
pub async fn runs(docker: &Docker, node: &NodeName) -> Result<Option<bool>, EngineError> {
    let inspected = container::inspect(docker, node.as_str()).await?;
    Ok(inspected.map(|inspected| inspected.state.and_then(|state| state.running).unwrap_or_default()))
}

impl LogLine {
    /// Reads a line that begins with its time.
    fn read(line: &str) -> Self {
        let line = line.trim_end();
        let (time, text) = line.split_once(' ').unwrap_or((line, ""));
        match since_1970(time) {
            Some(time) => Self { time: Some(time), text: text.to_owned() },
            None => Self { time: None, text: line.to_owned() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_a_line_is_no_part_of_its_text() {
        let read = |line| {
            let LogLine { time, text } = LogLine::read(line);
            (time.map(|time| time.as_secs()), text)
        };
        assert_eq!(
            read("2000-02-29T12:00:00.1Z 1:M  Ready \r"),
            (Some(951_825_600), "1:M  Ready".to_owned())
        );
        assert_eq!(read("2000-02-29T12:00:00.1Z"), (Some(951_825_600), String::new()));
        assert_eq!(read("no time"), (None, "no time".to_owned()));
    }
}
