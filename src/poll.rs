//! Waits of the shell: checks repeatedly, for a limited time, until a state is reached.
//!
//! ```ignore
//! let wait = poll::Wait::new("the container to be gone", LIMIT, PACE);
//! while is_there(docker, id).await? {
//!     wait.pause().await?;
//! }
//! ```

use std::borrow::Cow;
use std::time::Duration;

use tokio::time::{Instant, sleep};

/// A wait with its deadline. Several loops can share it, and its time.
#[derive(Debug)]
pub struct Wait {
    awaited: Cow<'static, str>,
    limit: Duration,
    pace: Duration,
    started: Instant,
}

/// The time of a wait is over.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("waited {} s for {awaited}", limit.as_secs_f64())]
pub struct TimedOut {
    /// The awaited state: `the replica to take over`.
    pub awaited: Cow<'static, str>,
    /// The time limit.
    pub limit: Duration,
}

impl Wait {
    /// A wait that begins now, takes `limit` at most, and checks each `pace`. `awaited` names the state, as in
    /// "waited 5 s for the replica to take over".
    #[must_use]
    pub fn new(awaited: impl Into<Cow<'static, str>>, limit: Duration, pace: Duration) -> Self {
        Self { awaited: awaited.into(), limit, pace, started: Instant::now() }
    }

    /// The time that the wait has taken so far.
    #[must_use]
    pub fn waited(&self) -> Duration {
        self.started.elapsed()
    }

    /// Pauses until the next check. The last check comes when the time is over.
    ///
    /// # Errors
    /// The last check is over, too.
    pub async fn pause(&self) -> Result<(), TimedOut> {
        let left = self.limit.saturating_sub(self.waited());
        if left.is_zero() {
            return Err(TimedOut { awaited: self.awaited.clone(), limit: self.limit });
        }
        sleep(self.pace.min(left)).await;
        Ok(())
    }

    /// Waits for `event`, but not beyond the next check; `None`: the check is due.
    ///
    /// # Errors
    /// As [`Wait::pause`].
    pub async fn pause_until<T>(&self, event: impl Future<Output = T>) -> Result<Option<T>, TimedOut> {
        tokio::select! {
            biased;
            outcome = event => Ok(Some(outcome)),
            paused = self.pause() => paused.map(|()| None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_wait_looks_once_more_when_its_time_is_over_and_names_what_it_waited_for() {
        let wait = Wait::new("the moon", Duration::from_secs(1), Duration::from_millis(300));
        let mut looks = Vec::new();
        let timed_out = loop {
            looks.push(wait.waited().as_millis());
            if let Err(timed_out) = wait.pause().await {
                break timed_out;
            }
        };
        assert_eq!(looks, [0, 300, 600, 900, 1000]);
        assert_eq!(timed_out.to_string(), "waited 1 s for the moon");
    }

    #[tokio::test(start_paused = true)]
    async fn an_event_ends_a_pause() {
        let wait = Wait::new("the moon", Duration::from_secs(1), Duration::from_millis(300));
        let after = async |time| {
            sleep(Duration::from_millis(time)).await;
            "up"
        };
        assert_eq!(wait.pause_until(after(200)).await, Ok(Some("up")));
        assert_eq!(wait.pause_until(after(400)).await, Ok(None));
        assert_eq!(wait.waited().as_millis(), 500);
        assert_eq!(wait.pause_until(after(900)).await, Ok(None));
        assert_eq!(wait.pause_until(after(900)).await, Ok(None));
        assert!(wait.pause_until(after(900)).await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_without_time_looks_once() {
        let wait = Wait::new("the moon", Duration::ZERO, Duration::from_millis(300));
        assert!(wait.pause().await.is_err());
        assert_eq!(wait.waited(), Duration::ZERO);
    }
}
