//! The slots of a cluster that a reset empties: open slots are closed, migrations are cancelled, and the spec's
//! primaries take their slots.

use super::super::draft::{Stages, server};
use super::super::world::World;
use super::holds::Holds;
use super::moves::{cancel, migrating};
use super::slots::{Assignments, gets_epoch};
use crate::arrangement::Arrangement;
use crate::observation::{ClusterRole, ClusterView};
use crate::plan::{Cause, Order, ServerAction};
use crate::topology::{NodeName, SlotSet};

/// Closes open slots at their primaries, and ends migrations.
pub(super) fn close(present: &Arrangement<'_>) -> Stages {
    let step = |name: &NodeName, cluster: &ClusterView| {
        let open: SlotSet = cluster.open_slots.keys().copied().collect();
        let is_primary = present.role(name) == Some(&ClusterRole::Primary);
        (is_primary && !open.is_empty())
            .then(|| server(name, ServerAction::CloseSlots(open), Cause::OpenSlots))
    };
    let steps = present.clusters().filter_map(|(name, cluster)| step(name, cluster));
    let cancelled = migrating(present).map(|(name, _)| cancel(name));
    Stages::one("close slots", Order::SideBySide, cancelled.chain(steps).collect())
}

/// Gives each shard's primary all slots of its shard.
pub(super) fn assignments(world: &World<'_>, present: &Arrangement<'_>, holds: &Holds) -> Assignments {
    let left_alone = world.left_alone.slots();
    let mut assignments = Assignments::new();
    for (shard, held) in world.topology.shards.iter().zip(holds.iter()) {
        let primary = &held.primary;
        let missing = shard.slots.without(&held.slots(present)).without(&left_alone);
        if missing.is_empty() {
            continue;
        }
        let knows_others = !gets_epoch(world, present, primary);
        let owner = owner_besides(present, primary, &missing).filter(|_| knows_others);
        let (action, cause) = match owner {
            Some(owner) => (ServerAction::TakeSlots(missing), Cause::SlotsElsewhere(owner.clone())),
            None => (ServerAction::AssignSlots(missing.clone()), Cause::Unassigned(missing)),
        };
        assignments.entry(primary.clone()).or_default().push(server(primary, action, cause));
    }
    assignments
}

/// Another node of the deployment that owns some of these slots.
fn owner_besides<'p>(present: &'p Arrangement<'_>, node: &NodeName, slots: &SlotSet) -> Option<&'p NodeName> {
    let others = present.clusters().map(|(name, _)| name).filter(|name| *name != node);
    others.into_iter().find(|name| present.undisputed_slots(name).meets(slots))
}
