//! Nodes whose containers must be made from something else, replaced one after another while the others
//! serve: replicas first; then each old primary, once a replica has its place. One shard's nodes never
//! go down together, and a replica is in sync again before the next one goes.

use std::collections::BTreeMap;

use super::{Stages, World, cluster, engine, replication, running, sentinel, server, settings, wait};
use crate::observed::Replication;
use crate::plan::{Cause, Condition, EngineAction, Milestone, Order, Peer, ServerAction, Step};
use crate::topology::container::container;
use crate::topology::settings::while_replacing;
use crate::topology::{Kind, Node, NodeName, Shard};

/// Plans the replacements, given each shard's primary before them. Gives each shard's primary after
/// them.
pub(super) fn plan(world: &World<'_>, acting: &[NodeName], stages: &mut Stages) -> Vec<NodeName> {
    if !replaces_any(world) {
        return acting.to_vec();
    }
    let is_rolled = |name: &NodeName| world.fates.rolled(name).is_some();
    let shards: Vec<Roll<'_>> = world
        .topology
        .shards
        .iter()
        .zip(acting)
        .map(|(shard, primary)| Roll::new(world, shard, primary))
        .collect();
    let after: Vec<NodeName> = shards.iter().map(|roll| roll.successor.clone()).collect();
    let files_are_new = world.observed.stored.as_deref().is_none_or(|stored| stored != world.topology);
    if world.topology.kind == Kind::Replication && !files_are_new {
        // The roles may have been swapped since they were written, by a plan that was cut off.
        let steps = acting.iter().flat_map(|primary| replication::keep_roles(world.topology, primary));
        stages.push("files", Order::InTurn, steps.collect());
    }
    for sentinel in world.topology.sentinels.iter().filter(|sentinel| is_rolled(&sentinel.name)) {
        stages.push("replace sentinels", Order::InTurn, replace(world, sentinel, acting));
        stages.push("in sync", Order::InTurn, in_sync(world, acting, Milestone::Linked));
    }
    prepare(&shards, stages);
    let waves = shards.iter().map(|roll| roll.waves.len()).max().unwrap_or(0);
    for wave in 0..waves {
        let nodes = shards.iter().flat_map(|roll| {
            let nodes = roll.waves.get(wave).into_iter().flatten();
            nodes.map(move |node| (*node, roll))
        });
        let steps = nodes.flat_map(|(node, roll)| {
            let succeeds = roll.hands_over() && roll.successor == node.name;
            replace(world, node, acting).into_iter().chain(succeeds.then(|| configure(&node.name)))
        });
        stages.push("replace replicas", Order::SideBySide, steps.collect());
        stages.push("in sync", Order::InTurn, in_sync(world, acting, Milestone::Linked));
    }
    hand_over(world, &shards, stages);
    let primaries = shards.iter().filter_map(|roll| Some((roll.old_primary?, roll)));
    // Without a replica a shard cannot be served meanwhile: the others are, at least.
    let (replaced, alone): (Vec<_>, Vec<_>) = primaries.partition(|(_, roll)| roll.hands_over());
    for nodes in std::iter::once(replaced).chain(alone.into_iter().map(|node| vec![node])) {
        let steps: Vec<Step> = nodes.iter().flat_map(|(node, _)| replace(world, node, &after)).collect();
        if !steps.is_empty() {
            stages.push("replace primaries", Order::SideBySide, steps);
            stages.push("in sync", Order::InTurn, in_sync(world, &after, Milestone::Linked));
        }
    }
    finish(world, &shards, stages);
    if !gives_shards_ids(world) {
        stages.push("ready", Order::InTurn, in_sync(world, &after, Milestone::Ready));
    }
    if let Some(primary) = handed_over_by_sentinels(world, acting) {
        stages.push("hand over", Order::InTurn, vec![sentinel::hand_over(world.topology, primary)]);
    }
    after
}

/// Whether any node is replaced.
pub(super) fn replaces_any(world: &World<'_>) -> bool {
    world.topology.nodes().into_iter().any(|node| world.fates.rolled(&node.name).is_some())
}

