//! A primary with replicas: every other node replicates the primary.

use super::draft::{Changes, Stages, server, wait};
use super::role_steps::{hand_over, keep_roles};
use super::roles::Roles;
use super::world::World;
use super::{expectations, leaving, replacements};
use crate::arrangement::Member;
use crate::observation::Replication;
use crate::plan::{Cause, Condition, Order, Peer, ServerAction, Step, WrongPrimary};
use crate::readiness;
use crate::topology::{NodeName, Topology};

/// Plans the steps that make every other node replicate the primary, and the wait for them.
pub(super) fn plan(world: &World<'_>, before: Changes) -> Roles {
    let World { topology, arrangement, .. } = *world;
    let Some(current) = arrangement.followed_primary() else { return Roles::default() };
    let heir = arrangement.heir(current);
    let promotion = promote(current);
    let copies = get_copies(world, current, heir);
    let hand_over = (heir.name != current.name).then(|| hand_over(&current.name, current.view, peer(heir)));
    let others = topology.servers().into_iter().filter_map(|node| arrangement.member(&node.name));
    let told = others.filter(|member| member.name != heir.name && !world.left_alone.has_node(&member.name));
    let followers: Vec<Step> = told.filter_map(|member| follow(topology, member, heir)).collect();

    let links = copies.is_some() || !followers.is_empty();
    let acted = links || promotion.is_some() || hand_over.is_some();
    let steps = promotion.into_iter().chain(copies).chain(hand_over).chain(followers);
    let mut stages = Stages::one("replication", Order::InTurn, steps.collect());
    stages.append(leaving::remove(world));
    if acted {
        stages.push("files", Order::InTurn, keep_roles(topology, &heir.name));
    }
    stages.push("ready", Order::InTurn, await_replicas(world, &heir.name, acted || before.logins));
    Roles {
        stages,
        changes: Changes { links, ..Changes::default() },
        primaries: vec![heir.name.clone()],
        look_again: false,
    }
}

/// The step that makes a replica the primary, if the deployment has no primary.
pub(super) fn promote(primary: &Member<'_>) -> Option<Step> {
    let is_replica = matches!(primary.view?.replication, Replication::Replica { .. });
    let cause = Cause::WrongPrimary(WrongPrimary::NoPrimary);
    is_replica.then(|| server(&primary.name, ServerAction::Promote, cause))
}

/// The step that makes the next primary copy the keys of a primary that leaves.
fn get_copies(world: &World<'_>, current: &Member<'_>, heir: &Member<'_>) -> Option<Step> {
    let has_copy = heir.name == current.name || world.arrangement.follows(&heir.name, current.address);
    let cause = || Cause::PrimaryGoes(current.name.clone());
    (!has_copy).then(|| server(&heir.name, ServerAction::Follow(current.address), cause()))
}

/// The step that makes a node replicate the primary, if it does not yet.
pub(super) fn follow(topology: &Topology, member: &Member<'_>, primary: &Member<'_>) -> Option<Step> {
    let wrong = match member.view.map(|view| &view.replication) {
        Some(Replication::Primary { .. }) => WrongPrimary::OfItsOwn,
        Some(Replication::Replica { of: Some(of), .. }) if *of != primary.address => {
            WrongPrimary::Follows(*of)
        }
        // A new replica's file names its primary, unless the roles were swapped.
        None if topology.starts_as_primary(&member.name) => WrongPrimary::StartsAsPrimary,
        _ => return None,
    };
    Some(server(&member.name, ServerAction::Follow(primary.address), Cause::WrongPrimary(wrong)))
}

fn peer(member: &Member<'_>) -> Peer {
    Peer { node: member.name.clone(), address: member.address }
}

/// The wait for every replica, if a step made it necessary.
fn await_replicas(world: &World<'_>, primary: &NodeName, changed: bool) -> Vec<Step> {
    let mut expectation = expectations::replication(world.topology, primary);
    expectation.replicas.retain(|replica| !world.left_alone.has_node(&replica.node));
    let cause = if world.servers.new_nodes().next().is_some() || changed {
        Some(world.servers.cause_to_wait())
    } else {
        let unsettled = readiness::replication(&expectation, &world.observed.servers);
        unsettled.first().map(|first| Cause::Unsettled(first.clone()))
    };
    let cause = cause.filter(|_| !replacements::include_the_unlinked(world, std::slice::from_ref(primary)));
    cause.map(|cause| wait(None, Condition::ReplicasFollow(expectation), cause)).into_iter().collect()
}
