//! Containers that must be made from other settings are replaced one after another, while the other nodes serve.
//!
//! Replicas come first. Then each old primary follows, once a replica has taken its role. Two nodes of a shard are
//! never down together. A replica is in sync again before the next node is replaced.

use super::draft::{Stages, engine, server, wait};
use super::expectations::{self, peer};
use super::replacements;
use super::role_steps::{hand_over as hand_over_to, hand_over_by_sentinels, keep_roles};
use super::temporary::{NodeSettings, Temporary, usual};
use super::world::World;
use crate::plan::{Cause, Condition, EngineAction, Milestone, Order, ServerAction, Step};
use crate::spec::DataSpec;
use crate::topology::container::container;
use crate::topology::settings::while_replacing;
use crate::topology::{Kind, Node, NodeName};

mod roll;

use roll::Roll;

/// The replacements.
pub(super) struct Rolling {
    pub(super) stages: Stages,
    /// Each shard's primary after the replacements.
    pub(super) primaries: Vec<NodeName>,
    /// Whether the plan can go on after the replacements without another observation.
    pub(super) complete: bool,
}

/// Plans the replacements. `primaries` are the shards' primaries before them.
pub(super) fn plan(world: &World<'_>, primaries: &[NodeName]) -> Rolling {
    if !replacements::any(world) {
        return Rolling { stages: Stages::default(), primaries: primaries.to_vec(), complete: true };
    }
    let shards = world.topology.shards.iter().zip(primaries);
    let shards: Vec<Roll<'_>> = shards.map(|(shard, primary)| Roll::new(world, shard, primary)).collect();
    let after: Vec<NodeName> = shards.iter().map(|roll| roll.successor.clone()).collect();
    // With these settings, a full sync starts at once, not after seconds.
    let quick_copies = quick_copies(world, &shards);
    let ends_at =
        |name: &NodeName| shards.iter().any(|roll| roll.old_primary.is_some_and(|old| old.name == *name));

    let mut stages = files(world, primaries);
    let prepare = quick_copies.begin(|name| !shards.iter().any(|roll| roll.replaces_replica(name)));
    let mut replicas = Stages::one("prepare", Order::SideBySide, prepare);
    let unlinked = shards.iter().flat_map(|roll| roll.unlinked.iter().map(move |node| (roll, *node)));
    let unlinked = replace_replicas(world, unlinked, primaries, &quick_copies);
    let sentinels = replace_sentinels(world, primaries);
    if unlinked.is_empty() {
        stages.append(sentinels);
        stages.append(replicas);
    } else {
        // The sentinels agree only once every replica has its link.
        replicas.append(unlinked);
        stages.append(replicas);
        stages.append(sentinels);
    }
    for wave in 0..shards.iter().map(|roll| roll.linked.len()).max().unwrap_or(0) {
        let linked = shards.iter().filter_map(|roll| Some((roll, *roll.linked.get(wave)?)));
        stages.append(replace_replicas(world, linked, primaries, &quick_copies));
    }
    stages.append(hand_over(world, &shards));
    stages.append(replace_primaries(world, &shards, &after));
    stages.push("settings", Order::SideBySide, quick_copies.end(|name| !ends_at(name)));
    let gives_ids = replacements::give_shards_ids(world);
    if !gives_ids {
        stages.push("ready", Order::InTurn, in_sync(world, &after, Milestone::Ready));
    }
    let chosen = replacements::chosen_by_sentinels(world, primaries);
    let steps = chosen.map(|primary| hand_over_by_sentinels(world.topology, primary));
    stages.push("hand over", Order::InTurn, steps.into_iter().collect());
    Rolling { stages, primaries: after, complete: !gives_ids && chosen.is_none() }
}

fn quick_copies(world: &World<'_>, shards: &[Roll<'_>]) -> Temporary {
    let sources = shards.iter().flat_map(Roll::sources).filter_map(|name| world.topology.node(name));
    let exchange = |node: &Node| {
        let (for_a_while, usual) =
            (while_replacing(), usual(&world.observed.learned, node, &while_replacing()));
        NodeSettings { node: node.name.clone(), for_a_while, usual }
    };
    Temporary::new(Cause::Replacing, sources.map(exchange))
}

/// Writes the present primary into the files. An interrupted plan may have swapped roles after the files were
/// written.
fn files(world: &World<'_>, primaries: &[NodeName]) -> Stages {
    let are_new = world.observed.stored.as_deref().is_none_or(|stored| stored != world.topology);
    if world.topology.kind != Kind::Replication || are_new {
        return Stages::default();
    }
    let steps = primaries.iter().flat_map(|primary| keep_roles(world.topology, primary));
    Stages::one("files", Order::InTurn, steps.collect())
}

fn replace_sentinels(world: &World<'_>, primaries: &[NodeName]) -> Stages {
    let mut stages = Stages::default();
    for sentinel in world.topology.sentinels.iter().filter(|sentinel| world.is_rolled(&sentinel.name)) {
        stages.push("replace sentinels", Order::InTurn, replace(world, sentinel, primaries));
        stages.push("in sync", Order::InTurn, in_sync(world, primaries, Milestone::Linked));
    }
    stages
}