/// The primary that is to be replaced, where sentinels choose who takes its place: once it is known whom,
/// the former one is replaced as a replica.
pub(super) fn handed_over_by_sentinels<'a>(
    world: &World<'_>,
    acting: &'a [NodeName],
) -> Option<&'a NodeName> {
    let choose = world.topology.kind == Kind::Sentinel && world.topology.replicas_per_shard() > 0;
    acting.first().filter(|primary| choose && world.fates.rolled(primary).is_some())
}

/// Whether servers that know no ids for shards are replaced by ones that do: what those make of each
/// other in the end must be looked at.
pub(super) fn gives_shards_ids(world: &World<'_>) -> bool {
    let before = |name: &NodeName| Some(world.observed.view(name)?.server?.has_shard_ids());
    let mut rolled =
        world.topology.nodes().into_iter().filter(|node| world.fates.rolled(&node.name).is_some());
    let will_have = world.topology.kind == Kind::Cluster && world.topology.server.has_shard_ids();
    will_have && rolled.any(|node| before(&node.name) == Some(false))
}

/// Whether a replica is replaced that has no link to its primary, or will lose it: where the primary's server
/// is a newer one, as after a hand-over that the replacement was to follow, it never gets another copy. Nobody
/// is to wait for it before.
pub(super) fn replaces_the_unlinked(world: &World<'_>) -> bool {
    let is_rolled = |node: &&Node| world.fates.rolled(&node.name).is_some();
    world.topology.shards.iter().any(|shard| {
        let has_new = shard.nodes().any(|node| !is_rolled(&node));
        let mut rolled = shard.nodes().filter(is_rolled);
        rolled.any(|node| has_no_link(world, node) || has_new && is_too_old_for_copies(world, node))
    })
}

/// Whether a node's server cannot read what the servers of the topology write.
fn is_too_old_for_copies(world: &World<'_>, node: &Node) -> bool {
    let view = world.observed.view(&node.name);
    view.is_some_and(|view| !running(world.topology, view).reads_data_of(world.topology.server))
}

fn has_no_link(world: &World<'_>, node: &Node) -> bool {
    let view = world.observed.view(&node.name);
    view.is_some_and(|view| matches!(view.replication, Replication::Replica { link_up: false, .. }))
}

/// How one shard's nodes are replaced.
struct Roll<'a> {
    /// The primary until it is replaced.
    primary: NodeName,
    /// The primary after that.
    successor: NodeName,
    /// Replicas that are replaced, one after another; those without a link, which nothing is lost with,
    /// all at once before.
    waves: Vec<Vec<&'a Node>>,
    /// The primary, where it is replaced too.
    old_primary: Option<&'a Node>,
}

impl<'a> Roll<'a> {
    fn new(world: &World<'_>, shard: &'a Shard, primary: &NodeName) -> Self {
        let is_rolled = |name: &NodeName| world.fates.rolled(name).is_some();
        let sentinels_choose = handed_over_by_sentinels(world, std::slice::from_ref(primary)).is_some();
        let (primaries, replicas): (Vec<&Node>, Vec<&Node>) =
            shard.nodes().partition(|node| node.name == *primary);
        let old_primary =
            primaries.into_iter().find(|node| is_rolled(&node.name)).filter(|_| !sentinels_choose);
        // The first replica: in a shard whose roles are swapped that is the spec's primary.
        let successor = replicas.first().filter(|_| old_primary.is_some()).map_or(primary, |node| &node.name);
        let rolled = replicas.iter().copied().filter(|node| is_rolled(&node.name));
        let (unlinked, linked): (Vec<&Node>, Vec<&Node>) = rolled.partition(|node| has_no_link(world, node));
        let first = Some(unlinked).filter(|unlinked| !unlinked.is_empty());
        Self {
            primary: primary.clone(),
            successor: successor.clone(),
            waves: first.into_iter().chain(linked.into_iter().map(|node| vec![node])).collect(),
            old_primary,
        }
    }

    fn hands_over(&self) -> bool {
        self.primary != self.successor
    }

    /// The nodes that others copy from while nodes are replaced.
    fn sources(&self) -> impl Iterator<Item = &NodeName> {
        let current = (!self.waves.is_empty()).then_some(&self.primary);
        current.into_iter().chain(self.hands_over().then_some(&self.successor))
    }
}

