//! Waits until a cluster is ready, and writes that make its replicas visible to clients.

use super::super::draft::{Changes, Pass, Stages, server, wait};
use super::super::expectations;
use super::super::world::World;
use crate::arrangement::Arrangement;
use crate::plan::{Cause, Condition, Milestone, Order, ServerAction, Step};
use crate::readiness;
use crate::topology::{NodeName, Shard};

/// The state of a cluster when only waits and announcements are left.
pub(super) struct Settling {
    /// The cause of the waits, if the plan has changed the cluster.
    pub(super) changed: Option<Cause>,
    /// Whether the role swap forms the cluster. Every replica has its link then.
    pub(super) swapped: bool,
    /// Whether each shard has made its replicas visible before it met the other shards.
    pub(super) announced: bool,
    /// Whether nodes are replaced next, so that only links matter. While servers with and without shard ids run
    /// together, clients may not see all replicas.
    pub(super) replaced: bool,
}

/// Announcements that make replicas visible to clients, and the waits around them.
pub(super) fn settle(
    world: &World<'_>,
    present: &Arrangement<'_>,
    primaries: &[NodeName],
    settling: &Settling,
) -> Pass {
    let unsettled = |milestone: Milestone| -> Vec<Step> {
        let expectation = expectations::cluster(world, primaries, milestone);
        let cause = settling.changed.clone().or_else(|| {
            let found = readiness::cluster(&expectation, &world.observed.servers);
            found.first().map(|first| Cause::Unsettled(first.clone()))
        });
        cause.map(|cause| wait(None, Condition::ClusterAgrees(expectation), cause)).into_iter().collect()
    };
    if settling.replaced {
        let stages = Stages::one("agree", Order::InTurn, unsettled(Milestone::Linked));
        return Pass { stages, changes: Changes::default() };
    }
    let left_alone = world.left_alone;
    let is_mended = !left_alone.any_is_down(world.arrangement);
    let shards = world.topology.shards.iter().zip(primaries).filter(|_| is_mended);
    let shards = shards.filter(|_| !settling.announced);
    let announcements: Vec<Step> = shards
        .filter(|(shard, _)| !shard.slots.without(&left_alone.slots()).is_empty())
        .filter(|(shard, primary)| !lists_replicas(present, shard, primary))
        .map(|(_, primary)| server(primary, ServerAction::Announce, Cause::ReplicasUnseen))
        .collect();
    let mut stages = Stages::default();
    if !announcements.is_empty() && !settling.swapped {
        // The offset moves only once the first replica has its link.
        stages.push("agree", Order::InTurn, unsettled(Milestone::Linked));
    }
    let changes = Changes { announcements: !announcements.is_empty(), ..Changes::default() };
    stages.push("announce replicas", Order::SideBySide, announcements);
    stages.push("ready", Order::InTurn, unsettled(Milestone::Ready));
    Pass { stages, changes }
}

/// Whether every node that knows a shard's primary lists all its replicas to clients.
fn lists_replicas(present: &Arrangement<'_>, shard: &Shard, primary: &NodeName) -> bool {
    let mut replicas = shard.nodes().map(|node| &node.name).filter(|name| *name != primary);
    replicas.all(|replica| present.is_listed(replica, primary))
}

/// The wait until every node knows the announced hosts of all nodes.
pub(in super::super) fn await_endpoints(world: &World<'_>, primaries: &[NodeName]) -> Stages {
    let known = Condition::ClusterAgrees(expectations::cluster(world, primaries, Milestone::Ready));
    Stages::one("endpoints", Order::InTurn, vec![wait(None, known, Cause::Changed)])
}
