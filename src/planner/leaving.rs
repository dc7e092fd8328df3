//! Nodes that the spec has no more: once others have their roles, their containers go, and the volumes
//! with them, in which there are copies only.

use super::fate::Fates;
use super::{Stages, World, engine};
use crate::observed::Observed;
use crate::plan::{Cause, EngineAction, Order, Step};
use crate::topology::container::data_volume;

/// Plans the removal of the nodes that leave, where they have not gone before all else.
pub(super) fn remove(world: &World<'_>, stages: &mut Stages) {
    if !world.fates.leave_first {
        let stays = |step: &Step| step.node.as_ref().is_none_or(|node| !world.left_alone.has_node(node));
        let steps = removals(world.fates, world.observed).into_iter().filter(stays).collect();
        stages.push("remove", Order::SideBySide, steps);
    }
}

/// The removal of every node that leaves.
pub(super) fn removals(fates: &Fates<'_>, observed: &Observed) -> Vec<Step> {
    let removal = |name| {
        let volume = data_volume(name);
        let remove_volume = observed.volumes.contains(&volume);
        let remove_volume = remove_volume.then_some(EngineAction::RemoveVolume { name: volume });
        std::iter::once(EngineAction::RemoveContainer)
            .chain(remove_volume)
            .map(move |action| engine(Some(name), action, Cause::Leaves))
    };
    fates.leaving.iter().copied().flat_map(removal).collect()
}
