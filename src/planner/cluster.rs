//! A cluster: who knows whom, which slots are whose, who replicates whom.
//!
//! One way of thinking for new clusters, half-formed ones and ones that drifted: in each shard one
//! node acts as primary, the one that owns slots of it, else a chosen one; every other node of the
//! shard replicates it. What is missing for that is planned.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Forming, Options, ServerStates, Stages, server, wait};
use crate::observed::{ClusterRole, ClusterView, Observed};
use crate::plan::{
    Cause, ClusterExpectation, ClusterMember, Condition, MemberRole, Milestone, Obstacle, Order, Peer,
    ServerAction, Step,
};
use crate::readiness;
use crate::topology::slots::key_in;
use crate::topology::{Node, NodeName, Shard, SlotSet, Topology};

/// Up to this many nodes the role swap is quicker, and everybody can be met both ways.
const SMALL: usize = 30;

/// How long the role swap's barrier may take before the plain way is quicker: it takes 0.2 s for 6
/// nodes and 0.6 s for 30 on an idle machine.
const SWAP_PATIENCE: Duration = Duration::from_secs(8);

/// Plans what forms the cluster, or brings it back.
pub(super) fn plan(
    topology: &Topology,
    observed: &Observed,
    states: &ServerStates<'_>,
    options: Options,
    stages: &mut Stages,
) -> Result<(), Vec<Obstacle>> {
    let known = Known::new(topology, observed);
    let swap = options.forming == Forming::RoleSwap
        && states.all_new()
        && topology.nodes().len() <= SMALL
        && topology.replicas_per_shard() > 0;
    let acting = known.acting_primaries(topology, swap)?;

    let assigned = assign_slots(topology, &known, &acting, stages);
    let met = meet(topology, &known, states, stages);
    let replicated = replicate(topology, &known, &acting, stages);
    let mut acting = acting;
    if swap {
        let barrier = expectation(topology, &acting, Milestone::Barrier(SWAP_PATIENCE));
        let agree = wait(None, Condition::ClusterAgrees(barrier), Cause::Forming);
        stages.push("agree", Order::InTurn, vec![agree]);
        acting = topology.shards.iter().map(|shard| shard.primary.name.clone()).collect();
        // In parallel they would pick the same epoch.
        let take_over = |name: &NodeName| server(name, ServerAction::TakeOver, Cause::RoleSwap);
        stages.push("take over", Order::InTurn, acting.iter().map(take_over).collect());
    }
    let changed = assigned || met || replicated;
    if changed {
        let writes = topology.shards.iter().zip(&acting).filter(|(shard, _)| !shard.replicas.is_empty());
        let writes = writes.filter_map(|(shard, primary)| {
            let key = key_in(shard.slots?, "redisctl:forming:");
            Some(server(primary, ServerAction::Write { key }, Cause::ReplicasUnseen))
        });
        stages.push("announce replicas", Order::SideBySide, writes.collect());
    }
    let ready = expectation(topology, &acting, Milestone::Ready);
    let cause = if changed {
        Some(Cause::New)
    } else {
        let unsettled = readiness::cluster(&ready, &observed.servers);
        unsettled.first().map(|disagreement| Cause::Unsettled(disagreement.to_string()))
    };
    if let Some(cause) = cause {
        stages.push("ready", Order::InTurn, vec![wait(None, Condition::ClusterAgrees(ready), cause)]);
    }
    Ok(())
}

/// What the nodes that answer say, by node name. New nodes have no view.
struct Known<'a> {
    views: BTreeMap<NodeName, &'a ClusterView>,
    /// Node names by cluster id.
    names: BTreeMap<&'a str, NodeName>,
}

impl<'a> Known<'a> {
    fn new(topology: &Topology, observed: &'a Observed) -> Self {
        let view = |name: &NodeName| observed.servers.get(name)?.view()?.cluster.as_ref();
        let views: BTreeMap<NodeName, &ClusterView> = topology
            .nodes()
            .into_iter()
            .filter_map(|node| Some((node.name.clone(), view(&node.name)?)))
            .collect();
        let names = views.iter().map(|(name, view)| (view.own_id.as_str(), name.clone())).collect();
        Self { views, names }
    }

    /// The slots that a node claims for itself.
    fn slots_of(&self, node: &NodeName) -> SlotSet {
        let own = self.views.get(node).and_then(|view| view.own());
        own.filter(|own| own.role == ClusterRole::Primary).map(|own| own.slots.clone()).unwrap_or_default()
    }

    /// Each shard's acting primary, in the order of the shards.
    fn acting_primaries(&self, topology: &Topology, swap: bool) -> Result<Vec<NodeName>, Vec<Obstacle>> {
        let mut obstacles = Vec::new();
        let acting = topology
            .shards
            .iter()
            .map(|shard| {
                let mut owners = shard.nodes().filter(|node| !self.slots_of(&node.name).is_empty());
                let owner = owners.next();
                if let (Some(owner), Some(other)) = (owner, owners.next()) {
                    obstacles.push(Obstacle::Shape(format!(
                        "`{}` and `{}` both own slots, but the spec has them in one shard",
                        owner.name, other.name
                    )));
                }
                if let Some(owner) = owner {
                    let slots = self.slots_of(&owner.name);
                    let strange: SlotSet = slots
                        .slots()
                        .filter(|slot| shard.slots.is_some_and(|range| !range.contains(*slot)))
                        .collect();
                    if !strange.is_empty() {
                        obstacles.push(Obstacle::Shape(format!(
                            "`{}` owns slots {strange}, which the spec has in another shard",
                            owner.name
                        )));
                    }
                }
                owner.unwrap_or_else(|| self.chosen(shard, swap)).name.clone()
            })
            .collect();
        if obstacles.is_empty() { Ok(acting) } else { Err(obstacles) }
    }

