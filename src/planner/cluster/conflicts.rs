//! Slots whose owners differ from the spec's. No plan moves slots.

use super::shunned::shunned_primaries;
use crate::arrangement::Arrangement;
use crate::plan::{Obstacle, SlotConflict};
use crate::topology::{NodeName, Topology};

/// The obstacles, as far as the answering servers show them.
pub(in super::super) fn conflicts(topology: &Topology, arrangement: &Arrangement<'_>) -> Vec<Obstacle> {
    let shunned = shunned_primaries(topology, arrangement);
    let present = arrangement.as_if_new(&shunned.keys().cloned().collect());
    let mut conflicts = Vec::new();
    for shard in &topology.shards {
        let Some(owner) = present.owner_of_shard(shard) else { continue };
        let slots = present.slots(&owner.name);
        for other in shard.nodes().filter(|other| other.name != owner.name) {
            if !present.undisputed_slots(&other.name).without(&slots).is_empty() {
                let (owner, other) = (owner.name.clone(), other.name.clone());
                conflicts.push(SlotConflict::TwoOwners { owner, other });
            }
        }
        let strange = present.undisputed_slots(&owner.name).without(&shard.slots);
        if !strange.is_empty() {
            conflicts.push(SlotConflict::OfAnotherShard { owner: owner.name.clone(), slots: strange });
        }
    }
    let leaving = present.leaving().map(|member| &member.name);
    conflicts.extend(leaving.filter_map(|leaving| stranded(topology, &present, leaving)));
    conflicts.into_iter().map(Obstacle::Shape).collect()
}

/// Slots of a leaving node that no other node can take over.
fn stranded(topology: &Topology, present: &Arrangement<'_>, leaving: &NodeName) -> Option<SlotConflict> {
    let slots = present.undisputed_slots(leaving);
    let first = slots.slots().next()?;
    let shard = topology.shards.iter().find(|shard| shard.slots.contains(first))?;
    let stranded = match present.owner_of_shard(shard) {
        Some(owner) => slots.without(&present.slots(&owner.name)),
        None => slots.without(&shard.slots),
    };
    (!stranded.is_empty()).then(|| SlotConflict::Leaving { owner: leaving.clone(), slots: stranded })
}
