//! A primary with replicas: who follows whom.

use super::users::Links;
use super::{Stages, World, engine, leaving, rolling, sentinel, server, wait};
use crate::observed::{Observed, Replication, ServerView};
use crate::plan::{
    Cause, Condition, EngineAction, HandOverWay, Order, Peer, ReplicationExpectation, ServerAction, Step,
    WrongPrimary,
};
use crate::readiness;
use crate::topology::{Address, Kind, Node, NodeName, Server, Topology};

/// A node that is there: one of the topology's, or one that leaves.
#[derive(Clone, Copy)]
struct Present<'a> {
    name: &'a NodeName,
    address: Address,
    stays: bool,
    /// `None`: it is new.
    view: Option<&'a ServerView>,
}

impl Present<'_> {
    fn follows(&self, primary: Address) -> bool {
        matches!(self.view.map(|view| &view.replication), Some(Replication::Replica { of: Some(of), .. }) if *of == primary)
    }

    fn peer(&self) -> Peer {
        Peer { node: self.name.clone(), address: self.address }
    }
}

/// Plans what makes every other node follow the acting primary, and the wait for it. Gives who is
/// primary after it.
pub(super) fn plan(world: &World<'_>, links: Links, stages: &mut Stages) -> Vec<NodeName> {
    let World { topology, observed, servers, .. } = *world;
    let present = present(topology, observed);
    let Some(current) = acting_primary(&present) else { return Vec::new() };
    let heir = heir(&present, current);
    let mut steps = Vec::new();
    if let Some(Replication::Replica { .. }) = current.view.map(|view| &view.replication) {
        let cause = Cause::WrongPrimary(WrongPrimary::NoPrimary);
        steps.push(server(current.name, ServerAction::Promote, cause));
    }
    if heir.name != current.name {
        if !heir.follows(current.address) {
            let cause = Cause::PrimaryGoes(current.name.clone());
            steps.push(server(heir.name, ServerAction::Follow(current.address), cause));
        }
        steps.push(hand_over(current.name, current.view, heir.peer()));
    }
    let is_told = |node: &&Present<'_>| node.stays && !world.left_alone.has_node(node.name);
    for node in present.iter().filter(is_told).filter(|node| node.name != heir.name) {
        let wrong = match node.view.map(|view| &view.replication) {
            Some(Replication::Primary { .. }) => Some(WrongPrimary::OfItsOwn),
            Some(Replication::Replica { of: Some(of), .. }) if *of != heir.address => {
                Some(WrongPrimary::Follows(*of))
            }
            // A new replica has its primary in its file; unless the roles are swapped by now.
            None if topology.starts_as_primary(node.name) => Some(WrongPrimary::StartsAsPrimary),
            _ => None,
        };
        if let Some(wrong) = wrong {
            let follow = ServerAction::Follow(heir.address);
            steps.push(server(node.name, follow, Cause::WrongPrimary(wrong)));
        }
    }
    let acted = !steps.is_empty();
    stages.push("replication", Order::InTurn, steps);
    leaving::remove(world, stages);
    if acted {
        stages.push("files", Order::InTurn, keep_roles(topology, heir.name));
    }

    let mut expectation = expectation(topology, heir.name);
    expectation.replicas.retain(|replica| !world.left_alone.has_node(&replica.node));
    let unsettled = readiness::replication(&expectation, &observed.servers);
    let cause = if servers.new_nodes().next().is_some() || acted || links == Links::Reopen {
        Some(servers.cause_to_wait())
    } else {
        unsettled.first().map(|first| Cause::Unsettled(first.clone()))
    };
    if let Some(cause) = cause.filter(|_| !rolling::replaces_the_unlinked(world)) {
        stages.push("ready", Order::InTurn, vec![wait(None, Condition::ReplicasFollow(expectation), cause)]);
    }
    vec![heir.name.clone()]
}

/// Who must follow whom, given the primary.
pub(super) fn expectation(topology: &Topology, primary: &NodeName) -> ReplicationExpectation {
    let peer = |node: &Node| Peer { node: node.name.clone(), address: node.address };
    let (primaries, replicas): (Vec<&Node>, Vec<&Node>) =
        topology.servers().into_iter().partition(|node| node.name == *primary);
    // The acting primary is always one of the topology's nodes.
    let primary = primaries.first().copied().unwrap_or(&topology.shards[0].primary);
    ReplicationExpectation { primary: peer(primary), replicas: replicas.into_iter().map(peer).collect() }
}

