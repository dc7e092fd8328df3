//! Nodes that the spec does not have any more. Once the other nodes have their roles, these containers and their
//! volumes are removed. The volumes hold only copies then.

use super::draft::{Stages, engine};
use super::fate::Fates;
use super::world::World;
use crate::observation::Observation;
use crate::plan::{Cause, EngineAction, Order, Step};
use crate::topology::container::data_volume;

/// Removes the nodes that leave, unless an earlier stage removes them.
pub(super) fn remove(world: &World<'_>) -> Stages {
    if world.fates.leave_first {
        return Stages::default();
    }
    let goes = |step: &Step| step.node.as_ref().is_none_or(|node| !world.left_alone.has_node(node));
    let steps = removals(world.fates, world.observed).into_iter().filter(goes).collect();
    Stages::one("remove", Order::SideBySide, steps)
}

/// The steps that remove every node that leaves.
pub(super) fn removals(fates: &Fates<'_>, observed: &Observation) -> Vec<Step> {
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
