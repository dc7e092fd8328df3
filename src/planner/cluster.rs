//! A cluster: who knows whom, which slots are whose, who replicates whom.
//!
//! One way of thinking for new clusters, half-formed ones and ones that drifted: in each shard one
//! node acts as primary, the one that owns slots of it, else a chosen one; every other node of the
//! shard replicates it. What is missing for that is planned.

use std::time::Duration;

use super::at_stake::LeftAlone;
use super::users::Links;
use super::{Forming, Options, ServerStates, Stages, World, leaving, rolling, server, wait};
use crate::observed::{ClusterRole, Observed};
use crate::plan::{
    Action, Cause, ClusterExpectation, ClusterMember, Condition, MemberRole, Milestone, Obstacle, Order,
    Peer, ServerAction, Step, Stranger, WrongPrimary,
};
use crate::readiness;
use crate::topology::slots::key_in;
use crate::topology::{Node, NodeName, Shard, Topology};

mod known;
mod meet;
mod restart;
mod succession;

use known::{Acting, Former, Known};
use meet::meet;
use restart::restart_the_unlisted;
pub(super) use succession::take_over_in_turn;
use succession::{
    hand_over_from_the_kept_out, hand_over_from_the_leaving, raise_epochs, take_over_from_the_gone,
};

/// Up to this many nodes the role swap is quicker, and everybody can be met both ways.
const SMALL: usize = 30;

/// How long the role swap's barrier may take before the plain way is quicker: it takes 0.2 s for 6
/// nodes and 0.6 s for 30 on an idle machine.
const SWAP_PATIENCE: Duration = Duration::from_secs(8);

/// What no plan can bring to the topology, as far as the servers that answer say.
pub(super) fn obstacles(topology: &Topology, observed: &Observed) -> Vec<Obstacle> {
    Known::new(topology, observed, &LeftAlone::default()).obstacles(topology)
}

/// Plans what forms the cluster, or brings it back. Gives each shard's primary after it.
pub(super) fn plan(world: &World<'_>, options: Options, links: Links, stages: &mut Stages) -> Vec<NodeName> {
    let World { topology, observed, servers, .. } = *world;
    let mut known = Known::new(topology, observed, world.left_alone);
    let swap = options.forming == Forming::RoleSwap
        && servers.all_new()
        && topology.nodes().len() <= SMALL
        && topology.replicas_per_shard() > 0;
    let mut acting = known.acting_primaries(topology, swap);

    let before = stages.len();
    take_over_from_the_gone(&acting, stages);
    hand_over_from_the_kept_out(topology, &known, stages);
    // Under their present ids the servers would not take them back for a minute.
    let lost = known.set_aside_the_lost(topology, &acting, world.fates);
    let replaced = known.replaced().map(|(primary, _)| (primary.clone(), Cause::Forgotten));
    let lost = lost.into_iter().chain(replaced);
    let steps = lost.map(|(node, cause)| server(&node, ServerAction::Reset, cause)).collect();
    stages.push("reset", Order::SideBySide, steps);
    hand_over_from_the_leaving(&known, &acting, stages);
    leaving::remove(world, stages);
    forget(world, &known, stages, Strangers::Others);
    assign_slots(world, &known, &acting, stages);
    // A node replicates as soon as it knows everybody, whoever else is still being met.
    let mut steps = meet(topology, &known, servers);
    let stage = if steps.is_empty() { "replicate" } else { "meet" };
    steps.extend(replicate(world, &known, &acting));
    stages.push(stage, Order::SideBySide, steps);
    forget(world, &known, stages, Strangers::OwnPrimaries);
    raise_epochs(&known, &acting, stages);
    restart_the_unlisted(world, &known, &acting, stages);
    let changed = (stages.len() > before || links == Links::Reopen).then(|| servers.cause_to_wait());

    if swap {
        let barrier = expectation(world, &names(&acting), Milestone::Barrier(SWAP_PATIENCE));
        let agree = wait(None, Condition::ClusterAgrees(barrier), Cause::Forming);
        stages.push("agree", Order::InTurn, vec![agree]);
        let spec = |shard: &Shard| Acting { name: shard.primary.name.clone(), succeeds: None };
        acting = topology.shards.iter().map(spec).collect();
        let swapped = acting.iter().map(|acting| (acting.name.clone(), Cause::RoleSwap));
        stages.push("take over", Order::InTurn, take_over_in_turn(swapped));
    }
    let acting = names(&acting);
    if !rolling::replaces_the_unlinked(world) {
        let replaced = rolling::replaces_any(world);
        settle(world, &known, &acting, &Settling { changed, swapped: swap, replaced }, stages);
    }
    acting
}

