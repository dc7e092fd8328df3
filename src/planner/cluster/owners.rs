//! The slots of every primary, once each shard has its primary.

use std::collections::{BTreeMap, BTreeSet};

use super::holds::{Hold, Holds};
use crate::arrangement::Arrangement;
use crate::topology::{NodeName, SlotSet};

/// The owner of each slot that has one.
pub(super) struct Owners(BTreeMap<NodeName, SlotSet>);

impl Owners {
    /// The primaries of the shards, with the slots that they have or take over, and all other primaries.
    pub(super) fn find(present: &Arrangement<'_>, holds: &Holds) -> Self {
        let primaries: BTreeSet<&NodeName> = holds.iter().map(|held| &held.primary).collect();
        let former = |name: &NodeName| {
            holds.iter().any(|held| matches!(&held.hold, Hold::Leaving(former) if former == name))
        };
        let of_shards = holds.iter().map(|held| (held.primary.clone(), held.slots(present)));
        let others = present.members().map(|member| &member.name);
        let others = others.filter(|name| !primaries.contains(name) && !former(name));
        let others = others.map(|name| (name.clone(), present.undisputed_slots(name)));
        Self(of_shards.chain(others).filter(|(_, slots)| !slots.is_empty()).collect())
    }

    /// Every owner with its slots.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&NodeName, &SlotSet)> {
        self.0.iter()
    }

    /// All slots that have an owner.
    pub(super) fn all(&self) -> SlotSet {
        self.0.values().flat_map(|slots| slots.ranges().iter().copied()).collect()
    }

    /// The owner of a slot.
    pub(super) fn of(&self, slot: u16) -> Option<&NodeName> {
        self.0.iter().find(|(_, slots)| slots.contains(slot)).map(|(owner, _)| owner)
    }
}
