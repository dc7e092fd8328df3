//! A primary with replicas under sentinels.
//!
//! The sentinels decide which server is primary, and plans never contradict them. The plan tells their last choice to
//! servers that missed it. While the sentinels choose, the plan tells servers nothing. If the sentinels name no
//! primary, the servers' roles decide, as in a deployment without sentinels.

use super::draft::{Changes, Stages, server, wait};
use super::replication::{follow, promote};
use super::roles::Roles;
use super::world::World;
use super::{expectations, leaving, replacements};
use crate::arrangement::{Member, Place};
use crate::observation::Replication;
use crate::plan::{Cause, Condition, Order, ServerAction, Step, StrangerReference, WrongPrimary};
use crate::readiness;
use crate::topology::settings::sentinel_settings;
use crate::topology::{Address, Node, NodeName};

/// Plans the steps that bring sentinels and servers into agreement, and the wait for it. Every sentinel watches the
/// primary and knows all nodes. Every other server replicates the primary.
pub(super) fn plan(world: &World<'_>, before: Changes) -> Roles {
    let Some(primary) = world.arrangement.primary().filter(|primary| primary.place == Place::Staying) else {
        return Roles::default();
    };
    let are_choosing = world.arrangement.sentinels_are_choosing();
    let told = if are_choosing { Told::default() } else { tell_servers(world, primary) };
    let links = !told.followers.is_empty();
    let steps = told.promotion.into_iter().chain(told.followers).collect();
    let mut stages = Stages::one("replication", Order::InTurn, steps);
    stages.append(leaving::remove(world));
    let steps = if are_choosing { Vec::new() } else { watch(world, primary) };
    stages.push("sentinels", Order::SideBySide, steps);
    let acted = !stages.is_empty();
    stages.push("ready", Order::InTurn, await_sentinels(world, &primary.name, acted || before.logins));
    Roles {
        stages,
        changes: Changes { links, ..Changes::default() },
        primaries: vec![primary.name.clone()],
        look_again: false,
    }
}

/// The steps that tell servers which primary to replicate.
#[derive(Default)]
struct Told {
    promotion: Option<Step>,
    followers: Vec<Step>,
}

fn tell_servers(world: &World<'_>, primary: &Member<'_>) -> Told {
    let is_replica = matches!(primary.view.map(|view| &view.replication), Some(Replication::Replica { .. }));
    if is_replica && world.arrangement.chosen_primary().is_some() {
        // The sentinels make this server primary. Their failover hangs for a minute if the server gets a REPLICAOF.
        return Told::default();
    }
    let others = world.topology.servers().into_iter().filter_map(|node| world.arrangement.member(&node.name));
    let told =
        others.filter(|member| member.name != primary.name && !world.left_alone.has_node(&member.name));
    Told {
        promotion: promote(primary),
        followers: told.filter_map(|member| follow(world.topology, member, primary)).collect(),
    }
}

/// Steps that make every sentinel watch this primary, and forget nodes outside the deployment.
fn watch(world: &World<'_>, primary: &Member<'_>) -> Vec<Step> {
    world.topology.sentinels.iter().filter_map(|sentinel| watch_at(world, sentinel, primary)).collect()
}

fn watch_at(world: &World<'_>, sentinel: &Node, primary: &Member<'_>) -> Option<Step> {
    let (name, topology) = (&sentinel.name, world.topology);
    match world.observed.view(name)?.watched() {
        Some(watched) if watched.primary == Some(primary.address) => {
            let is_server =
                |address: &&Address| topology.servers().iter().any(|node| node.address == **address);
            let is_sentinel =
                |address: &&Address| topology.sentinels.iter().any(|node| node.address == **address);
            let replicas = watched.replicas.keys().filter(|address| !is_server(address));
            let others = watched.sentinels.keys().filter(|address| !is_sentinel(address));
            let strangers: Vec<Address> = replicas.chain(others).copied().collect();
            let action = ServerAction::Rediscover { name: topology.name.clone() };
            let cause = Cause::Stranger(StrangerReference::At(strangers.clone()));
            (!strangers.is_empty()).then(|| server(name, action, cause))
        }
        other => {
            let wrong = match other.and_then(|watched| watched.primary) {
                None => WrongPrimary::WatchesNone,
                Some(address) => WrongPrimary::Watches(address),
            };
            let settings = sentinel_settings(&sentinel.settings);
            let action =
                ServerAction::Monitor { name: topology.name.clone(), primary: primary.address, settings };
            Some(server(name, action, Cause::WrongPrimary(wrong)))
        }
    }
}

/// The wait for every sentinel, if a step made it necessary.
fn await_sentinels(world: &World<'_>, primary: &NodeName, changed: bool) -> Vec<Step> {
    let mut expectation = expectations::sentinels(world.topology, primary);
    expectation.watched.replicas.retain(|replica| !world.left_alone.has_node(&replica.node));
    let cause = if world.servers.new_nodes().next().is_some() || changed {
        Some(world.servers.cause_to_wait())
    } else {
        let unsettled = readiness::sentinels(&expectation, &world.observed.servers);
        unsettled.first().map(|first| Cause::Unsettled(first.clone()))
    };
    let cause = cause.filter(|_| !replacements::include_the_unlinked(world, std::slice::from_ref(primary)));
    cause.map(|cause| wait(None, Condition::SentinelsAgree(expectation), cause)).into_iter().collect()
}
