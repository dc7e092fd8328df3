//! Steps that give a primary's role to another node, and steps that write the role to files.

use super::draft::{engine, server};
use super::expectations;
use super::world::World;
use crate::observation::ServerView;
use crate::plan::{Cause, EngineAction, HandOverWay, Peer, SentinelExpectation, ServerAction, Step};
use crate::topology::{Address, Node, NodeName, Server, Topology};

/// The step in which a primary hands its role over to a replica.
pub(super) fn hand_over(primary: &NodeName, view: Option<&ServerView>, to: Peer) -> Step {
    let has_command = view.and_then(|view| view.server).is_some_and(Server::has_failover);
    let way = if has_command { HandOverWay::Command } else { HandOverWay::ByHand };
    server(primary, ServerAction::HandOver { to, way }, Cause::HandsOver)
}

/// The step in which the sentinels replace a running primary.
pub(super) fn hand_over_by_sentinels(topology: &Topology, primary: &NodeName) -> Step {
    hand_over_through(topology, primary, expectations::sentinels(topology, primary))
}

/// The step in which these sentinels replace a running primary with one of these replicas.
pub(super) fn hand_over_through(
    topology: &Topology,
    primary: &NodeName,
    SentinelExpectation { watched, sentinels }: SentinelExpectation,
) -> Step {
    let action = ServerAction::HandOverBySentinels {
        name: topology.name.clone(),
        from: watched.primary.address,
        replicas: watched.replicas,
        sentinels,
    };
    server(primary, action, Cause::HandsOver)
}

/// The step in which the answering sentinels replace a primary that is down.
///
/// `from` is its address: a node whose engine was replaced had another.
pub(super) fn fail_over_by_sentinels(
    world: &World<'_>,
    primary: &Node,
    from: Address,
    cause: Cause,
) -> Option<Step> {
    let mut sentinels = expectations::sentinels(world.topology, &primary.name).sentinels;
    sentinels.retain(|sentinel| world.observed.view(&sentinel.node).is_some());
    let through = sentinels.first()?.node.clone();
    let name = world.topology.name.clone();
    Some(server(&through, ServerAction::FailOverBySentinels { name, from, sentinels }, cause))
}

/// Replicas of a cluster become primaries one after another. At the same time they would choose the same config
/// epoch.
pub(super) fn take_over_in_turn(heirs: impl Iterator<Item = (NodeName, Cause)>) -> Vec<Step> {
    let take_over = |after: &mut Option<NodeName>, (heir, cause): (NodeName, Cause)| {
        let action = ServerAction::TakeOver { after: after.replace(heir.clone()) };
        Some(server(&heir, action, cause))
    };
    heirs.scan(None, take_over).collect()
}

/// The step that writes the new primary into every node's file, so that a restart keeps it.
pub(super) fn keep_roles(topology: &Topology, primary: &NodeName) -> Vec<Step> {
    let nodes: Vec<NodeName> = topology.nodes().into_iter().map(|node| node.name.clone()).collect();
    let swapped = (!topology.starts_as_primary(primary)).then(|| primary.clone());
    let write = EngineAction::WriteFiles { through: primary.clone(), nodes, primary: swapped };
    vec![engine(Some(primary), write, Cause::RolesSwapped)]
}
