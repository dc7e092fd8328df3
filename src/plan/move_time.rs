//! About how long the moves of slots in a plan take.

use std::fmt;
use std::time::Duration;

use super::{Action, Plan, ServerAction};
use crate::topology::server::MoveWay;

/// Keys in a second by MIGRATE: measured with keys of 100 bytes, three shards to four, on two cores.
const KEYS_BY_HAND: u64 = 60_000;

/// Keys in a second by atomic migrations, measured in the same way.
const KEYS_AT_ONCE: u64 = 250_000;

/// Slots in a second by SETSLOT, at both ends.
const SLOTS_BY_HAND: u64 = 8_000;

/// The same where SETSLOT waits for the replicas.
const SLOTS_BY_WAITING: u64 = 1000;

/// Shorter moves are not worth a note.
const SHORT: Duration = Duration::from_secs(1);

/// About how long moves of slots take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct MoveTime(Duration);

impl MoveTime {
    /// The time of one move.
    fn of(way: MoveWay, slots: usize, keys: u64) -> Self {
        let time =
            |number: u64, in_a_second: u64| Duration::from_millis(number.saturating_mul(1000) / in_a_second);
        if way.atomic {
            return Self(time(keys, KEYS_AT_ONCE));
        }
        let slots_in_a_second = if way.waits_for_replicas { SLOTS_BY_WAITING } else { SLOTS_BY_HAND };
        Self(time(keys, KEYS_BY_HAND) + time(slots as u64, slots_in_a_second))
    }
}

impl fmt::Display for MoveTime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        const LONG: u64 = 120;
        let seconds = (self.0 + Duration::from_millis(500)).as_secs();
        if seconds < LONG {
            write!(formatter, "the slots move in about {seconds} s")
        } else {
            write!(formatter, "the slots move in about {} min", seconds.div_ceil(60))
        }
    }
}

impl Plan {
    /// About how long all moves of slots take; `None` if they are short. Moves share the processors, so their times
    /// are added.
    pub(super) fn move_time(&self) -> Option<MoveTime> {
        let now = self.steps().filter_map(|step| match &step.action {
            Action::Server(ServerAction::MoveSlots { slots, keys, way, .. }) => {
                Some(MoveTime::of(*way, slots.len(), *keys))
            }
            _ => None,
        });
        let later = self.later.iter().map(|later| MoveTime::of(later.way, later.slots, later.keys));
        let all: Duration = now.chain(later).map(|time| time.0).sum();
        (all >= SHORT).then_some(MoveTime(all))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_follows_from_keys_slots_and_way() {
        let by_hand = MoveWay { atomic: false, waits_for_replicas: false };
        let text = |way, slots, keys| MoveTime::of(way, slots, keys).to_string();
        assert_eq!(text(by_hand, 4096, 250_000), "the slots move in about 5 s");
        let waiting = MoveWay { waits_for_replicas: true, ..by_hand };
        assert_eq!(text(waiting, 4096, 250_000), "the slots move in about 8 s");
        assert_eq!(text(MoveWay { atomic: true, ..waiting }, 4096, 250_000), "the slots move in about 1 s");
        assert_eq!(text(by_hand, 4096, 10_000_000), "the slots move in about 3 min");
    }
}
