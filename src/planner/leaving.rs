//! Nodes that the spec has no more: once others have their roles, their containers go, and the volumes
//! with them, in which there are copies only.

use super::{Stages, World, engine};
use crate::plan::{Cause, EngineAction, Order, Step};
use crate::topology::container::data_volume;

/// Plans the removal of the nodes that leave.
pub(super) fn remove(world: &World<'_>, stages: &mut Stages) {
    // With a new subnet they had to go first.
    let leaving = world.fates.leaving.iter().filter(|_| !world.fates.new_subnet);
    let steps: Vec<Step> = leaving
        .flat_map(|name| {
            let volume = data_volume(name);
            let remove_volume = world.observed.volumes.contains(&volume);
            let remove_volume = remove_volume.then_some(EngineAction::RemoveVolume { name: volume });
            std::iter::once(EngineAction::RemoveContainer)
                .chain(remove_volume)
                .map(|action| engine(Some(name), action, Cause::Leaves))
        })
        .collect();
    stages.push("remove", Order::SideBySide, steps);
}
