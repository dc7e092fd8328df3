//! Slots in MIGRATING or IMPORTING state.

use super::Arrangement;
use crate::observation::SlotWay;
use crate::topology::NodeName;

/// A slot that a node reports as open.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct OpenSlot {
    /// The slot.
    pub slot: u16,
    /// The node that reports it.
    pub node: NodeName,
    /// The target or source of the slot.
    pub way: SlotWay,
}

impl Arrangement<'_> {
    /// The open slots, by slot.
    #[must_use]
    pub fn open_slots(&self) -> Vec<OpenSlot> {
        let mut open: Vec<OpenSlot> = Vec::new();
        let views = self.members().filter_map(|member| Some((&member.name, member.view?.cluster.as_ref()?)));
        for (node, cluster) in views {
            let open_slot = |(slot, way): (&u16, &SlotWay)| OpenSlot {
                slot: *slot,
                node: node.clone(),
                way: way.clone(),
            };
            open.extend(cluster.open_slots.iter().map(open_slot));
        }
        open.sort();
        open
    }
}
