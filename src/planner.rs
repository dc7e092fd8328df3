//! The planner: `plan(&Topology, &Observation) -> Plan`.
//!
//! The planner is deterministic and pure. A deployment that matches its topology gets an empty plan. Plans cover
//! containers and servers. If a server's state is unknown until its container runs, the plan ends with the
//! containers. The caller then observes and plans again, until a plan is complete.
//!
//! [`plan`] calls one pass after another, in the order in which the work is done. A pass reads the `World`, and
//! returns its stages and the changes that they make. A pass never reads the steps of another pass.

use crate::arrangement::Arrangement;
use crate::observation::Observation;
use crate::plan::{Obstacle, Plan, SwappedRole};
use crate::topology::{Kind, NodeName, Shard, Topology, spread};

mod at_stake;
mod cluster;
mod containers;
mod draft;
mod emptying;
mod expectations;
mod failover;
mod fate;
mod forming;
mod leaving;
mod leaving_owners;
mod leftovers;
mod on_purpose;
mod out_of_reach;
mod primary_in_files;
mod quick_repair;
mod recreation;
mod replacements;
mod replication;
mod rescue;
mod role_steps;
mod roles;
mod rolling;
mod sentinel;
mod server_states;
mod settings;
mod spec_roles;
mod temporary;
mod unformed;
mod users;
mod world;

pub use failover::{plan_agreement, plan_failover};
pub use on_purpose::plan_on_purpose;

use draft::{Changes, Stages};
use fate::Fates;
use rescue::Rescue;
use roles::Roles;
use server_states::ServerStates;
use world::World;

/// How a new cluster is formed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forming {
    /// Slots first go to the future replicas, and the primaries take them over. A primary that takes over serves at once.
    RoleSwap,
    /// Slots go to the primaries, which then wait out the servers' start-up delay.
    Plain,
}

/// The changes that the user allows, and the way to form a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// How a new cluster is formed.
    pub forming: Forming,
    /// Whether containers may be replaced if the spec requires it.
    pub recreate: bool,
    /// Whether keys may be lost that no other node has.
    pub discard_keys: bool,
    /// Whether the traces of clients stay.
    pub traces: Traces,
}

/// The traces of clients: keys, functions and scripts; roles and slots; users and settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Traces {
    /// They stay, unless the topology contradicts them. Roles never contradict it.
    Kept,
    /// They are removed, so that the deployment is as `up` left it.
    Removed {
        /// Whether the connections of clients are ended, too.
        end_clients: bool,
    },
}

impl Options {
    /// Whether the traces of clients are removed.
    #[must_use]
    pub fn removes_traces(self) -> bool {
        matches!(self.traces, Traces::Removed { .. })
    }
}

impl Default for Options {
    fn default() -> Self {
        Self { forming: Forming::RoleSwap, recreate: false, discard_keys: false, traces: Traces::Kept }
    }
}

/// Plans the steps from `observed` to `topology`.
///
/// # Errors
/// The obstacles that need the user's consent.
pub fn plan(topology: &Topology, observed: &Observation, options: Options) -> Result<Plan, Vec<Obstacle>> {
    if observed.lost_with_nodes(topology).next().is_some() {
        return out_of_reach::repair(topology, observed, options);
    }
    leftovers::refuse_loss(topology, observed, options)?;
    let plan = plan_on_any_engine(topology, observed, options)?;
    Ok(Plan { losses: spread::losses(topology), ..placed(plan, topology, observed) })
}

/// Gives the steps of nodes the engines of the nodes. Nodes that leave are where their containers are.
fn placed(mut plan: Plan, topology: &Topology, observed: &Observation) -> Plan {
    let engine_of = |node: &NodeName| {
        let settings = || observed.containers.get(node)?.settings.as_ref();
        topology.engine_of(node).cloned().or_else(|| settings()?.engine.clone())
    };
    for step in plan.stages.iter_mut().flat_map(|stage| &mut stage.steps) {
        if let (None, Some(node)) = (&step.engine, &step.node) {
            step.engine = engine_of(node);
        }
    }
    plan
}

