//! What a client that writes all the time sees of a failover. It has no clock: times are arguments.

use std::collections::BTreeSet;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

/// How a server answered a write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WriteOutcome {
    /// It accepted the write.
    Accepted,
    /// It named another node, or said that it is a replica. A client sends the write again.
    Redirected,
    /// It refused the write: the first word of its error.
    Refused(String),
    /// The connection broke, or could not be opened.
    Lost,
}

/// A write of the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteAttempt {
    /// When it was answered.
    pub answered: Duration,
    /// The answer.
    pub outcome: WriteOutcome,
}

/// What a client that writes all the time saw.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ClientView {
    /// The number of accepted writes.
    pub accepted: u64,
    /// The longest time between two accepted writes, milliseconds. Writes were held or refused for this time.
    pub longest_gap_ms: u64,
    /// The number of writes that a server sent on to another node (`MOVED`, `READONLY`).
    pub redirected: u64,
    /// The number of refused writes.
    pub refused: u64,
    /// The first words of the refusals: `NOREPLICAS`.
    pub refusals: BTreeSet<String>,
    /// The number of broken connections.
    pub lost: u64,
}

impl ClientView {
    /// What these attempts show, in their order. `None`: no write was accepted before and after, so they show nothing.
    #[must_use]
    pub fn of(attempts: &[WriteAttempt]) -> Option<Self> {
        let is_accepted = |attempt: &&WriteAttempt| attempt.outcome == WriteOutcome::Accepted;
        if !attempts.first().as_ref().is_some_and(is_accepted)
            || !attempts.last().as_ref().is_some_and(is_accepted)
        {
            return None;
        }
        let mut seen = Self::default();
        for attempt in attempts {
            match &attempt.outcome {
                WriteOutcome::Accepted => seen.accepted += 1,
                WriteOutcome::Redirected => seen.redirected += 1,
                WriteOutcome::Refused(word) => {
                    seen.refused += 1;
                    seen.refusals.insert(word.clone());
                }
                WriteOutcome::Lost => seen.lost += 1,
            }
        }
        let accepted: Vec<Duration> =
            attempts.iter().filter(is_accepted).map(|attempt| attempt.answered).collect();
        let gaps = accepted.windows(2).map(|pair| pair[1].saturating_sub(pair[0]));
        let longest = gaps.max().unwrap_or_default();
        seen.longest_gap_ms = u64::try_from(longest.as_millis()).unwrap_or(u64::MAX);
        Some(seen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempts(outcomes: &[(u64, WriteOutcome)]) -> Vec<WriteAttempt> {
        let attempt = |(at, outcome): &(u64, WriteOutcome)| WriteAttempt {
            answered: Duration::from_millis(*at),
            outcome: outcome.clone(),
        };
        outcomes.iter().map(attempt).collect()
    }

    #[test]
    fn the_longest_gap_lies_between_accepted_writes() {
        let refused = || WriteOutcome::Refused("NOREPLICAS".to_owned());
        let seen = ClientView::of(&attempts(&[
            (0, WriteOutcome::Accepted),
            (2, WriteOutcome::Accepted),
            (4, refused()),
            (6, refused()),
            (9, WriteOutcome::Lost),
            (20, WriteOutcome::Redirected),
            (42, WriteOutcome::Accepted),
            (44, WriteOutcome::Accepted),
        ]));
        let seen = seen.unwrap();
        assert_eq!((seen.accepted, seen.longest_gap_ms), (4, 40));
        assert_eq!((seen.redirected, seen.refused, seen.lost), (1, 2, 1));
        assert_eq!(seen.refusals.into_iter().collect::<Vec<_>>(), ["NOREPLICAS"]);
    }

    #[test]
    fn attempts_without_both_ends_show_nothing() {
        assert_eq!(ClientView::of(&[]), None);
        assert_eq!(ClientView::of(&attempts(&[(0, WriteOutcome::Lost), (1, WriteOutcome::Accepted)])), None);
        assert_eq!(ClientView::of(&attempts(&[(0, WriteOutcome::Accepted), (1, WriteOutcome::Lost)])), None);
    }
}
