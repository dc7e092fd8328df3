//! A node's log that is read line by line, also after the node's container was restarted or replaced.

use std::time::Duration;

use bollard::Docker;
use futures_util::stream::{self, BoxStream};
use futures_util::{Stream, StreamExt as _};

use super::Error;
use crate::docker::EngineError;
use crate::docker::logs::{self, LogLine, LogPart};
use crate::poll::Wait;
use crate::topology::NodeName;

/// How long a container may be missing before its log ends. `up` replaces a container in about a second.
const MISSING: Duration = Duration::from_secs(10);

/// The interval of checks whether a container runs again.
const POLL_INTERVAL: Duration = Duration::from_millis(200);

/// A log that is being read.
pub(super) struct FollowedLog {
    docker: Docker,
    node: NodeName,
    first: LogPart,
    /// The time of the last line that was read.
    read: Option<Duration>,
    lines: Option<BoxStream<'static, Result<LogLine, EngineError>>>,
}

impl FollowedLog {
    /// `first` is the part of the log that is read if no line was read before `read`.
    pub(super) fn new(docker: Docker, node: NodeName, first: LogPart, read: Option<Duration>) -> Self {
        Self { docker, node, first, read, lines: None }
    }

    /// The lines, until the container is missing for some time.
    pub(super) fn lines(self) -> impl Stream<Item = Result<LogLine, Error>> {
        stream::unfold(Some(self), |log| async {
            let mut log = log?;
            match log.next().await {
                Ok(Some(line)) => Some((Ok(line), Some(log))),
                Ok(None) => None,
                Err(error) => Some((Err(error.into()), None)),
            }
        })
    }

    async fn next(&mut self) -> Result<Option<LogLine>, EngineError> {
        loop {
            let lines = self.lines.get_or_insert_with(|| {
                let part = LogPart { follow: true, ..self.first };
                let later = LogPart { follow: true, last: None, since: self.read };
                logs::lines(&self.docker, &self.node, if self.read.is_some() { later } else { part }).boxed()
            });
            match lines.next().await.transpose()? {
                // The engine repeats the lines of the same second.
                Some(line) if self.read.is_some() && line.time <= self.read => {}
                Some(line) => {
                    self.read = line.time.or(self.read);
                    return Ok(Some(line));
                }
                None => {
                    self.lines = None;
                    if !runs_again(&self.docker, &self.node).await? {
                        return Ok(None);
                    }
                }
            }
        }
    }
}

/// Waits until a node's container runs; `false`: it does not exist any more. A stopped container may be started later.
async fn runs_again(docker: &Docker, node: &NodeName) -> Result<bool, EngineError> {
    let missing = || Wait::new("the container", MISSING, POLL_INTERVAL);
    let mut wait = missing();
    loop {
        match logs::runs(docker, node).await? {
            Some(true) => return Ok(true),
            Some(false) => wait = missing(),
            None => {}
        }
        if wait.pause().await.is_err() {
            return Ok(false);
        }
    }
}
