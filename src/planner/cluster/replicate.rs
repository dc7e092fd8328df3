//! Replicas for each shard's primary.

use super::super::draft::server;
use super::super::world::World;
use super::holds::Holds;
use crate::arrangement::Arrangement;
use crate::observation::ClusterRole;
use crate::plan::{Cause, ServerAction, Step, WrongPrimary};
use crate::topology::NodeName;

/// Makes every other node of a shard replicate the shard's primary.
pub(super) fn replicate(world: &World<'_>, present: &Arrangement<'_>, holds: &Holds) -> Vec<Step> {
    let mut steps = Vec::new();
    for (shard, held) in world.topology.shards.iter().zip(holds.iter()) {
        for node in shard.nodes().filter(|node| node.name != held.primary) {
            if let Some(cause) = wrong(world, present, &node.name, &held.primary) {
                steps.push(server(&node.name, ServerAction::Replicate(held.primary.clone()), cause));
            }
        }
    }
    steps
}

/// Why a node must be told to replicate a primary; `None` if it already replicates the primary, or soon does without a step.
fn wrong(world: &World<'_>, present: &Arrangement<'_>, node: &NodeName, primary: &NodeName) -> Option<Cause> {
    let id = match present.role(node) {
        None => return Some(Cause::New),
        // The primary has these slots with a higher config epoch. This node becomes its replica without a step.
        Some(ClusterRole::Primary) if !present.slots(node).is_empty() => return None,
        Some(ClusterRole::Primary) => return Some(Cause::WrongPrimary(WrongPrimary::WithoutSlots)),
        Some(ClusterRole::Replica(id)) => id,
    };
    Some(match (present.with_id(id), present.leaving_with_id(id)) {
        (Some(followed), _) if followed.name == *primary => return None,
        (Some(followed), _) => Cause::WrongPrimary(WrongPrimary::Replicates(followed.name.clone())),
        (None, Some(former)) => Cause::PrimaryGoes(former.name.clone()),
        (None, None) if world.left_alone.has_stranger(id) => {
            Cause::WrongPrimary(WrongPrimary::ReplicatesAStranger)
        }
        (None, None) => Cause::WrongPrimary(WrongPrimary::ReplicatesTheGone),
    })
}