fn names(acting: &[Acting]) -> Vec<NodeName> {
    acting.iter().map(|acting| acting.name.clone()).collect()
}

/// What is known of a cluster when only waits and writes are left.
struct Settling {
    /// What the plan has done to the cluster before, if anything.
    changed: Option<Cause>,
    /// Whether the cluster is formed by the role swap, so that every replica has its link by then.
    swapped: bool,
    /// Whether nodes are replaced next. Only links count for that, and who has gone is listed anew anyway:
    /// where the new servers know ids for shards and the old ones do not, clients may not be told of all
    /// replicas as long as there are both.
    replaced: bool,
}

/// Writes that make replicas visible, and the waits around them.
fn settle(
    world: &World<'_>,
    known: &Known<'_>,
    acting: &[NodeName],
    settling: &Settling,
    stages: &mut Stages,
) {
    let World { topology, observed, .. } = *world;
    let left_alone = world.left_alone.slots();
    let unsettled = |milestone: Milestone| {
        let expectation = expectation(world, acting, milestone);
        let cause = settling.changed.clone().or_else(|| {
            let found = readiness::cluster(&expectation, &observed.servers);
            found.first().map(|first| Cause::Unsettled(first.clone()))
        });
        cause.map(|cause| wait(None, Condition::ClusterAgrees(expectation), cause))
    };
    if settling.replaced {
        stages.push("agree", Order::InTurn, unsettled(Milestone::Linked).into_iter().collect());
        return;
    }
    let writes: Vec<Step> = topology
        .shards
        .iter()
        .zip(acting)
        .filter(|(shard, primary)| !known.lists_replicas_of(shard, primary))
        .filter_map(|(shard, primary)| {
            let own = shard.slots.without(&left_alone);
            let key = key_in(&own, "redisctl:forming:");
            (!own.is_empty()).then(|| server(primary, ServerAction::Write { key }, Cause::ReplicasUnseen))
        })
        .collect();
    if !writes.is_empty() && !settling.swapped {
        // A write before the first replica has its link moves no offset.
        stages.push("agree", Order::InTurn, unsettled(Milestone::Linked).into_iter().collect());
    }
    stages.push("announce replicas", Order::SideBySide, writes);
    stages.push("ready", Order::InTurn, unsettled(Milestone::Ready).into_iter().collect());
}

/// Waits until everybody knows what clients are to dial, where steps from stage `start` on change that.
pub(super) fn await_endpoints(world: &World<'_>, acting: &[NodeName], start: usize, stages: &mut Stages) {
    let announces = |step: &Step| match &step.action {
        Action::Server(ServerAction::Configure(settings)) => {
            settings.get("cluster-announce-hostname").is_some()
        }
        _ => false,
    };
    if stages.since(start).any(announces) {
        let known = Condition::ClusterAgrees(expectation(world, acting, Milestone::Ready));
        stages.push("endpoints", Order::InTurn, vec![wait(None, known, Cause::Changed)]);
    }
}

fn peer(node: &Node) -> Peer {
    Peer { node: node.name.clone(), address: node.address }
}

/// Which strangers are forgotten.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Strangers {
    /// All but those that the node replicates: their slots must be free before they are assigned.
    Others,
    /// Those that the node replicated: the servers refuse to forget them before they replicate another.
    OwnPrimaries,
}

/// Nodes that are not, or no longer, the deployment's.
fn forget(world: &World<'_>, known: &Known<'_>, stages: &mut Stages, which: Strangers) {
    let mut steps = Vec::new();
    let left_alone = world.left_alone.ids(&known.views);
    for (name, view) in &known.views {
        let strangers = view.nodes.iter().filter(|(id, line)| {
            let own_primary = known.role_of(name) == Some(&ClusterRole::Replica((*id).clone()));
            !line.handshake
                && !left_alone.contains(*id)
                && !known.names.contains_key(id.as_str())
                && own_primary == (which == Strangers::OwnPrimaries)
        });
        for (id, line) in strangers {
            let stranger = match (known.leaving.get(id.as_str()), line.address) {
                (Some(name), _) => Stranger::Leaving((*name).clone()),
                (None, Some(address)) => Stranger::MemberAt(address),
                (None, None) => Stranger::MemberWithId(id.clone()),
            };
            steps.push(server(name, ServerAction::Forget { id: id.clone() }, Cause::Stranger(stranger)));
        }
    }
    stages.push("forget", Order::SideBySide, steps);
}

