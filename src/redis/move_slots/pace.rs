//! How many keys a round trip of MIGRATE moves. A server does nothing else meanwhile: more keys delay its clients.

use std::time::Duration;

/// The duration of a round trip that clients hardly notice.
const AIM: Duration = Duration::from_millis(4);

/// The keys of the first round trip. Their size is not known yet.
const FIRST: usize = 32;

/// The most keys of a round trip. More gain nothing.
const MOST: usize = 512;

/// The number of keys of the next round trip.
#[derive(Debug)]
pub(super) struct Pace {
    keys: usize,
}

impl Default for Pace {
    fn default() -> Self {
        Self { keys: FIRST }
    }
}

impl Pace {
    /// The most keys that one MIGRATE moves now.
    pub(super) fn most_keys(&self) -> usize {
        self.keys
    }

    /// Takes the keys of the next round trip, a list of keys for each slot. At least one key goes.
    pub(super) fn next<K>(&self, slots: &mut Vec<Vec<K>>) -> Vec<Vec<K>> {
        let (mut room, mut taken) = (self.keys, Vec::new());
        while room > 0
            && let Some(mut keys) = slots.pop()
        {
            let rest = keys.split_off(keys.len().min(room));
            room -= keys.len();
            taken.push(keys);
            if !rest.is_empty() {
                slots.push(rest);
            }
        }
        taken
    }

    /// Learns from a round trip. Large keys need smaller round trips.
    pub(super) fn learn(&mut self, keys: usize, took: Duration) {
        if took > AIM * 2 {
            self.keys = (keys / 2).clamp(1, self.keys);
        } else if took < AIM && keys >= self.keys {
            self.keys = (self.keys * 2).min(MOST);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_trip_has_a_limited_number_of_keys() {
        let mut slots = vec![vec![1, 2], vec![3; 40], vec![4; 5]];
        let taken = Pace { keys: 10 }.next(&mut slots);
        assert_eq!(taken.iter().map(Vec::len).collect::<Vec<_>>(), [5, 5]);
        assert_eq!(slots.iter().map(Vec::len).collect::<Vec<_>>(), [2, 35]);
    }

    #[test]
    fn the_size_follows_the_time() {
        let mut pace = Pace::default();
        for (keys, milliseconds, next) in [(32, 1, 64), (10, 1, 64), (64, 5, 64), (64, 9, 32), (1, 500, 1)] {
            pace.learn(keys, Duration::from_millis(milliseconds));
            assert_eq!(pace.keys, next, "{keys} keys in {milliseconds} ms");
        }
    }
}
