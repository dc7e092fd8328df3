//! The containers' plane: network, volumes, containers, files, starts.

use super::{Options, ServerState, ServerStates, Stages, engine, server, wait};
use crate::observed::{ContainerState, Observed};
use crate::plan::{
    Cause, Condition, EngineAction, NetworkSettings, Obstacle, Order, ServerAction, Step, VolumeSettings,
};
use crate::spec::DataSpec;
use crate::topology::container::{container, data_volume, shared_volume};
use crate::topology::settings::while_forming;
use crate::topology::{Kind, Node, NodeName, Topology};

/// The field of the spec that says what the network is.
const SUBNET_FIELD: &str = "network.subnet";

/// Plans everything up to servers that answer.
pub(super) fn plan(
    topology: &Topology,
    observed: &Observed,
    options: Options,
    stages: &mut Stages,
) -> Result<(), Vec<Obstacle>> {
    let obstacles = obstacles(topology, observed, options);
    if !obstacles.is_empty() {
        return Err(obstacles);
    }
    let creates = topology.nodes().into_iter().any(|node| is_created(topology, node, observed, options));
    if creates && !observed.image_present {
        let pull = EngineAction::PullImage { reference: topology.image.clone() };
        stages.push("image", Order::InTurn, vec![engine(None, pull, Cause::NotFound)]);
    }
    remove(topology, observed, options, stages);
    provide(topology, observed, options, stages);
    let mut steps = create(topology, observed, options);
    let stage = if steps.is_empty() { "files" } else { "containers" };
    // The volume is written through the first container, while the others are still being made.
    steps.extend(write_files(topology, observed, options));
    stages.push(stage, Order::SideBySide, steps);
    start(topology, observed, options, stages);
    Ok(())
}

/// Whether the node's container is removed and made anew.
pub(super) fn is_remade(topology: &Topology, node: &Node, observed: &Observed, options: Options) -> bool {
    options.recreate && !changed_fields(topology, node, observed).is_empty()
}

/// The fields of the node's container that the spec changed.
fn changed_fields(topology: &Topology, node: &Node, observed: &Observed) -> Vec<String> {
    let Some(existing) = observed.containers.get(&node.name) else { return Vec::new() };
    let mut fields = match &existing.settings {
        Some(settings) => container(topology, node).differences(settings),
        None => vec!["a label of redisctl".to_owned()],
    };
    if subnet_changed(topology, observed) {
        fields.push(SUBNET_FIELD.to_owned());
    }
    fields
}

/// Whether the network must be made anew, and with it every container.
fn subnet_changed(topology: &Topology, observed: &Observed) -> bool {
    let subnet = observed.network.as_ref().and_then(|network| network.subnet);
    subnet.is_some_and(|subnet| subnet != topology.subnet)
}

fn is_surplus(topology: &Topology, name: &NodeName) -> bool {
    topology.node(name).is_none()
}

fn obstacles(topology: &Topology, observed: &Observed, options: Options) -> Vec<Obstacle> {
    let mut obstacles: Vec<Obstacle> = observed
        .foreign
        .iter()
        .map(|foreign| Obstacle::Foreign { kind: foreign.kind, name: foreign.name.clone() })
        .collect();
    if options.recreate {
        return obstacles;
    }
    if subnet_changed(topology, observed) {
        obstacles.push(Obstacle::Recreate { node: None, fields: vec![SUBNET_FIELD.to_owned()] });
        return obstacles;
    }
    for node in topology.nodes() {
        let fields = changed_fields(topology, node, observed);
        if !fields.is_empty() {
            obstacles.push(Obstacle::Recreate { node: Some(node.name.clone()), fields });
        }
    }
    let surplus = observed.containers.keys().filter(|name| is_surplus(topology, name));
    obstacles.extend(surplus.map(|name| Obstacle::Surplus(name.clone())));
    obstacles
}

fn remove(topology: &Topology, observed: &Observed, options: Options, stages: &mut Stages) {
    if !options.recreate {
        return;
    }
    let remade = topology.nodes().into_iter().filter_map(|node| {
        let fields = changed_fields(topology, node, observed);
        (!fields.is_empty()).then(|| (node.name.clone(), fields))
    });
    let surplus = observed.containers.keys().filter(|name| is_surplus(topology, name));
    let surplus = surplus.map(|name| (name.clone(), vec!["nodes".to_owned()]));
    let steps = remade
        .chain(surplus)
        .map(|(name, fields)| engine(Some(&name), EngineAction::RemoveContainer, Cause::SpecChanged(fields)))
        .collect();
    stages.push("remove", Order::SideBySide, steps);
    if subnet_changed(topology, observed) {
        let remove = EngineAction::RemoveNetwork(topology.name.clone());
        let step = engine(None, remove, Cause::SpecChanged(vec![SUBNET_FIELD.to_owned()]));
        stages.push("remove network", Order::InTurn, vec![step]);
    }
}

