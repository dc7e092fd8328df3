//! Hash slots: ranges, and sets of ranges.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How many hash slots a Redis Cluster has.
pub const SLOT_COUNT: u16 = 16_384;

/// Slots from `start` to `end`, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "(u16, u16)", into = "(u16, u16)")]
pub struct SlotRange {
    start: u16,
    end: u16,
}

impl SlotRange {
    /// The range; `None` if it is empty or not within the 16384 slots.
    #[must_use]
    pub fn new(start: u16, end: u16) -> Option<Self> {
        (start <= end && end < SLOT_COUNT).then_some(Self { start, end })
    }

    /// The first slot.
    #[must_use]
    pub fn start(self) -> u16 {
        self.start
    }

    /// The last slot.
    #[must_use]
    pub fn end(self) -> u16 {
        self.end
    }

    /// Whether it contains `slot`.
    #[must_use]
    pub fn contains(self, slot: u16) -> bool {
        (self.start..=self.end).contains(&slot)
    }

    /// Every slot of the range.
    pub fn slots(self) -> impl Iterator<Item = u16> {
        self.start..=self.end
    }
}

impl TryFrom<(u16, u16)> for SlotRange {
    type Error = String;

    fn try_from((start, end): (u16, u16)) -> Result<Self, String> {
        Self::new(start, end).ok_or_else(|| format!("{start}-{end} is no range of slots"))
    }
}

impl From<SlotRange> for (u16, u16) {
    fn from(range: SlotRange) -> Self {
        (range.start, range.end)
    }
}

impl fmt::Display for SlotRange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.start == self.end {
            write!(formatter, "{}", self.start)
        } else {
            write!(formatter, "{}-{}", self.start, self.end)
        }
    }
}

/// A set of slots as sorted, disjoint, non-adjacent ranges: equal sets are equal values.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(from = "Option<StoredSlots>")]
pub struct SlotSet(Vec<SlotRange>);

/// The forms of a set in stored topologies. Release 0.1 stored a single range, or `null` without a cluster.
#[derive(Deserialize)]
#[serde(untagged)]
enum StoredSlots {
    Range(SlotRange),
    Ranges(Vec<SlotRange>),
}

impl From<Option<StoredSlots>> for SlotSet {
    fn from(stored: Option<StoredSlots>) -> Self {
        match stored {
            None => Self::default(),
            Some(StoredSlots::Range(range)) => range.into(),
            Some(StoredSlots::Ranges(ranges)) => ranges.into_iter().collect(),
        }
    }
}

impl SlotSet {
    /// The ranges, ascending.
    #[must_use]
    pub fn ranges(&self) -> &[SlotRange] {
        &self.0
    }

    /// Whether it is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many slots it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.iter().map(|range| usize::from(range.end - range.start) + 1).sum()
    }

    /// Whether it contains `slot`.
    #[must_use]
    pub fn contains(&self, slot: u16) -> bool {
        self.0.iter().any(|range| range.contains(slot))
    }

    /// The slots that are not in `other`.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        self.slots().filter(|slot| !other.contains(*slot)).collect()
    }

    /// The slots that are in both sets.
    #[must_use]
    pub fn shared_with(&self, other: &Self) -> Self {
        self.slots().filter(|slot| other.contains(*slot)).collect()
    }

    /// The slots that are in one of the sets.
    #[must_use]
    pub fn joined_with(&self, other: &Self) -> Self {
        self.0.iter().chain(&other.0).copied().collect()
    }

    /// Whether the sets share a slot.
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        self.0.iter().any(|own| other.0.iter().any(|range| own.start <= range.end && range.start <= own.end))
    }

    /// Every slot, ascending.
    pub fn slots(&self) -> impl Iterator<Item = u16> {
        self.0.iter().flat_map(|range| range.slots())
    }
}

impl From<SlotRange> for SlotSet {
    fn from(range: SlotRange) -> Self {
        Self(vec![range])
    }
}

impl FromIterator<u16> for SlotSet {
    /// Ignores numbers that are not slots.
    fn from_iter<I: IntoIterator<Item = u16>>(slots: I) -> Self {
        let mut slots: Vec<u16> = slots.into_iter().filter(|slot| *slot < SLOT_COUNT).collect();
        slots.sort_unstable();
        let mut ranges: Vec<SlotRange> = Vec::new();
        for slot in slots {
            match ranges.last_mut() {
                Some(last) if slot <= last.end + 1 => last.end = slot,
                _ => ranges.push(SlotRange { start: slot, end: slot }),
            }
        }
        Self(ranges)
    }
}

