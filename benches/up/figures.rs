//! The measured values: one list per part, empty for a part that is left out.

use std::time::Duration;

use crate::reset::ResetTimes;

/// All values of one run, in seconds unless the name has another unit.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    /// A: the engine alone, six nodes.
    pub(crate) engine_up: Vec<f64>,
    /// The removal of all containers by the engine, in parallel.
    pub(crate) engine_down: Vec<f64>,
    /// B: `redisctl up cluster`.
    pub(crate) redisctl_up: Vec<f64>,
    /// `redisctl down`.
    pub(crate) redisctl_down: Vec<f64>,
    /// Resets of six nodes.
    pub(crate) reset_six: Resets,
    /// Resets of a standalone server.
    pub(crate) reset_one: Resets,
    /// `redisctl seed` of 100 000 SETs into six nodes.
    pub(crate) seed_six: Vec<f64>,
    /// C: compose and redis-cli.
    pub(crate) compose_up: Vec<f64>,
    /// C': C until every node lists every replica.
    pub(crate) compose_visible: Vec<f64>,
    /// Moves of slots, three shards to four, without keys.
    pub(crate) move_empty: Vec<f64>,
    /// The same with 100 000 keys, and with a million.
    pub(crate) move_fewer: Vec<f64>,
    pub(crate) move_more: Vec<f64>,
    /// The same with 300 000 keys, by redisctl and by redis-cli or by hand.
    pub(crate) move_redis_7: Vec<f64>,
    pub(crate) cli_redis_7: Vec<f64>,
    pub(crate) move_redis_8: Vec<f64>,
    pub(crate) cli_redis_8: Vec<f64>,
    pub(crate) move_valkey_9: Vec<f64>,
    pub(crate) hand_valkey_9: Vec<f64>,
    /// The time of a client's commands, at rest and during a move.
    pub(crate) rest_p99_milliseconds: Vec<f64>,
    pub(crate) moving_p99_milliseconds: Vec<f64>,
    pub(crate) moving_most_milliseconds: Vec<f64>,
    /// `redisctl --version`.
    pub(crate) version_milliseconds: Vec<f64>,
    /// The binary's size, in units of 10^6 bytes.
    pub(crate) size_megabytes: Vec<f64>,
    /// The peak of resident memory during `redisctl up cluster`, in units of 10^6 bytes.
    pub(crate) memory_megabytes: Vec<f64>,
}

/// Times of resets.
#[derive(Debug, Default)]
pub(crate) struct Resets {
    /// `redisctl reset`.
    pub(crate) command_milliseconds: Vec<f64>,
    /// The library's `reset`, in this process.
    pub(crate) library_milliseconds: Vec<f64>,
}

impl Resets {
    /// Adds the times of a round.
    pub(crate) fn add(&mut self, times: &ResetTimes) {
        let milliseconds = |time: &Duration| time.as_secs_f64() * 1000.0;
        self.command_milliseconds.extend(times.command.iter().map(milliseconds));
        self.library_milliseconds.extend(times.library.iter().map(milliseconds));
    }
}

/// The median; `None` without values.
pub(crate) fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        odd if odd % 2 == 1 => Some(sorted[middle]),
        _ => Some(f64::midpoint(sorted[middle - 1], sorted[middle])),
    }
}
