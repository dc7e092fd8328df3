//! A primary with replicas under sentinels: who watches whom.
//!
//! The sentinels decide who is primary, and plans never go against them: what they chose last is
//! how it is, and servers that have not heard of it yet are told; while they choose, nobody is told
//! anything. Where they say nothing, the servers themselves are asked as in a deployment without
//! sentinels.

use super::users::Links;
use super::{Stages, World, leaving, replication, rolling, server, wait};
use crate::observed::{Observed, Replication};
use crate::plan::{
    Cause, Condition, Order, Peer, SentinelExpectation, ServerAction, Step, Stranger, WrongPrimary,
};
use crate::readiness;
use crate::topology::settings::sentinel_settings;
use crate::topology::{Address, Node, NodeName, Topology};

/// Plans what makes every sentinel watch the acting primary and know everybody, every other server
/// follow it, and the wait for it. Gives who is primary.
pub(super) fn plan(world: &World<'_>, links: Links, stages: &mut Stages) -> Vec<NodeName> {
    let World { topology, observed, servers, .. } = *world;
    let chosen = chosen_primary(topology, observed);
    let Some(primary) = chosen.or_else(|| replication::acting(topology, observed)) else { return Vec::new() };
    let before = stages.len();
    // Whom a sentinel has told to be primary must not be told to follow: the failover would hang for a minute.
    let are_choosing = observed.sentinels_are_choosing(topology);
    let steps = match replication_of(observed, primary) {
        _ if are_choosing => Vec::new(),
        // It becomes a primary by the sentinels' doing, and is followed once it is.
        Some(Replication::Replica { .. }) if chosen.is_some() => Vec::new(),
        Some(Replication::Replica { .. }) => {
            let cause = Cause::WrongPrimary(WrongPrimary::NoPrimary);
            let promote = server(&primary.name, ServerAction::Promote, cause);
            std::iter::once(promote).chain(follow(world, primary)).collect()
        }
        _ => follow(world, primary),
    };
    stages.push("replication", Order::InTurn, steps);
    leaving::remove(world, stages);
    let steps = if are_choosing { Vec::new() } else { watch(topology, observed, primary) };
    stages.push("sentinels", Order::SideBySide, steps);

    let mut expectation = expectation(topology, &primary.name);
    expectation.watched.replicas.retain(|replica| !world.left_alone.has_node(&replica.node));
    let cause = if servers.new_nodes().next().is_some() || stages.len() > before || links == Links::Reopen {
        Some(servers.cause_to_wait())
    } else {
        let unsettled = readiness::sentinels(&expectation, &observed.servers);
        unsettled.first().map(|first| Cause::Unsettled(first.clone()))
    };
    if let Some(cause) = cause.filter(|_| !rolling::replaces_the_unlinked(world)) {
        stages.push("ready", Order::InTurn, vec![wait(None, Condition::SentinelsAgree(expectation), cause)]);
    }
    vec![primary.name.clone()]
}

/// Who must watch whom, given the primary.
pub(super) fn expectation(topology: &Topology, primary: &NodeName) -> SentinelExpectation {
    let peer = |node: &Node| Peer { node: node.name.clone(), address: node.address };
    SentinelExpectation {
        watched: replication::expectation(topology, primary),
        sentinels: topology.sentinels.iter().map(peer).collect(),
    }
}

/// The step by which a primary lets the sentinels choose who takes its place.
pub(super) fn hand_over(topology: &Topology, primary: &NodeName) -> Step {
    let SentinelExpectation { watched, sentinels } = expectation(topology, primary);
    let action = ServerAction::HandOverBySentinels {
        name: topology.name.clone(),
        from: watched.primary.address,
        replicas: watched.replicas,
        sentinels,
    };
    server(primary, action, Cause::HandsOver)
}

/// The step by which the sentinels that answer choose another primary than this one, which is down.
pub(super) fn fail_over(world: &World<'_>, primary: &Node, cause: Cause) -> Option<Step> {
    let mut sentinels = expectation(world.topology, &primary.name).sentinels;
    sentinels.retain(|sentinel| world.observed.view(&sentinel.node).is_some());
    let through = sentinels.first()?.node.clone();
    let (name, from) = (world.topology.name.clone(), primary.address);
    Some(server(&through, ServerAction::FailOverBySentinels { name, from, sentinels }, cause))
}

