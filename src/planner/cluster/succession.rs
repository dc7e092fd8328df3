//! Nodes that become primaries in the place of other nodes.

use std::time::Duration;

use super::super::draft::{Stages, server, wait};
use super::super::expectations::{self, peer};
use super::super::role_steps::take_over_in_turn;
use super::super::world::World;
use super::holds::{Hold, Holds, ShardHold};
use super::shunned::Shunned;
use crate::arrangement::Arrangement;
use crate::plan::{Cause, Condition, HandOverWay, Milestone, Order, ServerAction, Step, WrongPrimary};
use crate::topology::{NodeName, Shard};

/// The time limit of a shard's role swap; beyond it, forming without a swap is quicker. On an idle machine, a shard swaps
/// its roles in 0.2 s.
const SWAP_PATIENCE: Duration = Duration::from_secs(8);

/// A replica whose primary is gone becomes primary with its slots.
pub(super) fn take_over_from_the_gone(holds: &Holds) -> Stages {
    let cause = || Cause::WrongPrimary(WrongPrimary::ReplicatesTheGone);
    let orphans = holds.iter().filter(|shard| shard.hold == Hold::Gone);
    let steps = take_over_in_turn(orphans.map(|orphan| (orphan.primary.clone(), cause())));
    Stages::one("take over", Order::InTurn, steps)
}

/// A replica takes over the slots of a primary that the other nodes keep out. They do not know that primary, so they
/// would not vote.
pub(super) fn hand_over_from_the_shunned(world: &World<'_>, shunned: &Shunned) -> Stages {
    let step = |(primary, heir): (&NodeName, &NodeName)| {
        let to = peer(world.topology.node(heir)?);
        let hand_over = ServerAction::HandOver { to, way: HandOverWay::TakeOver };
        Some(server(primary, hand_over, Cause::Forgotten))
    };
    // At the same time they would choose the same config epoch.
    Stages::one("hand over", Order::InTurn, shunned.iter().filter_map(step).collect())
}

/// A node that stays takes the role of a primary that leaves.
pub(super) fn hand_over_from_the_leaving(present: &Arrangement<'_>, holds: &Holds) -> Stages {
    let mut steps = Vec::new();
    for shard in holds.iter() {
        let Hold::Leaving(former) = &shard.hold else { continue };
        let cause = || Cause::PrimaryGoes(former.clone());
        if !present.replicates(&shard.primary, former) {
            steps.push(server(&shard.primary, ServerAction::Replicate(former.clone()), cause()));
        }
        steps.push(server(&shard.primary, ServerAction::FailOver, cause()));
    }
    // Two elections at the same moment may both fail.
    Stages::one("hand over", Order::InTurn, steps)
}

/// The second half of the role swap, if all nodes know each other: the spec's primaries take over in turn, once every
/// replica has its link. With other roles in its view, a server could hang after a takeover.
pub(super) fn swap_roles(world: &World<'_>, holds: &Holds) -> Stages {
    let barrier = expectations::cluster(world, &holds.primaries(), Milestone::Barrier(SWAP_PATIENCE));
    let agree = wait(None, Condition::ClusterAgrees(barrier), Cause::Forming);
    let mut stages = Stages::one("agree", Order::InTurn, vec![agree]);
    let heirs = world.topology.shards.iter().map(|shard| (shard.primary.name.clone(), Cause::RoleSwap));
    stages.push("take over", Order::InTurn, take_over_in_turn(heirs));
    stages
}

/// The same, if the shards do not know each other yet. Their highest config epochs differ, and so do the next ones. The
/// replicas become visible as well: the first packets to other shards tell their offsets.
pub(super) fn swap_roles_apart(world: &World<'_>, holds: &Holds) -> Vec<Step> {
    let shards = world.topology.shards.iter().zip(holds.iter());
    let swap = |(shard, held): (&Shard, &ShardHold)| {
        let heir = &shard.primary.name;
        let alone = expectations::shard(shard, &held.primary, Milestone::Barrier(SWAP_PATIENCE));
        let take_over = ServerAction::TakeOver { after: None };
        [
            wait(Some(heir), Condition::ClusterAgrees(alone), Cause::Forming),
            server(heir, take_over, Cause::RoleSwap),
            server(heir, ServerAction::Announce, Cause::ReplicasUnseen),
        ]
    };
    shards.flat_map(swap).collect()
}
