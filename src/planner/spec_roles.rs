//! Primaries that are not the spec's. `up` accepts them, and a reset gives their roles back to the spec's primaries.
//!
//! This is the last pass: every replica has its link then.

use super::draft::{Stages, server, wait};
use super::expectations::{self, peer};
use super::role_steps::{hand_over, hand_over_by_sentinels, keep_roles, take_over_in_turn};
use super::temporary::{NodeSettings, Temporary, usual};
use super::world::World;
use crate::plan::{Cause, Condition, Milestone, Order, ServerAction, Step, WrongPrimary};
use crate::topology::{Kind, Node, NodeName, Settings, Shard};

/// The roles after the pass.
pub(super) struct SpecRoles {
    pub(super) stages: Stages,
    /// Each shard's primary after the stages.
    pub(super) primaries: Vec<NodeName>,
    /// Whether the plan knows these primaries. Otherwise sentinels choose the primary.
    pub(super) complete: bool,
}

/// Gives the roles back, if the run undoes the changes of clients. `primaries` are the shards' primaries before.
pub(super) fn plan(world: &World<'_>, primaries: &[NodeName]) -> SpecRoles {
    let shards = || world.topology.shards.iter().zip(primaries);
    let swapped: Vec<&Shard> =
        shards().filter(|(shard, primary)| shard.primary.name != **primary).map(|(shard, _)| shard).collect();
    let (Some(shard), Some(current)) = (swapped.first(), primaries.first()) else {
        return SpecRoles { stages: Stages::default(), primaries: primaries.to_vec(), complete: true };
    };
    if !world.removes_traces {
        return SpecRoles { stages: Stages::default(), primaries: primaries.to_vec(), complete: true };
    }
    let stages = match world.topology.kind {
        Kind::Standalone => Stages::default(),
        Kind::Cluster => take_over(world, &swapped),
        Kind::Replication => hand_over_to(world, shard, current),
        Kind::Sentinel => let_sentinels_choose(world, shard, current),
    };
    let by_spec = world.topology.shards.iter().map(|shard| shard.primary.name.clone());
    SpecRoles { stages, primaries: by_spec.collect(), complete: world.topology.kind != Kind::Sentinel }
}

/// In a cluster, the spec's primaries take over. No key is lost, because the servers are empty.
fn take_over(world: &World<'_>, swapped: &[&Shard]) -> Stages {
    let heirs = swapped.iter().map(|shard| (shard.primary.name.clone(), Cause::RoleSwap));
    let mut stages = Stages::one("take over", Order::InTurn, take_over_in_turn(heirs));
    let primaries: Vec<NodeName> =
        world.topology.shards.iter().map(|shard| shard.primary.name.clone()).collect();
    let expectation = expectations::cluster(world, &primaries, Milestone::Ready);
    let agree = wait(None, Condition::ClusterAgrees(expectation), Cause::Changed);
    stages.push("agree", Order::InTurn, vec![agree]);
    stages
}

/// With replication alone, the primary hands over, and the other replicas follow.
fn hand_over_to(world: &World<'_>, shard: &Shard, current: &NodeName) -> Stages {
    let topology = world.topology;
    let cause = || Cause::WrongPrimary(WrongPrimary::NotBySpec);
    let to = &shard.primary;
    let mut steps =
        vec![Step { cause: Cause::RoleSwap, ..hand_over(current, world.observed.view(current), peer(to)) }];
    let others = shard.nodes().filter(|node| node.name != to.name && node.name != *current);
    steps.extend(others.map(|node| server(&node.name, ServerAction::Follow(to.address), cause())));
    let mut stages = Stages::one("hand over", Order::InTurn, steps);
    stages.push("files", Order::InTurn, keep_roles(topology, &to.name));
    let follow = Condition::ReplicasFollow(expectations::replication(topology, &to.name));
    stages.push("in sync", Order::InTurn, vec![wait(None, follow, Cause::Changed)]);
    stages
}

/// Sentinels choose the next primary themselves: the spec's primary, if no other replica may become primary. A
/// sentinel hears of a priority once it discovers the replica again.
fn let_sentinels_choose(world: &World<'_>, shard: &Shard, current: &NodeName) -> Stages {
    let topology = world.topology;
    let mut choice = Stages::default();
    let others: Vec<&Node> =
        shard.nodes().filter(|node| node.name != shard.primary.name && node.name != *current).collect();
    let is_known = |cause| {
        let agree = Condition::SentinelsAgree(expectations::sentinels(topology, current));
        wait(None, agree, cause)
    };
    if !others.is_empty() {
        let again = |sentinel: &Node| {
            let action = ServerAction::Rediscover { name: topology.name.clone() };
            server(&sentinel.name, action, Cause::RoleSwap)
        };
        choice.push("sentinels", Order::SideBySide, topology.sentinels.iter().map(again).collect());
        choice.push("in sync", Order::InTurn, vec![is_known(Cause::Changed)]);
    }
    let step = Step { cause: Cause::RoleSwap, ..hand_over_by_sentinels(topology, current) };
    choice.push("hand over", Order::InTurn, vec![step]);
    let never = |node: &&Node| {
        let for_a_while: Settings = std::iter::once(("replica-priority", "0")).collect();
        let usual = usual(&world.observed.learned, node, &for_a_while);
        NodeSettings { node: node.name.clone(), for_a_while, usual }
    };
    Temporary::new(Cause::RoleSwap, others.iter().map(never)).around("choice", choice, "usual settings")
}