/// The network and the volumes.
fn provide(topology: &Topology, observed: &Observed, options: Options, stages: &mut Stages) {
    let mut steps = Vec::new();
    if observed.network.is_none() || (options.recreate && subnet_changed(topology, observed)) {
        let network = NetworkSettings {
            deployment: topology.name.clone(),
            subnet: topology.subnet,
            labels: topology.labels.clone(),
        };
        let cause = match observed.network {
            None => Cause::NotFound,
            Some(_) => Cause::SpecChanged(vec![SUBNET_FIELD.to_owned()]),
        };
        steps.push(engine(None, EngineAction::CreateNetwork(network), cause));
    }
    let mut volume = |node: Option<&NodeName>, name: String, keeps_data: bool| {
        if !observed.volumes.contains(&name) {
            let (deployment, labels) = (topology.name.clone(), topology.labels.clone());
            let settings = VolumeSettings { name, deployment, keeps_data, labels };
            steps.push(engine(node, EngineAction::CreateVolume(settings), Cause::NotFound));
        }
    };
    volume(None, shared_volume(&topology.name), false);
    if topology.data == DataSpec::Volume {
        for node in topology.nodes() {
            volume(Some(&node.name), data_volume(&node.name), true);
        }
    }
    stages.push("network and volumes", Order::SideBySide, steps);
}

fn is_created(topology: &Topology, node: &Node, observed: &Observed, options: Options) -> bool {
    !observed.containers.contains_key(&node.name) || is_remade(topology, node, observed, options)
}

fn create(topology: &Topology, observed: &Observed, options: Options) -> Vec<Step> {
    topology
        .nodes()
        .into_iter()
        .filter(|node| is_created(topology, node, observed, options))
        .map(|node| {
            let settings = Box::new(container(topology, node));
            let fields = changed_fields(topology, node, observed);
            let cause = if fields.is_empty() { Cause::NotFound } else { Cause::SpecChanged(fields) };
            engine(Some(&node.name), EngineAction::CreateContainer(settings), cause)
        })
        .collect()
}

/// Files of new nodes, and of every node where the topology changed.
fn write_files(topology: &Topology, observed: &Observed, options: Options) -> Vec<Step> {
    let nodes = topology.nodes();
    let changed = observed.stored.as_ref().is_some_and(|stored| **stored != *topology);
    let stored = observed.stored.is_some();
    let names: Vec<NodeName> = nodes
        .iter()
        .filter(|node| {
            let never_ran = observed
                .containers
                .get(&node.name)
                .is_some_and(|container| container.state == ContainerState::Created);
            changed || !stored || never_ran || is_created(topology, node, observed, options)
        })
        .map(|node| node.name.clone())
        .collect();
    let cause = if changed { Cause::SpecChanged(vec!["settings".to_owned()]) } else { Cause::New };
    let write = |through: &NodeName, nodes: &[NodeName]| {
        let action = EngineAction::WriteFiles { through: through.clone(), nodes: nodes.to_vec() };
        engine(Some(through), action, cause.clone())
    };
    if topology.data == DataSpec::Volume {
        // A data volume's folder belongs to root until it is written, and only its own node has it.
        names.iter().map(|name| write(name, std::slice::from_ref(name))).collect()
    } else {
        names.first().map(|first| write(first, &names)).into_iter().collect()
    }
}

fn start(topology: &Topology, observed: &Observed, options: Options, stages: &mut Stages) {
    let servers = ServerStates::new(topology, observed, options);
    let chain = |node: &Node| -> Vec<Step> {
        let name = Some(&node.name);
        let wait_for = |cause| wait(name, Condition::Answers, cause);
        let first_settings = |steps: &mut Vec<Step>| {
            let forming = while_forming(topology.kind, topology.server, topology.nodes().len());
            if servers.of(&node.name) == ServerState::New && servers.all_new() && !forming.is_empty() {
                steps.push(server(&node.name, ServerAction::Configure(forming), Cause::Forming));
            }
        };
        let mut steps = Vec::new();
        let created = is_created(topology, node, observed, options);
        match observed.containers.get(&node.name).filter(|_| !created) {
            None => {
                steps.push(engine(name, EngineAction::StartContainer, Cause::New));
                steps.push(wait_for(Cause::New));
                first_settings(&mut steps);
            }
            Some(existing) => {
                if !existing.attached {
                    let (deployment, address) = (topology.name.clone(), node.address);
                    let attach = EngineAction::AttachContainer { deployment, address };
                    steps.push(engine(name, attach, Cause::Detached));
                }
                match existing.state {
                    ContainerState::Created | ContainerState::Exited => {
                        steps.push(engine(name, EngineAction::StartContainer, Cause::NotRunning));
                        steps.push(wait_for(Cause::NotRunning));
                        first_settings(&mut steps);
                    }
                    ContainerState::Paused => {
                        steps.push(engine(name, EngineAction::UnpauseContainer, Cause::Paused));
                        steps.push(wait_for(Cause::Paused));
                    }
                    ContainerState::Running => {
                        if let Some(crate::observed::ObservedServer::Silent(reason)) =
                            observed.servers.get(&node.name)
                        {
                            steps.push(wait_for(Cause::Silent(reason.clone())));
                        }
                    }
                }
            }
        }
        steps
    };
    if topology.kind == Kind::Replication {
        // A replica that finds no primary tries again a whole second later.
        let (primaries, replicas): (Vec<&Node>, Vec<&Node>) =
            topology.nodes().into_iter().partition(|node| topology.starts_as_primary(&node.name));
        stages.push("start primary", Order::SideBySide, primaries.into_iter().flat_map(chain).collect());
        stages.push("start replicas", Order::SideBySide, replicas.into_iter().flat_map(chain).collect());
    } else {
        let steps = topology.nodes().into_iter().flat_map(chain).collect();
        stages.push("start", Order::SideBySide, steps);
    }
}
