//! The keys of a server. Each key has an identity and a slot, so that a test can tell which copy survived.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::slots::Slots;

/// The identity of a key, unique in a world.
pub(crate) type KeyId = u64;

/// A keyspace. Replicas copy it many times a second: a copy shares the memory until it changes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Keys(Arc<BTreeMap<KeyId, u16>>);

impl Keys {
    /// `DBSIZE`.
    pub(crate) fn count(&self) -> u64 {
        self.0.len() as u64
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `EXISTS`.
    pub(crate) fn contains(&self, id: KeyId) -> bool {
        self.0.contains_key(&id)
    }

    /// `SET` of a key in a slot.
    pub(crate) fn set(&mut self, id: KeyId, slot: u16) {
        Arc::make_mut(&mut self.0).insert(id, slot);
    }

    /// `MIGRATE` of all keys in the slots.
    pub(crate) fn take_in(&mut self, slots: &Slots) -> Self {
        let (taken, kept) = self.0.iter().partition(|(_, slot)| slots.contains(**slot));
        self.0 = Arc::new(kept);
        Self(Arc::new(taken))
    }

    /// `RESTORE` of keys.
    pub(crate) fn take(&mut self, other: &Self) {
        Arc::make_mut(&mut self.0).extend(other.0.iter());
    }

    /// Deletes the keys in slots, as a primary that loses these slots.
    pub(crate) fn delete_in(&mut self, slots: &Slots) {
        if self.0.values().any(|slot| slots.contains(*slot)) {
            Arc::make_mut(&mut self.0).retain(|_, slot| !slots.contains(*slot));
        }
    }
}
