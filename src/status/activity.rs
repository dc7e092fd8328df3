//! The work of servers: commands per second and clients, from two samples.

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use super::StatusView;
use crate::topology::NodeName;

/// The state of a deployment and the counters of its servers, at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// When it was taken, since the begin of the watch.
    pub taken: Duration,
    /// The state.
    pub status: StatusView,
    /// The counters of the servers that answer.
    pub counters: BTreeMap<NodeName, Counters>,
}

/// The counters of a server. Sentinels have none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// The number of its executed commands, without those for its care.
    pub operations: Option<u64>,
    /// The number of its clients.
    pub clients: Option<u64>,
}

/// The present work of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct Activity {
    /// The commands that it executes per second, those of its replication included. Commands for its care do not count:
    /// INFO, PING, CONFIG, CLUSTER, REPLCONF and similar ones. `None`: there is no earlier sample.
    pub operations_per_second: Option<u64>,
    /// The number of its clients, without replicas and sentinels; `None` if it does not say.
    pub clients: Option<u64>,
}

/// A sample of a watched deployment. It serializes to a line of `status --watch --output json`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct StatusLine<'a> {
    /// The time of the sample in UTC, as RFC 3339 has it.
    pub time: String,
    /// The state of the deployment, as `status` prints it.
    #[serde(flatten)]
    pub status: &'a StatusView,
    /// The work of the servers that answer, by node.
    pub activity: &'a BTreeMap<NodeName, Activity>,
}

/// The work of each server between two samples.
pub(super) fn activity(before: Option<&Sample>, now: &Sample) -> BTreeMap<NodeName, Activity> {
    let of = |(node, counters): (&NodeName, &Counters)| {
        let rate = before.and_then(|before| {
            let earlier = before.counters.get(node)?.operations?;
            per_second(earlier, counters.operations?, now.taken.saturating_sub(before.taken))
        });
        (node.clone(), Activity { operations_per_second: rate, clients: counters.clients })
    };
    now.counters.iter().map(of).collect()
}

/// The rate of a counter. `None`: the counter began again, or no time has passed.
fn per_second(before: u64, now: u64, elapsed: Duration) -> Option<u64> {
    let executed = u128::from(now.checked_sub(before)?);
    let micros = Some(elapsed.as_micros()).filter(|micros| *micros > 0)?;
    u64::try_from((executed * 1_000_000 + micros / 2) / micros).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_needs_two_counters_that_grow() {
        let second = Duration::from_secs(1);
        for (before, now, elapsed, rate) in [
            (0, 0, second, Some(0)),
            (100, 350, second, Some(250)),
            (100, 350, second / 4, Some(1000)),
            (100, 101, second * 3, Some(0)),
            (100, 102, second * 3, Some(1)),
            (u64::MAX - 1, u64::MAX, second, Some(1)),
            (0, u64::MAX, Duration::from_micros(1), None),
            // The server was restarted.
            (350, 3, second, None),
            (1, 2, Duration::ZERO, None),
        ] {
            assert_eq!(per_second(before, now, elapsed), rate, "{before} {now} {elapsed:?}");
        }
    }
}
