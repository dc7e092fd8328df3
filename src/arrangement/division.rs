//! The present division of a cluster's slots among the shards of its topology.

use super::{Arrangement, OpenSlot};
use crate::observation::{ClusterRole, SlotWay};
use crate::topology::{NodeName, Shard, SlotSet, Topology};

impl Arrangement<'_> {
    /// The slots of each shard, in order: those of the owner among its nodes. An open slot counts for the node at its
    /// other end, which gets it once the slot is closed. A slot without an owner stays with its shard in the topology.
    #[must_use]
    pub fn division(&self, topology: &Topology) -> Vec<SlotSet> {
        let owners: Vec<Option<&NodeName>> =
            topology.shards.iter().map(|shard| self.undisputed_owner(shard).map(|node| &node.name)).collect();
        let mut division: Vec<SlotSet> = owners
            .iter()
            .map(|owner| owner.map(|owner| self.undisputed_slots(owner)).unwrap_or_default())
            .collect();
        for open in self.open_slots() {
            let target = self.open_end(&open);
            let Some(shard) = owners.iter().position(|owner| owner.is_some() && *owner == target) else {
                continue;
            };
            let slot = SlotSet::from_iter([open.slot]);
            for slots in &mut division {
                *slots = slots.without(&slot);
            }
            division[shard] = division[shard].joined_with(&slot);
        }
        let owned: SlotSet = division.iter().flat_map(|slots| slots.ranges().iter().copied()).collect();
        for (slots, shard) in division.iter_mut().zip(&topology.shards) {
            *slots = slots.joined_with(&shard.slots.without(&owned));
        }
        division
    }

    /// The owner among the nodes of a shard, without claims that end by themselves.
    #[must_use]
    pub fn undisputed_owner<'n>(&self, shard: &'n Shard) -> Option<&'n crate::topology::Node> {
        let owners = shard.nodes().filter(|node| !self.undisputed_slots(&node.name).is_empty());
        owners.max_by_key(|node| self.epoch(&node.name))
    }

    /// The primary that gets an open slot once its move is completed; `None`: no primary of the deployment does, or a
    /// replica reports the slot.
    #[must_use]
    pub fn open_end<'m>(&'m self, open: &'m OpenSlot) -> Option<&'m NodeName> {
        if self.role(&open.node) != Some(&ClusterRole::Primary) {
            return None;
        }
        match &open.way {
            SlotWay::Importing(_) => Some(&open.node),
            SlotWay::Migrating(id) => self.primary_now(id).map(|member| &member.name),
        }
    }
}
