//! Primaries that leave themselves out of CLUSTER SHARDS: after another start they list themselves.

use super::super::draft::{Stages, engine, wait};
use super::super::world::World;
use super::super::{expectations, replacements};
use super::holds::Holds;
use crate::arrangement::Arrangement;
use crate::observation::ClusterView;
use crate::plan::{Cause, Condition, EngineAction, Milestone, Order};
use crate::spec::DataSpec;
use crate::topology::NodeName;

/// Primaries that leave themselves out of CLUSTER SHARDS are started anew, one after another.
///
/// Servers that know ids for shards do so when they began with the file of a server that does not (Redis before
/// 7.2). By the next start they have written a file of their own (measured on Redis 8.0.2 and Valkey 8.1.1). As long
/// as there are older servers among them, they leave themselves out again.
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

/// Whether nothing is lost by a start: a primary that comes back empty empties its replicas, too.
fn keeps_its_keys(world: &World<'_>, name: &NodeName) -> bool {
    world.topology.data == DataSpec::Volume || world.observed.view(name).is_some_and(|view| view.keys == 0)
}