fn plan_on_any_engine(
    topology: &Topology,
    observed: &Observation,
    options: Options,
) -> Result<Plan, Vec<Obstacle>> {
    let cleared = recreation::clear(topology, observed, options)?;
    let observed = cleared.observed.as_ref();
    containers::refuse_foreign(observed)?;
    let arrangement = &Arrangement::new(topology, observed);
    let fates = &Fates::decide(topology, observed, options)?;
    if !fates.new_network.is_empty() {
        containers::refuse_guests(observed)?;
    }
    let servers = &ServerStates::new(topology, observed, fates);
    let left_alone = &at_stake::judge(topology, observed, arrangement, options);
    let removes_traces = options.removes_traces();
    let world = World { topology, observed, arrangement, fates, servers, left_alone, removes_traces };

    if topology.kind == Kind::Cluster && !removes_traces {
        cluster::refuse_without_room(&world)?;
    }

    let mut stages = cleared.stages;
    stages.append(leftovers::remove(observed));
    let taken_back = settings::take_back(&world);
    stages.append(taken_back.stages);
    // A reset removes the keys anyway.
    let rescue = if removes_traces { Rescue::default() } else { rescue::plan(&world) };
    stages.append(rescue.stages);
    if rescue.awaits_choice {
        return Ok(unfinished(&world, stages));
    }
    stages.append(containers::plan(&world, rescue.primary));
    if !servers.all_known() {
        let is_formed = topology.kind == Kind::Cluster && topology.formed;
        let later = if is_formed { cluster::later_moves(&world) } else { Vec::new() };
        return Ok(Plan { later, ..unfinished(&world, stages) });
    }
    let brought_back = leaving_owners::bring_back(&world, options);
    if !brought_back.is_empty() {
        stages.append(brought_back);
        return Ok(unfinished(&world, stages));
    }
    let access = users::plan(&world);
    stages.append(access.stages);
    let mut settled = settings::plan(&world);
    if removes_traces {
        // With some settings, servers refuse to remove data: `min-replicas-to-write`.
        stages.append(std::mem::take(&mut settled.stages));
        stages.append(emptying::plan(&world, options));
    }
    let Roles { stages: given, changes, primaries, look_again } = give_roles(&world, options, access.changes);
    stages.append(quick_repair::hasten(&world, given, changes));
    if look_again {
        return Ok(unfinished(&world, stages));
    }
    stages.append(settled.stages);
    let tells_others = taken_back.changes.endpoints || settled.changes.endpoints;
    if tells_others && topology.kind == Kind::Cluster && topology.formed {
        stages.append(cluster::await_endpoints(&world, &primaries));
    }
    let rolling = rolling::plan(&world, &primaries);
    stages.append(rolling.stages);
    let back = spec_roles::plan(&world, &rolling.primaries);
    stages.append(back.stages);
    Ok(Plan {
        complete: rolling.complete && back.complete,
        swapped_roles: swapped_roles(topology, &back.primaries),
        primaries,
        ..unfinished(&world, stages)
    })
}

/// Plans the roles of all nodes, by the deployment's kind.
fn give_roles(world: &World<'_>, options: Options, before: Changes) -> Roles {
    match world.topology.kind {
        Kind::Standalone => Roles::of_one_node(world.topology),
        Kind::Replication => replication::plan(world, before),
        Kind::Sentinel => sentinel::plan(world, before),
        Kind::Cluster if !world.topology.formed => unformed::plan(world),
        Kind::Cluster => cluster::plan(world, options, before),
    }
}

/// A plan that ends early: the rest depends on another observation.
fn unfinished(world: &World<'_>, stages: Stages) -> Plan {
    Plan {
        complete: false,
        keeps_division: keeps_division(world),
        at_stake: world.left_alone.at_stake.clone(),
        ..Plan::of_stages(&world.topology.name, stages.into_vec())
    }
}

/// Whether the last `up` gave the shards the same slots.
fn keeps_division(world: &World<'_>) -> bool {
    let slots =
        |topology: &Topology| topology.shards.iter().map(|shard| shard.slots.clone()).collect::<Vec<_>>();
    world.observed.stored.as_deref().is_some_and(|stored| slots(stored) == slots(world.topology))
}

/// The shards whose primary is another node than the spec's.
fn swapped_roles(topology: &Topology, primaries: &[NodeName]) -> Vec<SwappedRole> {
    let swapped =
        topology.shards.iter().zip(primaries).filter(|(shard, primary)| shard.primary.name != **primary);
    let role = |(shard, primary): (&Shard, &NodeName)| SwappedRole {
        primary: primary.clone(),
        by_spec: shard.primary.name.clone(),
    };
    swapped.map(role).collect()
}
