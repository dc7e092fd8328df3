//! The logs of a deployment's nodes.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::time::Duration;

use futures_util::stream::{self, BoxStream, select_all};
use futures_util::{Stream, StreamExt};

use super::Error;
use super::engine::{ConnectedEngine, choose};
use super::followed_log::FollowedLog;
use super::node_choice::find_node;
use crate::docker::logs::{self, LogLine, LogPart};
use crate::topology::NodeName;

/// A line of a node's log.
pub(crate) type NodeLine = (NodeName, LogLine);

impl ConnectedEngine {
    /// This engine, or all engines of the deployment that it has a part of.
    pub(crate) async fn with_all_engines(&self, deployment: Option<&str>) -> Result<Self, Error> {
        let name = choose(deployment, &self.api.inventory().await?)?;
        self.of_deployment(&name).await
    }

    /// The nodes of a deployment that `words` name; all nodes if it is empty. It asks the engine only, so it works
    /// without the deployment's description.
    pub(crate) async fn nodes_with_logs(
        &self,
        deployment: Option<&str>,
        words: &[String],
    ) -> Result<Vec<NodeName>, Error> {
        let on_engine = self.api.inventory().await?;
        let deployment = choose(deployment, &on_engine)?;
        let all: Vec<NodeName> = on_engine.deployment(&deployment).containers.into_keys().collect();
        if words.is_empty() {
            return Ok(all);
        }
        let nodes: Vec<&NodeName> = all.iter().collect();
        let find = |word: &String| find_node(word, &deployment, &nodes, NodeName::as_str).cloned();
        words.iter().map(find).collect()
    }

    /// The lines of several logs so far, the oldest first.
    pub(crate) fn logs(
        &self,
        nodes: &[NodeName],
        part: LogPart,
    ) -> BoxStream<'static, Result<NodeLine, Error>> {
        let log = |node: &NodeName| {
            let docker = self.api.client_of(node).unwrap_or(self.api.client());
            of_node(node, logs::lines(docker, node, part).map(|line| Ok(line?)))
        };
        oldest_first(nodes.iter().map(log).collect()).boxed()
    }

    /// The lines that come later, of all nodes. `read` are the times of the last lines that were read already. The
    /// other nodes have no such line: theirs begin with `part`.
    pub(crate) fn later_lines(
        &self,
        nodes: &[NodeName],
        part: LogPart,
        read: &BTreeMap<NodeName, Duration>,
    ) -> BoxStream<'static, Result<NodeLine, Error>> {
        let follow = |node: &NodeName| {
            let docker = self.api.client_of(node).unwrap_or(self.api.client()).clone();
            let log = FollowedLog::new(docker, node.clone(), part, read.get(node).copied());
            of_node(node, log.lines())
        };
        select_all(nodes.iter().map(follow)).boxed()
    }
}

/// The lines of a node, with its name.
fn of_node(
    node: &NodeName,
    lines: impl Stream<Item = Result<LogLine, Error>> + Send + 'static,
) -> BoxStream<'static, Result<NodeLine, Error>> {
    let node = node.clone();
    lines.map(move |line| Ok((node.clone(), line?))).boxed()
}

/// The lines of several logs, the oldest first. A line without a time comes at once, and so does an error.
fn oldest_first(
    logs: Vec<BoxStream<'static, Result<NodeLine, Error>>>,
) -> impl Stream<Item = Result<NodeLine, Error>> {
    let logs: Vec<_> = logs.into_iter().map(StreamExt::peekable).collect();
    stream::unfold(logs, |mut logs| async {
        let mut oldest = None;
        for (position, log) in logs.iter_mut().enumerate() {
            let Some(next) = Pin::new(log).peek().await else { continue };
            let time = next.as_ref().ok().and_then(|(_, line)| line.time);
            if oldest.is_none_or(|(_, oldest)| time < oldest) {
                oldest = Some((position, time));
            }
        }
        let (position, _) = oldest?;
        let line = logs[position].next().await?;
        Some((line, logs))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lines_of_several_logs_are_in_the_order_of_their_times() {
        let log = |node: &str, times: &[u64]| {
            let node = NodeName::from_label(node);
            let line =
                |time: &u64| LogLine { time: Some(Duration::from_secs(*time)), text: time.to_string() };
            let lines: Vec<_> = times.iter().map(|time| Ok((node.clone(), line(time)))).collect();
            stream::iter(lines).boxed()
        };
        let logs = vec![log("a", &[2, 3, 9]), log("b", &[1, 3, 4]), log("c", &[])];
        let lines: Vec<String> = oldest_first(logs)
            .map(|line| line.map(|(node, line)| format!("{node}{}", line.text)).unwrap())
            .collect()
            .await;
        assert_eq!(lines, ["b1", "a2", "a3", "b3", "b4", "a9"]);
    }
}
