//! Primaries that are down and would come back empty, because no volume keeps their keys. A replica that still has
//! the keys becomes primary first.

use std::collections::BTreeSet;

use super::draft::{Stages, server};
use super::role_steps::{fail_over_by_sentinels, keep_roles, take_over_in_turn};
use super::world::World;
use crate::arrangement::{Member, Place};
use crate::observation::{ClusterRole, ContainerState, Replication};
use crate::plan::{Cause, Order, ServerAction, Step};
use crate::topology::{Address, Kind, Node, NodeName, Shard};

/// The steps that save keys.
#[derive(Default)]
pub(super) struct Rescue {
    pub(super) stages: Stages,
    /// Whether sentinels choose the next primary. The plan ends there: all other steps depend on their choice.
    pub(super) awaits_choice: bool,
    /// The node of the spec that becomes primary of a deployment with one primary.
    pub(super) primary: Option<NodeName>,
}

/// Plans that replicas become primaries, before the former primaries are started.
pub(super) fn plan(world: &World<'_>) -> Rescue {
    let any_sentinel = world.arrangement.watched().next().is_some();
    match world.topology.kind {
        Kind::Standalone => Rescue::default(),
        Kind::Cluster => Rescue::from_steps(take_over(world)),
        Kind::Sentinel if any_sentinel => {
            let steps: Vec<Step> = fail_over(world).into_iter().collect();
            Rescue { awaits_choice: !steps.is_empty(), ..Rescue::from_steps(steps) }
        }
        // If no sentinel answers, the present choice stands.
        Kind::Replication | Kind::Sentinel => promote(world),
    }
}

impl Rescue {
    fn from_steps(steps: Vec<Step>) -> Self {
        Self { stages: Stages::one("save keys", Order::InTurn, steps), ..Self::default() }
    }
}

/// A failover that the sentinels do before the former primary starts. Without the command, they would notice it too late.
fn fail_over(world: &World<'_>) -> Option<Step> {
    let arrangement = world.arrangement;
    let named = arrangement.chosen_primary().or_else(|| arrangement.named_primary());
    let (primary, from) = match named {
        Some(named) => (world.topology.node(&named.name)?, named.address),
        None => on_replaced_engine(world)?,
    };
    if !is_down(world, &primary.name) {
        return None;
    }
    replica_with_keys(world, primary)?;
    fail_over_by_sentinels(world, primary, from, cause(primary))
}

/// The primary that the sentinels watch, if it was on a replaced engine, with its address there.
fn on_replaced_engine<'a>(world: &World<'a>) -> Option<(&'a Node, Address)> {
    let watched = world.arrangement.watched().find_map(|watched| watched.primary)?;
    let servers = world.topology.servers().into_iter();
    let mut former = servers.filter(|node| world.topology.former_addresses(&node.name).contains(&watched));
    former.next().map(|node| (node, watched))
}

/// A takeover in each shard. After a failover, any node of a shard may be its primary.
fn take_over(world: &World<'_>) -> Vec<Step> {
    let nodes = world.topology.shards.iter().flat_map(Shard::nodes);
    let down = nodes.filter(|node| is_down(world, &node.name));
    let heirs =
        down.filter_map(|primary| Some((replica_with_keys(world, primary)?.name.clone(), cause(primary))));
    take_over_in_turn(heirs)
}

fn promote(world: &World<'_>) -> Rescue {
    if world.arrangement.members().any(|member| world.arrangement.says_primary(&member.name)) {
        return Rescue::default();
    }
    let mut down = world.topology.servers().into_iter().filter(|node| is_down(world, &node.name));
    let Some((primary, heir)) = down.find_map(|primary| Some((primary, replica_with_keys(world, primary)?)))
    else {
        return Rescue::default();
    };
    let mut steps = vec![server(&heir.name, ServerAction::Promote, cause(primary))];
    let stays = heir.place == Place::Staying;
    if stays {
        steps.extend(keep_roles(world.topology, &heir.name));
    }
    Rescue { primary: stays.then(|| heir.name.clone()), ..Rescue::from_steps(steps) }
}

fn cause(primary: &Node) -> Cause {
    Cause::WouldComeBackEmpty(primary.name.clone())
}

/// The down nodes that would come back empty, although a node out of reach may be the only node with their keys: it
/// would replicate the empty node, and lose them.
pub(super) fn only_out_of_reach(world: &World<'_>) -> BTreeSet<NodeName> {
    let World { topology, observed, arrangement, .. } = *world;
    let leads = |node: &Node| match topology.kind {
        Kind::Standalone => false,
        Kind::Replication | Kind::Sentinel => {
            let members = || arrangement.members().map(|member| &member.name);
            match members().find_map(|name| arrangement.followed(name)) {
                Some(primary) => primary == node.address,
                None => !members().any(|name| arrangement.says_primary(name)),
            }
        }
        Kind::Cluster => {
            let mut lines = arrangement.clusters().flat_map(|(_, cluster)| cluster.nodes.values()).peekable();
            lines.peek().is_none()
                || lines.any(|line| {
                    let owns = line.role == ClusterRole::Primary && !line.slots.is_empty();
                    owns && line.address == Some(node.address)
                })
        }
    };
    let has_copy = |node: &Node| arrangement.members().any(|member| follows(world, &member.name, node));
    let is_hidden = |shard: &&Shard| shard.nodes().any(|node| observed.is_out_of_reach(topology, &node.name));
    let nodes = topology.shards.iter().filter(is_hidden).flat_map(Shard::nodes);
    let waits = |node: &&Node| is_down(world, &node.name) && leads(node) && !has_copy(node);
    nodes.filter(waits).map(|node| node.name.clone()).collect()
}

/// Whether a node's server has ended, so that keys in its memory are lost.
fn is_down(world: &World<'_>, node: &NodeName) -> bool {
    let container = world.observed.containers.get(node);
    let has_ended = container
        .is_none_or(|container| matches!(container.state, ContainerState::Exited | ContainerState::Created));
    let may_live = world.observed.is_out_of_reach(world.topology, node);
    has_ended && !may_live && !world.observed.keeps_data_of(world.topology, node)
}

/// Whether a node answers and replicates a primary that the cluster still lists as primary.
fn follows(world: &World<'_>, node: &NodeName, primary: &Node) -> bool {
    let mut addresses = world.topology.former_addresses(&primary.name);
    addresses.push(primary.address);
    let Some(cluster) = world.arrangement.cluster(node) else {
        return addresses.iter().any(|address| world.arrangement.follows(node, *address));
    };
    match cluster.own().map(|own| &own.role) {
        Some(ClusterRole::Replica(id)) => cluster.nodes.get(id).is_some_and(|line| {
            line.address.is_some_and(|at| addresses.contains(&at)) && !line.slots.is_empty()
        }),
        _ => false,
    }
}

/// The replica with the highest offset, among the replicas that have keys. A replica that leaves counts too: it may
/// be the last node with the keys.
fn replica_with_keys<'m, 'a>(world: &'m World<'a>, primary: &Node) -> Option<&'m Member<'a>> {
    let heard = |member: &&Member<'_>| match member.view.map(|view| (&view.replication, view.keys)) {
        Some((Replication::Replica { offset, .. }, keys)) if keys > 0 => Some(*offset),
        _ => None,
    };
    let replicas = world.arrangement.members().filter(|member| follows(world, &member.name, primary));
    // `max_by_key` returns the last of several equal items.
    replicas.rev().filter(|member| heard(member).is_some()).max_by_key(heard)
}