/// The step by which a primary lets a replica take its place.
pub(super) fn hand_over(primary: &NodeName, view: Option<&ServerView>, to: Peer) -> Step {
    let has_command = view.and_then(|view| view.server).is_some_and(Server::has_failover);
    let way = if has_command { HandOverWay::Command } else { HandOverWay::ByHand };
    server(primary, ServerAction::HandOver { to, way }, Cause::HandsOver)
}

/// The step that writes into every node's file who is primary, so that a restart keeps it.
pub(super) fn keep_roles(topology: &Topology, primary: &NodeName) -> Vec<Step> {
    let nodes: Vec<NodeName> = topology.nodes().into_iter().map(|node| node.name.clone()).collect();
    let swapped = (!topology.starts_as_primary(primary)).then(|| primary.clone());
    let write = EngineAction::WriteFiles { through: primary.clone(), nodes, primary: swapped };
    vec![engine(Some(primary), write, Cause::RolesSwapped)]
}

/// Who acts as primary, where it is another node than the spec's.
pub(super) fn swapped_primary(topology: &Topology, observed: &Observed) -> Option<NodeName> {
    match topology.kind {
        Kind::Replication => {}
        Kind::Sentinel => return sentinel::swapped_primary(topology, observed),
        Kind::Standalone | Kind::Cluster => return None,
    }
    let present = present(topology, observed);
    let answering: Vec<Present<'_>> = present.into_iter().filter(|node| node.view.is_some()).collect();
    let primary = heir(&answering, acting_primary(&answering)?);
    (primary.stays && !topology.starts_as_primary(primary.name)).then(|| primary.name.clone())
}

fn present<'a>(topology: &'a Topology, observed: &'a Observed) -> Vec<Present<'a>> {
    let staying = topology.servers().into_iter().map(|node| Present {
        name: &node.name,
        address: node.address,
        stays: true,
        view: observed.view(&node.name),
    });
    let leaving = observed.containers.iter().filter(|(name, _)| !topology.has_container(name));
    let leaving = leaving.filter_map(|(name, container)| {
        let address = container.settings.as_ref()?.address()?;
        // One that does not answer has no say, and nothing to hand over.
        Some(Present { name, address, stays: false, view: Some(observed.view(name)?) })
    });
    staying.chain(leaving).collect()
}

/// The name of the node that acts as primary, which may be one that leaves.
pub(super) fn acting_name(topology: &Topology, observed: &Observed) -> Option<NodeName> {
    Some(acting_primary(&present(topology, observed))?.name.clone())
}

/// The node that acts as primary, as far as the servers say.
pub(super) fn acting<'a>(topology: &'a Topology, observed: &Observed) -> Option<&'a Node> {
    let present = present(topology, observed);
    topology.node(acting_primary(&present)?.name)
}

/// The node that acts as primary: the primary that most others follow; of equals the one that has
/// heard most, because following another would cost it its keys; of those the first. Swapped roles
/// are as good as the spec's. Where no node is a primary, the replica that has heard most.
fn acting_primary<'a>(present: &[Present<'a>]) -> Option<Present<'a>> {
    let followers = |node: &Present<'_>| present.iter().filter(|other| other.follows(node.address)).count();
    let rank = |node: &Present<'_>| match node.view.map(|view| &view.replication) {
        Some(Replication::Primary { offset, .. }) => (1, followers(node), *offset),
        Some(Replication::Replica { offset, .. }) => (0, 0, *offset),
        None => (0, 0, 0),
    };
    // Of equals `max_by_key` gives the last.
    present.iter().rev().max_by_key(|node| rank(node)).copied()
}

/// Who is primary from now on: the acting one, or where that leaves, the one of its replicas that has
/// heard most.
fn heir<'a>(present: &[Present<'a>], current: Present<'a>) -> Present<'a> {
    if current.stays {
        return current;
    }
    let heard = |node: &Present<'_>| match node.view.map(|view| &view.replication) {
        Some(Replication::Replica { offset, link_up: true, .. }) if node.follows(current.address) => {
            Some(*offset)
        }
        _ => None,
    };
    let staying = present.iter().rev().filter(|node| node.stays);
    staying.max_by_key(|node| heard(node)).copied().unwrap_or(current)
}
