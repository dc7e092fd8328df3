//! From what should be and what is, to what is to be done: `plan(&Topology, &Observed) -> Plan`.
//!
//! Deterministic and pure: the same arguments give the same plan, and a plan for a deployment that
//! is as it should be is empty. It covers both planes, containers and Redis. Where a server's state
//! cannot be known before its container runs again, the plan ends with the containers; the caller
//! observes and plans again, until nothing is left.

use crate::observed::{ContainerState, Observed, ServerView};
use crate::plan::{Action, Cause, Condition, EngineAction, Obstacle, Order, Plan, ServerAction, Stage, Step};
use crate::spec::DataSpec;
use crate::topology::container::{data_volume, shared_volume};
use crate::topology::{Kind, Node, NodeName, Server, Shard, Topology};

mod anew;
mod at_stake;
mod cluster;
mod containers;
mod fate;
mod leaving;
mod mending;
mod replication;
mod rescue;
mod rolling;
mod sentinel;
mod settings;
mod users;

use at_stake::LeftAlone;
use fate::Fates;
use rescue::Successor;

/// How a new cluster is formed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forming {
    /// Slots first go to the future replicas, and the primaries take them over: quickest for small
    /// clusters (DESIGN.md, section 7).
    RoleSwap,
    /// Slots go to the primaries, which then wait out the servers' start-up delay.
    Plain,
}

/// What the user allows, and how to go about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// How a new cluster is formed.
    pub forming: Forming,
    /// Whether containers may be removed and made anew where the spec asks for that.
    pub recreate: bool,
    /// Whether keys may go that no other node has.
    pub discard_keys: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { forming: Forming::RoleSwap, recreate: false, discard_keys: false }
    }
}

/// Plans what brings `observed` to `topology`.
///
/// # Errors
/// What stands in the way and needs the user's say; nothing is planned then.
pub fn plan(topology: &Topology, observed: &Observed, options: Options) -> Result<Plan, Vec<Obstacle>> {
    let mut stages = Stages::default();
    let obstacles = anew::obstacles(topology, observed);
    let bare;
    let observed = match obstacles.as_slice() {
        [] => observed,
        // Before anything is made for what the deployment cannot be brought to.
        _ if !options.recreate => return Err(obstacles),
        _ => {
            bare = anew::remove_everything(topology, observed, &obstacles, &mut stages);
            &bare
        }
    };
    let foreign = containers::foreign(observed);
    if !foreign.is_empty() {
        return Err(foreign);
    }
    let fates = Fates::decide(topology, observed, options)?;
    let servers = ServerStates::new(topology, observed, &fates);
    let left_alone = at_stake::judge(topology, observed, options);
    let world = World { topology, observed, fates: &fates, servers: &servers, left_alone: &left_alone };
    settings::take_back(&world, &mut stages);
    let successor = rescue::plan(&world, &mut stages);
    if successor == Successor::Known {
        containers::plan(topology, observed, &fates, &servers, &mut stages);
    }
    let (mut complete, mut primaries) = (false, Vec::new());
    let mut notes = Vec::new();
    if successor == Successor::Known && servers.all_known() {
        let links = users::plan(topology, observed, &mut stages);
        let start = stages.len();
        let acting = match topology.kind {
            Kind::Standalone => topology.nodes().into_iter().map(|node| node.name.clone()).collect(),
            Kind::Replication => replication::plan(&world, links, &mut stages),
            Kind::Sentinel => sentinel::plan(&world, links, &mut stages),
            Kind::Cluster => cluster::plan(&world, options, links, &mut stages),
        };
        mending::hasten(&world, start, &mut stages);
        let start = stages.len();
        settings::plan(&world, &mut stages);
        if topology.kind == Kind::Cluster {
            cluster::await_endpoints(&world, &acting, start, &mut stages);
        }
        let after = rolling::plan(&world, &acting, &mut stages);
        notes.extend(swapped_roles(topology, &after));
        complete = !rolling::gives_shards_ids(&world)
            && rolling::handed_over_by_sentinels(&world, &acting).is_none();
        primaries = acting;
    }
    let (deployment, at_stake) = (topology.name.clone(), left_alone.at_stake.clone());
    Ok(Plan { deployment, stages: stages.0, complete, primaries, notes, at_stake })
}

/// What every part of the planner looks at.
#[derive(Clone, Copy)]
struct World<'a> {
    topology: &'a Topology,
    observed: &'a Observed,
    fates: &'a Fates<'a>,
    servers: &'a ServerStates<'a>,
    left_alone: &'a LeftAlone<'a>,
}

