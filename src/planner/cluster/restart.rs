//! Primaries that tell clients of everybody but themselves: started anew, they do.

use super::super::{engine, rolling};
use super::known::{Acting, Known};
use super::{Stages, World, expectation, names, wait};
use crate::observed::ClusterView;
use crate::plan::{Cause, Condition, EngineAction, Milestone, Order};
use crate::spec::DataSpec;
use crate::topology::NodeName;

/// Primaries that leave themselves out of `CLUSTER SHARDS` are started anew, one after another.
///
/// Servers do so that know ids for shards and began with the file of one that does not (Redis before 7.2), until
/// they start again: by then they have written a file of their own (seen with Redis 8.0.2 and Valkey 8.1.1). As
/// long as there are older ones among them, they leave themselves out again.
pub(super) fn restart_the_unlisted(
    world: &World<'_>,
    known: &Known<'_>,
    acting: &[Acting],
    stages: &mut Stages,
) {
    if rolling::replaces_any(world) {
        return;
    }
    let linked = expectation(world, &names(acting), Milestone::Linked);
    let is_unlisted = |name: &&NodeName| known.views.get(name).is_some_and(|view| is_unlisted(view));
    let unlisted = acting.iter().map(|acting| &acting.name).filter(is_unlisted);
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
}

fn is_unlisted(view: &ClusterView) -> bool {
    let owns_slots = view.own().is_some_and(|own| !own.slots.is_empty());
    owns_slots && view.shards.as_ref().is_some_and(|listed| !listed.contains_key(&view.own_id))
}

/// Whether nothing is lost by a start: a primary that comes back empty has its replicas forget, too.
fn keeps_its_keys(world: &World<'_>, name: &NodeName) -> bool {
    world.topology.data == DataSpec::Volume || world.observed.view(name).is_some_and(|view| view.keys == 0)
}
