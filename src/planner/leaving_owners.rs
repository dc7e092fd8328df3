//! Leaving nodes that own slots and do not answer. They must answer before their slots can move with their keys.

use super::Options;
use super::containers::run;
use super::draft::{Stages, wait};
use super::world::World;
use crate::observation::{ClusterRole, ObservedContainer};
use crate::plan::{Cause, Condition, Order, Step};
use crate::topology::container::ContainerSettings;

/// Brings back the leaving owners of slots, unless the user gives up their keys.
pub(super) fn bring_back(world: &World<'_>, options: Options) -> Stages {
    if options.discard_keys || world.fates.leave_first {
        return Stages::default();
    }
    let containers =
        world.fates.leaving.iter().filter_map(|name| world.observed.containers.get_key_value(*name));
    let silent = containers.filter(|(name, container)| {
        world.observed.view(name).is_none() && is_listed_with_slots(world, container)
    });
    let steps = |(name, container): (_, &ObservedContainer)| -> Vec<Step> {
        let settings = container.settings.as_ref();
        let (mut steps, _) =
            settings.map(|settings| run(settings, world.observed, world.fates)).unwrap_or_default();
        if steps.is_empty() {
            steps.push(wait(Some(name), Condition::Answers, Cause::HoldsSlots));
        }
        steps
    };
    Stages::one("start what leaves", Order::SideBySide, silent.flat_map(steps).collect())
}

/// Whether a node of the cluster lists the node of a container as the owner of slots.
fn is_listed_with_slots(world: &World<'_>, container: &ObservedContainer) -> bool {
    let address = container.settings.as_ref().and_then(ContainerSettings::address);
    let lines = world.arrangement.clusters().flat_map(|(_, cluster)| cluster.nodes.values());
    let mut owners = lines.filter(|line| line.role == ClusterRole::Primary && !line.slots.is_empty());
    owners.any(|line| line.address.is_some() && line.address == address)
}
