//! The rows about moves of slots. They time the move alone, without containers and the joining of nodes.

use super::{Bar, Direction, Row};
use crate::figures::{Figures, median};

/// redisctl is this much faster than redis-cli.
const FASTER: f64 = 5.0;

/// The growth of the time with ten times the keys.
const LINEAR: f64 = 12.0;

pub(super) fn rows(figures: &Figures) -> Vec<Row> {
    let times = |values: &[f64], factor: f64| median(values).map(|median| median * factor);
    let at_most = |words: &str, limit: Option<f64>| [Bar::new(Direction::AtMost, words, limit)];
    vec![
        Row::new(
            "slots_empty",
            "4096 empty slots, Redis 7.0",
            "s",
            &figures.move_empty,
            at_most("0.5 s", Some(0.5)),
        ),
        Row::new("slots_fewer", "slots with 100 000 keys in all", "s", &figures.move_fewer, []),
        Row::new(
            "slots_redis_7",
            "slots with 300 000 keys, Redis 7.0",
            "s",
            &figures.move_redis_7,
            at_most("redis-cli / 5", times(&figures.cli_redis_7, 1.0 / FASTER)),
        ),
        Row::new(
            "slots_cli_redis_7",
            "the same, redis-cli --cluster rebalance",
            "s",
            &figures.cli_redis_7,
            [],
        ),
        Row::new(
            "slots_more",
            "slots with 1 000 000 keys in all",
            "s",
            &figures.move_more,
            at_most("12 times 100 000", times(&figures.move_fewer, LINEAR)),
        ),
        Row::new(
            "slots_redis_8",
            "slots with 300 000 keys, Redis 8.0",
            "s",
            &figures.move_redis_8,
            at_most("redis-cli / 5", times(&figures.cli_redis_8, 1.0 / FASTER)),
        ),
        Row::new(
            "slots_cli_redis_8",
            "the same, redis-cli --cluster rebalance",
            "s",
            &figures.cli_redis_8,
            [],
        ),
        Row::new(
            "slots_valkey_9",
            "slots with 300 000 keys, Valkey 9.1",
            "s",
            &figures.move_valkey_9,
            at_most("2 by hand", times(&figures.hand_valkey_9, 2.0)),
        ),
        Row::new(
            "slots_hand_valkey_9",
            "the same, CLUSTER MIGRATESLOTS by hand",
            "s",
            &figures.hand_valkey_9,
            [],
        ),
        Row::new(
            "slots_rest_p99",
            "p99 of a client at rest, Redis 7.0",
            "ms",
            &figures.rest_p99_milliseconds,
            [],
        ),
        Row::new("slots_p99", "p99 of a client while slots move", "ms", &figures.moving_p99_milliseconds, []),
        Row::new("slots_most", "its slowest command", "ms", &figures.moving_most_milliseconds, []),
    ]
}
