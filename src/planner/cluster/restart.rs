//! Restarts primaries that are missing from their own CLUSTER SHARDS reply.

use super::super::draft::{Stages, engine, wait};
use super::super::world::World;
use super::super::{expectations, replacements};
use super::holds::Holds;
use crate::arrangement::Arrangement;
use crate::observation::ClusterView;
use crate::plan::{Cause, Condition, EngineAction, Milestone, Order};
use crate::spec::DataSpec;
use crate::topology::NodeName;

/// Restarts primaries that are missing from their own CLUSTER SHARDS reply, one after another.
///
/// A server with shard ids omits itself if it read the nodes.conf of a server without them (Redis before 7.2). Before
/// the next start it has written a file with shard ids (measured on Redis 8.0.2 and Valkey 8.1.1). While older
/// servers are in the cluster, the restart does not help.
pub(super) fn restart_the_unlisted(world: &World<'_>, present: &Arrangement<'_>, holds: &Holds) -> Stages {
    let mut stages = Stages::default();
    if replacements::any(world) {
        return stages;
    }
    let primaries = holds.primaries();
    let linked = expectations::cluster(world, &primaries, Milestone::Linked);
    let unlisted = primaries.iter().filter(|name| present.cluster(name).is_some_and(is_unlisted));
    for name in unlisted.filter(|name| keeps_its_keys(world, name)) {
        let restart = vec![
            engine(Some(name), EngineAction::StopContainer, Cause::Unlisted),
            engine(Some(name), EngineAction::StartContainer, Cause::Unlisted),
            wait(Some(name), Condition::Answers, Cause::Unlisted),
        ];
        stages.push("restart", Order::InTurn, restart);
        let in_sync = wait(None, Condition::ClusterAgrees(linked.clone()), Cause::Changed);
        stages.push("in sync", Order::InTurn, vec![in_sync]);
    }
    stages
}

fn is_unlisted(cluster: &ClusterView) -> bool {
    let owns_slots = cluster.own().is_some_and(|own| !own.slots.is_empty());
    owns_slots && cluster.shards.as_ref().is_some_and(|listed| !listed.contains_key(&cluster.own_id))
}

/// Whether the node still has its keys after a restart. A primary that starts empty empties its replicas, too.
fn keeps_its_keys(world: &World<'_>, name: &NodeName) -> bool {
    world.topology.data == DataSpec::Volume || world.observed.view(name).is_some_and(|view| view.keys == 0)
}
