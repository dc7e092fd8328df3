//! A client that writes to one shard all the time, and records what it sees.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::failover::{ClientView, WriteAttempt, WriteOutcome};
use crate::poll::Wait;
use crate::redis::WriteProbe;

/// How long a client goes on after the end, until a write is accepted.
const LAST_WRITE: Duration = Duration::from_secs(5);

/// A client that writes to one shard.
pub(super) struct WriteClient<'s> {
    probe: WriteProbe<'s>,
    first: WriteOutcome,
}

impl<'s> WriteClient<'s> {
    /// Begins with a single write.
    pub(super) async fn begin(mut probe: WriteProbe<'s>) -> Self {
        let first = probe.write().await;
        Self { probe, first }
    }

    /// Writes until `over`, and then until a write is accepted. `None`: the first write was not accepted.
    pub(super) async fn go_on(mut self, over: &AtomicBool, pace: Duration) -> Option<ClientView> {
        if self.first != WriteOutcome::Accepted {
            return None;
        }
        let all = Wait::new("the end of the change", Duration::MAX, pace);
        let mut attempts = vec![WriteAttempt { answered: all.waited(), outcome: self.first }];
        let mut last: Option<Wait> = None;
        loop {
            if last.is_none() && over.load(Ordering::Relaxed) {
                last = Some(Wait::new("a last write", LAST_WRITE, pace));
            }
            let outcome = self.probe.write().await;
            let is_accepted = outcome == WriteOutcome::Accepted;
            attempts.push(WriteAttempt { answered: all.waited(), outcome });
            let wait = last.as_ref().unwrap_or(&all);
            if (last.is_some() && is_accepted) || wait.pause().await.is_err() {
                return ClientView::of(&attempts);
            }
        }
    }
}