/// First copies start at once while nodes are replaced, rather than after seconds.
fn prepare(shards: &[Roll<'_>], stages: &mut Stages) {
    let replaced = |name: &NodeName| {
        shards.iter().any(|roll| roll.waves.iter().flatten().any(|node| node.name == *name))
    };
    let sources = shards.iter().flat_map(Roll::sources).filter(|name| !replaced(name));
    stages.push("prepare", Order::SideBySide, sources.map(configure).collect());
}

fn configure(node: &NodeName) -> Step {
    server(node, ServerAction::Configure(while_replacing()), Cause::Replacing)
}

/// Stops a node's container and puts a new one in its place, while these are primaries.
fn replace(world: &World<'_>, node: &Node, acting: &[NodeName]) -> Vec<Step> {
    let fields = world.fates.rolled(&node.name).cloned().unwrap_or_default();
    let name = Some(&node.name);
    let cause = || Cause::SpecChanged(fields.clone());
    let create = EngineAction::CreateContainer(Box::new(container(world.topology, node)));
    let mut steps = vec![
        engine(name, EngineAction::StopContainer, cause()),
        engine(name, EngineAction::RemoveContainer, cause()),
        engine(name, create, cause()),
    ];
    if world.topology.kind == Kind::Sentinel {
        // Sentinels write their own files, and make servers write theirs, with what they ran with.
        let primary = acting.first().filter(|primary| !world.topology.starts_as_primary(primary)).cloned();
        let (through, nodes) = (node.name.clone(), vec![node.name.clone()]);
        steps.push(engine(name, EngineAction::WriteFiles { through, nodes, primary }, cause()));
    }
    steps.push(engine(name, EngineAction::StartContainer, Cause::New));
    steps.push(wait(name, Condition::Answers, Cause::New));
    steps
}

fn in_sync(world: &World<'_>, acting: &[NodeName], milestone: Milestone) -> Vec<Step> {
    let topology = world.topology;
    let condition = match (topology.kind, acting.first()) {
        (Kind::Cluster, _) => Condition::ClusterAgrees(cluster::expectation(world, acting, milestone)),
        (Kind::Replication, Some(primary)) => {
            Condition::ReplicasFollow(replication::expectation(topology, primary))
        }
        (Kind::Sentinel, Some(primary)) => {
            Condition::SentinelsAgree(sentinel::expectation(topology, primary))
        }
        (Kind::Standalone | Kind::Replication | Kind::Sentinel, _) => return Vec::new(),
    };
    vec![wait(None, condition, Cause::Changed)]
}

/// A replica takes the place of each primary that is to be replaced.
fn hand_over(world: &World<'_>, shards: &[Roll<'_>], stages: &mut Stages) {
    let topology = world.topology;
    let mut steps = Vec::new();
    for roll in shards.iter().filter(|roll| roll.hands_over()) {
        if topology.kind == Kind::Cluster {
            let cause = Cause::PrimaryGoes(roll.primary.clone());
            steps.push(server(&roll.successor, ServerAction::FailOver, cause));
            continue;
        }
        let Some(to) = topology.node(&roll.successor) else { continue };
        let view = world.observed.view(&roll.primary);
        let peer = Peer { node: to.name.clone(), address: to.address };
        steps.push(replication::hand_over(&roll.primary, view, peer));
        let others =
            topology.nodes().into_iter().filter(|node| node.name != roll.primary && node.name != to.name);
        steps.extend(others.map(|node| {
            server(&node.name, ServerAction::Follow(to.address), Cause::PrimaryGoes(roll.primary.clone()))
        }));
        steps.extend(replication::keep_roles(topology, &to.name));
    }
    // Two elections at the same moment may both fail.
    stages.push("hand over", Order::InTurn, steps);
}

/// What was set for the time of the replacements goes back to the spec's, or to the default.
fn finish(world: &World<'_>, shards: &[Roll<'_>], stages: &mut Stages) {
    let changed: BTreeMap<&NodeName, &Node> = shards
        .iter()
        .flat_map(|roll| roll.sources().filter(|name| roll.old_primary.is_none_or(|old| old.name != **name)))
        .filter_map(|name| Some((name, world.topology.node(name)?)))
        .collect();
    let steps = changed.into_iter().map(|(name, node)| {
        let usual = settings::usual(node, &while_replacing());
        server(name, ServerAction::Configure(usual), Cause::Replacing)
    });
    stages.push("settings", Order::SideBySide, steps.collect());
}
