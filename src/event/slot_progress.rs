//! The progress of a move of slots.

use std::fmt;
use std::time::Duration;

use super::duration_text::in_words;

/// The progress of a move of slots between two nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SlotProgress {
    /// The slots that the target owns now.
    pub slots: u64,
    /// The slots of this move.
    pub all_slots: u64,
    /// The moved keys.
    pub keys: u64,
    /// The keys of all these slots when the move began. Clients may change it meanwhile.
    pub all_keys: u64,
    /// The time since the beginning.
    pub took: Duration,
}

impl SlotProgress {
    /// Keys in a second.
    #[must_use]
    pub fn keys_per_second(&self) -> u64 {
        let milliseconds = u64::try_from(self.took.as_millis()).unwrap_or(u64::MAX);
        self.keys.saturating_mul(1000).checked_div(milliseconds).unwrap_or(0)
    }

    /// About how long the rest takes at this rate; `None` if nothing has moved yet.
    #[must_use]
    pub fn left(&self) -> Option<Duration> {
        let (done, all) =
            if self.all_keys > 0 { (self.keys, self.all_keys) } else { (self.slots, self.all_slots) };
        let took = u64::try_from(self.took.as_millis()).unwrap_or(u64::MAX);
        let left = took.saturating_mul(all.saturating_sub(done)).checked_div(done)?;
        Some(Duration::from_millis(left))
    }
}

impl fmt::Display for SlotProgress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { slots, all_slots, keys, all_keys, .. } = self;
        write!(formatter, "{slots} of {all_slots} slots, {keys} of {all_keys} keys")?;
        if *keys > 0 {
            write!(formatter, ", {} keys/s", self.keys_per_second())?;
        }
        match self.left() {
            Some(left) if slots < all_slots => write!(formatter, ", about {} left", in_words(left)),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rate_and_rest_follow_from_the_keys() {
        let took = Duration::from_secs(2);
        let progress = SlotProgress { slots: 100, all_slots: 400, keys: 2000, all_keys: 8000, took };
        assert_eq!(progress.to_string(), "100 of 400 slots, 2000 of 8000 keys, 1000 keys/s, about 6 s left");
        let begun = SlotProgress { slots: 0, keys: 0, ..progress };
        assert_eq!(begun.to_string(), "0 of 400 slots, 0 of 8000 keys");
        let empty = SlotProgress { keys: 0, all_keys: 0, ..progress };
        assert_eq!(empty.to_string(), "100 of 400 slots, 0 of 0 keys, about 6 s left");
        let over = SlotProgress { slots: 400, keys: 9000, ..progress };
        assert_eq!(over.to_string(), "400 of 400 slots, 9000 of 8000 keys, 4500 keys/s");
    }
}