/// The server that runs now, which is another one than the topology's until its node is replaced.
fn running(topology: &Topology, view: &ServerView) -> Server {
    view.server.unwrap_or(topology.server)
}

/// Swapped roles are as good as the spec's, but may surprise.
fn swapped_roles(topology: &Topology, acting: &[NodeName]) -> Vec<String> {
    let swapped = topology.shards.iter().zip(acting).filter(|(shard, acting)| shard.primary.name != **acting);
    let note = |(shard, acting): (&Shard, &NodeName)| {
        format!("roles are swapped, and stay so: {acting} is primary in the place of {}", shard.primary.name)
    };
    swapped.map(note).collect()
}

/// What is known of a node's server before the plan runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ServerState {
    /// It will be started for the first time by this plan.
    New,
    /// It answers: the observation has its view.
    Answering,
    /// It exists, but what it will say once it runs is not known.
    Unknown,
}

/// What is known of each node's server.
struct ServerStates<'a> {
    topology: &'a Topology,
    states: Vec<(NodeName, ServerState)>,
}

impl<'a> ServerStates<'a> {
    fn new(topology: &'a Topology, observed: &Observed, fates: &Fates<'_>) -> Self {
        let is_there = |volume: String| observed.volumes.contains(&volume);
        // What the shared volume holds can only be read through a container. It holds nothing as long as this
        // run has made no container, because it had to try something else again first.
        let may_hold_some = observed.containers.is_empty() && !observed.begun;
        let folders_exist =
            is_there(shared_volume(&topology.name)) && (observed.stored.is_some() || may_hold_some);
        // A lost container's folder may still be in its volume, with its keys and its cluster identity.
        let may_have_lived = |node: &Node| {
            folders_exist || (topology.data == DataSpec::Volume && is_there(data_volume(&node.name)))
        };
        let state = |node: &Node| {
            let answers = observed.view(&node.name).is_some();
            match observed.containers.get(&node.name) {
                None if may_have_lived(node) => ServerState::Unknown,
                None => ServerState::New,
                Some(_) if fates.is_made(&node.name) => ServerState::Unknown,
                Some(container) if container.state == ContainerState::Created && !may_have_lived(node) => {
                    ServerState::New
                }
                // Whoever has lost its network is started again.
                Some(container)
                    if container.state == ContainerState::Running && container.attached && answers =>
                {
                    ServerState::Answering
                }
                Some(_) => ServerState::Unknown,
            }
        };
        let states = topology.nodes().into_iter().map(|node| (node.name.clone(), state(node))).collect();
        Self { topology, states }
    }

    fn of(&self, name: &NodeName) -> ServerState {
        let found = self.states.iter().find(|(node, _)| node == name);
        found.map_or(ServerState::Unknown, |(_, state)| *state)
    }

    fn all_known(&self) -> bool {
        self.states.iter().all(|(_, state)| *state != ServerState::Unknown)
    }

    fn all_new(&self) -> bool {
        self.states.iter().all(|(_, state)| *state == ServerState::New)
    }

    /// Why one waits for what the plan has done.
    fn cause_to_wait(&self) -> Cause {
        if self.all_new() { Cause::New } else { Cause::Changed }
    }

    /// The nodes whose servers this plan starts for the first time.
    fn new_nodes(&self) -> impl Iterator<Item = &Node> {
        self.topology.nodes().into_iter().filter(|node| self.of(&node.name) == ServerState::New)
    }
}

/// The stages of a plan in the making; a stage without steps is left out.
#[derive(Default)]
struct Stages(Vec<Stage>);

impl Stages {
    fn len(&self) -> usize {
        self.0.len()
    }

    /// The steps from a stage on.
    fn since(&self, position: usize) -> impl Iterator<Item = &Step> {
        self.0.iter().skip(position).flat_map(|stage| &stage.steps)
    }

    fn push(&mut self, name: &'static str, order: Order, steps: Vec<Step>) {
        self.insert(self.len(), name, order, steps);
    }

    fn insert(&mut self, position: usize, name: &'static str, order: Order, steps: Vec<Step>) {
        if !steps.is_empty() {
            self.0.insert(position, Stage { name, order, steps });
        }
    }
}

fn engine(node: Option<&NodeName>, action: EngineAction, cause: Cause) -> Step {
    Step { node: node.cloned(), action: Action::Engine(action), cause }
}

fn server(node: &NodeName, action: ServerAction, cause: Cause) -> Step {
    Step { node: Some(node.clone()), action: Action::Server(action), cause }
}

fn wait(node: Option<&NodeName>, condition: Condition, cause: Cause) -> Step {
    Step { node: node.cloned(), action: Action::Await(condition), cause }
}