/// Replaces some replicas at the same time.
fn replace_replicas<'a>(
    world: &World<'_>,
    replicas: impl Iterator<Item = (&'a Roll<'a>, &'a Node)>,
    primaries: &[NodeName],
    quick_copies: &Temporary,
) -> Stages {
    let steps = replicas.flat_map(|(roll, node)| {
        let succeeds = roll.hands_over() && roll.successor == node.name;
        let quick = succeeds.then(|| quick_copies.begin_at(&node.name)).flatten();
        replace(world, node, primaries).into_iter().chain(quick)
    });
    let mut stages = Stages::one("replace replicas", Order::SideBySide, steps.collect());
    if !stages.is_empty() {
        stages.push("in sync", Order::InTurn, in_sync(world, primaries, Milestone::Linked));
    }
    stages
}

fn replace_primaries(world: &World<'_>, shards: &[Roll<'_>], after: &[NodeName]) -> Stages {
    let mut stages = Stages::default();
    let primaries = shards.iter().filter_map(|roll| Some((roll.old_primary?, roll)));
    // A shard without a replica is not served while its primary is replaced. All other shards are.
    let (replaced, alone): (Vec<_>, Vec<_>) = primaries.partition(|(_, roll)| roll.hands_over());
    for nodes in std::iter::once(replaced).chain(alone.into_iter().map(|node| vec![node])) {
        let steps: Vec<Step> = nodes.iter().flat_map(|(node, _)| replace(world, node, after)).collect();
        if !steps.is_empty() {
            stages.push("replace primaries", Order::SideBySide, steps);
            stages.push("in sync", Order::InTurn, in_sync(world, after, Milestone::Linked));
        }
    }
    stages
}

/// Stops a node's container and puts a new container in its place. `acting` are the primaries meanwhile.
fn replace(world: &World<'_>, node: &Node, acting: &[NodeName]) -> Vec<Step> {
    let fields = world.fates.rolled(&node.name).cloned().unwrap_or_default();
    let name = Some(&node.name);
    let cause = || Cause::SpecChanged(fields.clone());
    let create = EngineAction::CreateContainer(Box::new(container(world.topology, node)));
    let mut steps = Vec::new();
    if leaves_commands(world, node) {
        steps.push(server(&node.name, ServerAction::RewriteLog, cause()));
    }
    steps.extend([
        engine(name, EngineAction::StopContainer, cause()),
        engine(name, EngineAction::RemoveContainer, cause()),
        engine(name, create, cause()),
    ]);
    if world.topology.kind == Kind::Sentinel {
        // Sentinels rewrite their own files. They also make servers rewrite theirs, with the old settings.
        let primary = acting.first().filter(|primary| !world.topology.starts_as_primary(primary)).cloned();
        let (through, nodes) = (node.name.clone(), vec![node.name.clone()]);
        steps.push(engine(name, EngineAction::WriteFiles { through, nodes, primary }, cause()));
    }
    steps.push(engine(name, EngineAction::StartContainer, Cause::New));
    steps.push(wait(name, Condition::Answers, Cause::New));
    steps
}

/// Whether the node's append-only file may have commands of modules that go. A server without the module ends on them,
/// though their keys are gone.
fn leaves_commands(world: &World<'_>, node: &Node) -> bool {
    let container = world.observed.containers.get(&node.name);
    let settings = container.and_then(|container| container.settings.as_ref());
    world.topology.data == DataSpec::Volume
        && world.observed.view(&node.name).is_some()
        && settings.is_some_and(|settings| !settings.modules_beyond(world.topology).is_empty())
}

fn in_sync(world: &World<'_>, acting: &[NodeName], milestone: Milestone) -> Vec<Step> {
    let topology = world.topology;
    let condition = match (topology.kind, acting.first()) {
        (Kind::Cluster, _) => Condition::ClusterAgrees(expectations::cluster(world, acting, milestone)),
        (Kind::Replication, Some(primary)) => {
            Condition::ReplicasFollow(expectations::replication(topology, primary))
        }
        (Kind::Sentinel, Some(primary)) => {
            Condition::SentinelsAgree(expectations::sentinels(topology, primary))
        }
        (Kind::Standalone | Kind::Replication | Kind::Sentinel, _) => return Vec::new(),
    };
    vec![wait(None, condition, Cause::Changed)]
}

/// Makes a replica take the role of each primary before the primary is replaced.
fn hand_over(world: &World<'_>, shards: &[Roll<'_>]) -> Stages {
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
        steps.push(hand_over_to(&roll.primary, view, peer(to)));
        let others =
            topology.nodes().into_iter().filter(|node| node.name != roll.primary && node.name != to.name);
        steps.extend(others.map(|node| {
            server(&node.name, ServerAction::Follow(to.address), Cause::PrimaryGoes(roll.primary.clone()))
        }));
        steps.extend(keep_roles(topology, &to.name));
    }
    // Two elections at the same moment may both fail.
    Stages::one("hand over", Order::InTurn, steps)
}