/// Config epochs for nodes that know nobody, and slots that nobody owns.
fn assign_slots(world: &World<'_>, known: &Known<'_>, acting: &[Acting], stages: &mut Stages) {
    let topology = world.topology;
    let left_alone = world.left_alone.slots();
    let highest = known.views.values().map(|view| view.current_epoch).max().unwrap_or(0);
    let mut steps: Vec<Step> = Vec::new();
    for (epoch, node) in (highest + 1..).zip(topology.nodes()) {
        let alone = known
            .views
            .get(&node.name)
            .is_none_or(|view| view.nodes.len() == 1 && view.own().is_none_or(|own| own.epoch == 0));
        if alone {
            steps.push(server(&node.name, ServerAction::SetConfigEpoch(epoch), Cause::New));
        }
        let primary_of = topology.shards.iter().zip(acting).find(|(_, acting)| acting.name == node.name);
        if let Some((shard, acting)) = primary_of {
            let owned = match &acting.succeeds {
                None => known.slots_of(&node.name),
                Some(Former::Gone | Former::KeptOut(_)) => known.orphaned_slots(&node.name),
                Some(Former::Leaving(former)) => known.slots_of(former),
            };
            let missing = shard.slots.without(&owned).without(&left_alone);
            if !missing.is_empty() {
                let cause = Cause::Unassigned(missing.clone());
                steps.push(server(&node.name, ServerAction::AssignSlots(missing), cause));
            }
        }
    }
    stages.push("slots", Order::SideBySide, steps);
}

/// Every node of a shard but the acting primary replicates it.
fn replicate(world: &World<'_>, known: &Known<'_>, acting: &[Acting]) -> Vec<Step> {
    let topology = world.topology;
    let mut steps = Vec::new();
    for (shard, primary) in topology.shards.iter().zip(acting) {
        let primary = &primary.name;
        for node in shard.nodes().filter(|node| node.name != *primary) {
            let cause = match known.role_of(&node.name) {
                None => Some(Cause::New),
                // Its slots are the acting primary's by a younger claim: it follows by itself.
                Some(ClusterRole::Primary) if !known.slots_of(&node.name).is_empty() => None,
                Some(ClusterRole::Primary) => Some(Cause::WrongPrimary(WrongPrimary::WithoutSlots)),
                Some(ClusterRole::Replica(id)) => match known.names.get(id.as_str()) {
                    Some(name) if name == primary => None,
                    Some(name) => Some(Cause::WrongPrimary(WrongPrimary::Replicates((*name).clone()))),
                    None => Some(match known.leaving.get(id.as_str()) {
                        Some(former) => Cause::PrimaryGoes(former.clone()),
                        None if world.left_alone.has_stranger(id) => {
                            Cause::WrongPrimary(WrongPrimary::ReplicatesAStranger)
                        }
                        None => Cause::WrongPrimary(WrongPrimary::ReplicatesTheGone),
                    }),
                },
            };
            if let Some(cause) = cause {
                steps.push(server(&node.name, ServerAction::Replicate(primary.clone()), cause));
            }
        }
    }
    steps
}

/// What every node must say, given each shard's primary.
pub(super) fn expectation(
    world: &World<'_>,
    acting: &[NodeName],
    milestone: Milestone,
) -> ClusterExpectation {
    let World { topology, observed, .. } = *world;
    let left_alone = world.left_alone.slots();
    let left_alone = &left_alone;
    let members = topology
        .shards
        .iter()
        .zip(acting)
        .flat_map(|(shard, primary)| {
            shard.nodes().map(move |node| ClusterMember {
                node: node.name.clone(),
                address: node.address,
                role: if node.name == *primary {
                    MemberRole::Primary(shard.slots.without(left_alone))
                } else {
                    MemberRole::Replica(primary.clone())
                },
            })
        })
        .collect();
    let views = |name: &NodeName| observed.view(name)?.cluster.as_ref();
    let views = topology.nodes().into_iter().filter_map(|node| Some((node.name.clone(), views(&node.name)?)));
    ClusterExpectation { members, strangers: world.left_alone.ids(&views.collect()), milestone }
}