impl FromIterator<SlotRange> for SlotSet {
    fn from_iter<I: IntoIterator<Item = SlotRange>>(ranges: I) -> Self {
        ranges.into_iter().flat_map(SlotRange::slots).collect()
    }
}

impl fmt::Display for SlotSet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, range) in self.0.iter().enumerate() {
            let separator = if position == 0 { "" } else { "," };
            write!(formatter, "{separator}{range}")?;
        }
        Ok(())
    }
}

/// The slot of a key: CRC16 (XMODEM) of its hash tag, otherwise of the whole key, modulo 16384.
#[must_use]
pub fn slot_of(key: impl AsRef<[u8]>) -> u16 {
    let key = key.as_ref();
    let after = |sign: u8, bytes: &[u8]| bytes.iter().position(|byte| *byte == sign);
    let rest = after(b'{', key).map(|start| &key[start + 1..]);
    let tag = rest.and_then(|rest| after(b'}', rest).map(|end| &rest[..end]));
    let hashed = tag.filter(|tag| !tag.is_empty()).unwrap_or(key);
    let crc = hashed.iter().fold(0_u16, |crc, byte| {
        (0..8).fold(crc ^ (u16::from(*byte) << 8), |crc, _| {
            if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 }
        })
    });
    crc % SLOT_COUNT
}

/// A key that begins with `prefix` and has a slot of `slots`; any key if `slots` is empty.
#[must_use]
pub fn key_in(slots: &SlotSet, prefix: &str) -> String {
    // Slots of tags are practically random: a million tags reach every set of slots.
    let tags = if slots.is_empty() { 0_u32..0 } else { 0..1_000_000 };
    let mut keys = tags.map(|number| format!("{prefix}{{{number}}}"));
    keys.find(|key| slots.contains(slot_of(key))).unwrap_or_else(|| prefix.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn keys_hash_as_the_servers_hash_them() {
        // CLUSTER KEYSLOT of Redis 7.0.
        for (key, slot) in [
            ("123456789", 12_739),
            ("{}x", 10_595),
            ("foo{}{bar}", 8363),
            ("foo{{bar}}zap", 4015),
            ("foo{bar}{zap}", 5061),
            ("a}b{c", 13_587),
            ("}{x}", 16_287),
            ("é", 10_180),
        ] {
            assert_eq!(slot_of(key), slot, "{key}");
        }
        assert_eq!(slot_of("foo{hash_tag}bar"), slot_of("hash_tag"));
        for range in super::super::slot_division::divide(7) {
            assert!(range.contains(slot_of(key_in(&range.into(), "probe"))));
        }
    }

    #[test]
    fn sets_are_read_as_they_are_and_as_they_were_stored() {
        for (stored, slots) in [
            ("null", ""),
            ("[]", ""),
            ("[0,5460]", "0-5460"),
            ("[[7,8],[0,5],[6,6]]", "0-8"),
            ("[[3,3],[9,10]]", "3,9-10"),
        ] {
            let set: SlotSet = serde_json::from_str(stored).unwrap();
            assert_eq!(set.to_string(), slots, "{stored}");
            assert_eq!(serde_json::from_str::<SlotSet>(&serde_json::to_string(&set).unwrap()).unwrap(), set);
        }
        assert!(serde_json::from_str::<SlotSet>("[[0,16384]]").is_err());
    }

    #[test]
    fn sets_are_subtracted_and_compared() {
        let set = |text: &str| serde_json::from_str::<SlotSet>(text).unwrap();
        assert_eq!(set("[[0,9],[20,29]]").without(&set("[[5,24]]")).to_string(), "0-4,25-29");
        assert!(set("[[0,9]]").without(&set("[[0,9]]")).is_empty());
        assert!(set("[[0,9],[20,29]]").meets(&set("[[29,40]]")));
        assert!(!set("[[0,9],[20,29]]").meets(&set("[[10,19]]")));
    }

    proptest! {
        #[test]
        fn a_set_keeps_its_slots(slots in proptest::collection::btree_set(0_u16..SLOT_COUNT, 0..60)) {
            let set: SlotSet = slots.iter().copied().collect();
            prop_assert_eq!(set.len(), slots.len());
            prop_assert_eq!(set.slots().collect::<Vec<_>>(), slots.into_iter().collect::<Vec<_>>());
        }
    }
}