    /// Who becomes primary of a shard that has none.
    fn chosen<'s>(&self, shard: &'s Shard, swap: bool) -> &'s Node {
        if swap && let Some(replica) = shard.replicas.first() {
            return replica;
        }
        let is_primary = |node: &&Node| {
            self.views
                .get(&node.name)
                .is_none_or(|view| view.own().is_none_or(|own| own.role == ClusterRole::Primary))
        };
        shard.nodes().find(is_primary).unwrap_or(&shard.primary)
    }

    fn knows(&self, node: &NodeName, other: &NodeName) -> bool {
        let id = self.views.get(other).map(|view| view.own_id.as_str());
        let view = self.views.get(node);
        view.zip(id).is_some_and(|(view, id)| view.nodes.get(id).is_some_and(|line| !line.handshake))
    }
}

/// Config epochs for nodes that know nobody, and slots that nobody owns.
fn assign_slots(topology: &Topology, known: &Known<'_>, acting: &[NodeName], stages: &mut Stages) -> bool {
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
        let shard =
            acting.iter().position(|name| *name == node.name).and_then(|index| topology.shards.get(index));
        if let Some(range) = shard.and_then(|shard| shard.slots) {
            let owned = known.slots_of(&node.name);
            let missing: SlotSet = range.slots().filter(|slot| !owned.contains(*slot)).collect();
            if !missing.is_empty() {
                let cause = Cause::Unassigned(missing.clone());
                steps.push(server(&node.name, ServerAction::AssignSlots(missing), cause));
            }
        }
    }
    let any = !steps.is_empty();
    stages.push("slots", Order::SideBySide, steps);
    any
}

/// Introductions for pairs that do not know each other; strangers are forgotten.
fn meet(topology: &Topology, known: &Known<'_>, states: &ServerStates<'_>, stages: &mut Stages) -> bool {
    let nodes = topology.nodes();
    let mut steps = Vec::new();
    for (name, view) in &known.views {
        let strangers =
            view.nodes.iter().filter(|(id, line)| !line.handshake && !known.names.contains_key(id.as_str()));
        for (id, line) in strangers {
            let what = line.address.map_or_else(|| id.clone(), |address| format!("a node at {address}"));
            steps.push(server(name, ServerAction::Forget { id: id.clone() }, Cause::Stranger(what)));
        }
    }
    stages.push("forget", Order::SideBySide, steps);

    let mut steps = Vec::new();
    for (position, node) in nodes.iter().enumerate() {
        let peers: Vec<Peer> = introductions(position, nodes.len(), states.all_new())
            .map(|other| nodes[other])
            .filter(|other| !known.knows(&node.name, &other.name))
            .map(|other| Peer { node: other.name.clone(), address: other.address })
            .collect();
        if !peers.is_empty() {
            let cause = Cause::Unknown(peers.iter().map(|peer| peer.node.clone()).collect());
            steps.push(server(&node.name, ServerAction::Meet(peers), cause));
        }
    }
    let any = !steps.is_empty();
    stages.push("meet", Order::SideBySide, steps);
    any
}

/// Whom a node is introduced to: everybody; in a large new cluster the nodes 1, 2, 4, 8 … further
/// on, from where gossip does the rest.
fn introductions(position: usize, count: usize, all_new: bool) -> Box<dyn Iterator<Item = usize>> {
    if all_new && count > SMALL {
        let strides = std::iter::successors(Some(1), |stride| Some(stride * 2))
            .take_while(move |stride| *stride < count);
        Box::new(strides.map(move |stride| (position + stride) % count))
    } else {
        Box::new((0..count).filter(move |other| *other != position))
    }
}

/// Every node of a shard but the acting primary replicates it.
fn replicate(topology: &Topology, known: &Known<'_>, acting: &[NodeName], stages: &mut Stages) -> bool {
    let mut steps = Vec::new();
    for (shard, primary) in topology.shards.iter().zip(acting) {
        for node in shard.nodes().filter(|node| node.name != *primary) {
            let cause = match known.views.get(&node.name).and_then(|view| Some(&view.own()?.role)) {
                None => Some(Cause::New),
                Some(ClusterRole::Primary) => {
                    Some(Cause::WrongPrimary("is a primary without slots".to_owned()))
                }
                Some(ClusterRole::Replica(id)) => match known.names.get(id.as_str()) {
                    Some(name) if name == primary => None,
                    Some(name) => Some(Cause::WrongPrimary(format!("replicates {name}"))),
                    None => Some(Cause::WrongPrimary("replicates a node that is gone".to_owned())),
                },
            };
            if let Some(cause) = cause {
                steps.push(server(&node.name, ServerAction::Replicate(primary.clone()), cause));
            }
        }
    }
    let any = !steps.is_empty();
    stages.push("replicate", Order::SideBySide, steps);
    any
}

fn expectation(topology: &Topology, acting: &[NodeName], milestone: Milestone) -> ClusterExpectation {
    let members = topology
        .shards
        .iter()
        .zip(acting)
        .flat_map(|(shard, primary)| {
            shard.nodes().map(move |node| ClusterMember {
                node: node.name.clone(),
                address: node.address,
                role: if node.name == *primary {
                    MemberRole::Primary(shard.slots.into_iter().collect())
                } else {
                    MemberRole::Replica(primary.clone())
                },
            })
        })
        .collect();
    ClusterExpectation { members, milestone }
}
