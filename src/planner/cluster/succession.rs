//! Who becomes primary in whose place, and with which claim.

use super::known::{Acting, Former, Known};
use super::{Stages, peer, server};
use crate::plan::{Cause, HandOverWay, Order, ServerAction, Step, WrongPrimary};
use crate::topology::{NodeName, Topology};

/// A replica whose primary is gone becomes primary with its slots.
pub(super) fn take_over_from_the_gone(acting: &[Acting], stages: &mut Stages) {
    let cause = || Cause::WrongPrimary(WrongPrimary::ReplicatesTheGone);
    let orphans = acting.iter().filter(|acting| acting.succeeds == Some(Former::Gone));
    let steps = take_over_in_turn(orphans.map(|orphan| (orphan.name.clone(), cause())));
    stages.push("take over", Order::InTurn, steps);
}

/// Replicas become primaries one after another: side by side they would pick the same epoch.
pub(in super::super) fn take_over_in_turn(heirs: impl Iterator<Item = (NodeName, Cause)>) -> Vec<Step> {
    let take_over = |after: &mut Option<NodeName>, (heir, cause): (NodeName, Cause)| {
        let action = ServerAction::TakeOver { after: after.replace(heir.clone()) };
        Some(server(&heir, action, cause))
    };
    heirs.scan(None, take_over).collect()
}

/// A replica becomes primary in the place of one that others keep out; they do not know it, and so
/// would not vote.
pub(super) fn hand_over_from_the_kept_out(topology: &Topology, known: &Known<'_>, stages: &mut Stages) {
    let step = |(primary, heir): (&NodeName, &NodeName)| {
        let to = peer(topology.node(heir)?);
        let hand_over = ServerAction::HandOver { to, way: HandOverWay::TakeOver };
        Some(server(primary, hand_over, Cause::Forgotten))
    };
    // Side by side they would pick the same epoch.
    stages.push("hand over", Order::InTurn, known.replaced().filter_map(step).collect());
}

/// A node that stays becomes primary in the place of one that leaves.
pub(super) fn hand_over_from_the_leaving(known: &Known<'_>, acting: &[Acting], stages: &mut Stages) {
    let mut steps = Vec::new();
    for acting in acting {
        let Some(Former::Leaving(former)) = &acting.succeeds else { continue };
        let cause = || Cause::PrimaryGoes(former.clone());
        if !known.replicates(&acting.name, former) {
            steps.push(server(&acting.name, ServerAction::Replicate(former.clone()), cause()));
        }
        steps.push(server(&acting.name, ServerAction::FailOver, cause()));
    }
    // Two elections at the same moment may both fail.
    stages.push("hand over", Order::InTurn, steps);
}

/// A primary that others have a higher epoch for than it has itself gets a new one: nothing else ends
/// that, and its claims would lose against such that are older.
pub(super) fn raise_epochs(known: &Known<'_>, acting: &[Acting], stages: &mut Stages) {
    let step = |acting: &Acting| {
        let behind = known.has_higher_epoch_for(&acting.name)?;
        Some(server(&acting.name, ServerAction::RaiseEpoch, Cause::EpochBehind(behind.clone())))
    };
    stages.push("epochs", Order::InTurn, acting.iter().filter_map(step).collect());
}
