//! Slots as bits: gossip merges them many times a second.

use std::sync::Arc;

use redisctl::topology::SlotSet;
use redisctl::topology::slots::SLOT_COUNT;

const WORDS: usize = SLOT_COUNT as usize / 64;

/// A set of slots.
#[derive(Debug, Clone)]
pub(crate) struct Slots {
    bits: Arc<[u64; WORDS]>,
    /// The same slots as a `SlotSet`, updated only after changes, because views ask for it often.
    set: SlotSet,
}

impl Default for Slots {
    fn default() -> Self {
        Self { bits: Arc::new([0; WORDS]), set: SlotSet::default() }
    }
}

impl Slots {
    pub(crate) fn is_empty(&self) -> bool {
        self.set.is_empty()
    }

    pub(crate) fn contains(&self, slot: u16) -> bool {
        self.bits[usize::from(slot) / 64] & (1 << (slot % 64)) != 0
    }

    pub(crate) fn covers(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.bits, &other.bits)
            || self.set == other.set
            || self.pairs(other).all(|(own, other)| other & !own == 0)
    }

    pub(crate) fn meets(&self, other: &Self) -> bool {
        !self.is_empty() && self.pairs(other).any(|(own, other)| own & other != 0)
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.change(other, |own, other| own | other);
    }

    pub(crate) fn remove(&mut self, other: &Self) {
        self.change(other, |own, other| own & !other);
    }

    /// The slots that the other set lacks, if any.
    pub(crate) fn without(&self, other: &Self) -> Option<Self> {
        if other.covers(self) {
            return None;
        }
        let mut rest = self.clone();
        rest.remove(other);
        Some(rest)
    }

    pub(crate) fn count(&self) -> usize {
        self.set.len()
    }

    pub(crate) fn set(&self) -> &SlotSet {
        &self.set
    }

    fn pairs(&self, other: &Self) -> impl Iterator<Item = (u64, u64)> {
        self.bits.iter().copied().zip(*other.bits)
    }

    fn change(&mut self, other: &Self, change: impl Fn(u64, u64) -> u64) {
        let mut bits = [0; WORDS];
        for (word, (own, other)) in bits.iter_mut().zip(self.pairs(other)) {
            *word = change(own, other);
        }
        self.bits = Arc::new(bits);
        self.set = (0..SLOT_COUNT).filter(|slot| self.contains(*slot)).collect();
    }
}

impl From<&SlotSet> for Slots {
    fn from(set: &SlotSet) -> Self {
        let mut bits = [0; WORDS];
        set.slots().for_each(|slot| bits[usize::from(slot) / 64] |= 1 << (slot % 64));
        Self { bits: Arc::new(bits), set: set.clone() }
    }
}