/// Who is primary by the sentinels' choice, where it is another node than the spec's.
pub(super) fn swapped_primary(topology: &Topology, observed: &Observed) -> Option<NodeName> {
    let chosen = &chosen_primary(topology, observed)?.name;
    (!topology.starts_as_primary(chosen)).then(|| chosen.clone())
}

fn replication_of<'a>(observed: &'a Observed, node: &Node) -> Option<&'a Replication> {
    Some(&observed.view(&node.name)?.replication)
}

/// What makes every other server follow the primary.
fn follow(world: &World<'_>, primary: &Node) -> Vec<Step> {
    let World { topology, observed, .. } = *world;
    let is_told = |node: &&Node| node.name != primary.name && !world.left_alone.has_node(&node.name);
    let others = topology.servers().into_iter().filter(is_told);
    let follow = |node: &Node| {
        let wrong = match replication_of(observed, node) {
            Some(Replication::Primary { .. }) => WrongPrimary::OfItsOwn,
            Some(Replication::Replica { of: Some(of), .. }) if *of != primary.address => {
                WrongPrimary::Follows(*of)
            }
            // A new replica has its primary in its file; unless the roles are swapped by now.
            None if topology.starts_as_primary(&node.name) => WrongPrimary::StartsAsPrimary,
            _ => return None,
        };
        Some(server(&node.name, ServerAction::Follow(primary.address), Cause::WrongPrimary(wrong)))
    };
    others.filter_map(follow).collect()
}

/// The server that the sentinels call the primary: by their latest choice, which the others will hear of; where
/// there was none, or they differ all the same, by what most of them say.
pub(super) fn chosen_primary<'a>(topology: &'a Topology, observed: &Observed) -> Option<&'a Node> {
    let servers = topology.servers();
    let named: Vec<(u64, &Node)> = topology
        .sentinels
        .iter()
        .filter_map(|sentinel| {
            let watched = observed.view(&sentinel.name)?.watched()?;
            let server = servers.iter().find(|node| watched.primary == Some(node.address))?;
            Some((watched.epoch, *server))
        })
        .collect();
    let votes = |node: &Node| named.iter().filter(|(_, named)| named.name == node.name).count();
    let latest = named.iter().map(|(epoch, _)| *epoch).max().filter(|epoch| *epoch > 0);
    let mut by_latest = named.iter().filter(|(epoch, _)| Some(*epoch) == latest).map(|(_, node)| *node);
    let first = by_latest.next().filter(|first| by_latest.all(|other| other.name == first.name));
    first.or_else(|| servers.into_iter().find(|node| votes(node) * 2 > topology.sentinels.len()))
}

/// What makes every sentinel watch this primary, and know nobody who is not of the deployment.
fn watch(topology: &Topology, observed: &Observed, primary: &Node) -> Vec<Step> {
    let mut steps = Vec::new();
    for sentinel in &topology.sentinels {
        let Some(view) = observed.view(&sentinel.name) else {
            continue;
        };
        let name = &sentinel.name;
        match view.watched() {
            Some(watched) if watched.primary == Some(primary.address) => {
                let is_one_of =
                    |nodes: &[&Node], address: &Address| nodes.iter().any(|node| node.address == *address);
                let (servers, sentinels) =
                    (topology.servers(), topology.sentinels.iter().collect::<Vec<_>>());
                let replicas = watched.replicas.keys().filter(|address| !is_one_of(&servers, address));
                let others = watched.sentinels.keys().filter(|address| !is_one_of(&sentinels, address));
                let strangers: Vec<Address> = replicas.chain(others).copied().collect();
                if !strangers.is_empty() {
                    let action = ServerAction::Rediscover { name: topology.name.clone() };
                    steps.push(server(name, action, Cause::Stranger(Stranger::At(strangers))));
                }
            }
            other => {
                let wrong = match other.and_then(|watched| watched.primary) {
                    None => WrongPrimary::WatchesNone,
                    Some(address) => WrongPrimary::Watches(address),
                };
                let settings = sentinel_settings(&sentinel.settings);
                let action =
                    ServerAction::Monitor { name: topology.name.clone(), primary: primary.address, settings };
                steps.push(server(name, action, Cause::WrongPrimary(wrong)));
            }
        }
    }
    steps
}
