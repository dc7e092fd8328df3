//! The containers' plane: network, volumes, containers, files, starts.

use super::fate::{Fate, Fates, SUBNET_FIELD};
use super::{ServerState, ServerStates, Stages, engine, replication, server, wait};
use crate::observed::{ContainerState, Observed};
use crate::plan::{
    Cause, Condition, EngineAction, NetworkSettings, Obstacle, Order, ServerAction, Step, VolumeSettings,
};
use crate::spec::DataSpec;
use crate::topology::container::{container, data_volume, shared_volume};
use crate::topology::settings::while_forming;
use crate::topology::{Kind, Node, NodeName, Topology};

/// Plans everything up to servers that answer.
pub(super) fn plan(
    topology: &Topology,
    observed: &Observed,
    fates: &Fates<'_>,
    servers: &ServerStates<'_>,
    stages: &mut Stages,
) {
    if fates.makes_any() && !observed.image_present {
        let pull = EngineAction::PullImage { reference: topology.image.clone() };
        stages.push("image", Order::InTurn, vec![engine(None, pull, Cause::NotFound)]);
    }
    remove(topology, observed, fates, stages);
    provide(topology, observed, fates, stages);
    let mut steps = create(topology, fates);
    let stage = if steps.is_empty() { "files" } else { "containers" };
    // The volume is written through the first container, while the others are still being made.
    steps.extend(write_files(topology, observed, fates));
    stages.push(stage, Order::SideBySide, steps);
    start(topology, observed, fates, servers, stages);
}

/// What stands in the way under a name that is needed.
pub(super) fn foreign(observed: &Observed) -> Vec<Obstacle> {
    let foreign = observed.foreign.iter();
    foreign.map(|foreign| Obstacle::Foreign { kind: foreign.kind, name: foreign.name.clone() }).collect()
}

fn remove(topology: &Topology, observed: &Observed, fates: &Fates<'_>, stages: &mut Stages) {
    let mut steps = Vec::new();
    for node in topology.nodes() {
        if let Fate::Remade(fields) = fates.of(&node.name) {
            let cause = Cause::SpecChanged(fields.clone());
            let runs = observed
                .containers
                .get(&node.name)
                .is_some_and(|container| container.state == ContainerState::Running);
            if runs && topology.data == DataSpec::Volume {
                // It writes what it holds in memory only.
                steps.push(engine(Some(&node.name), EngineAction::StopContainer, cause.clone()));
            }
            steps.push(engine(Some(&node.name), EngineAction::RemoveContainer, cause));
        }
    }
    if fates.new_subnet {
        // The network can only go once nobody is attached to it.
        let leaving = fates.leaving.iter();
        steps.extend(leaving.map(|name| engine(Some(name), EngineAction::RemoveContainer, Cause::Leaves)));
    }
    stages.push("remove", Order::SideBySide, steps);
    if fates.new_subnet {
        let remove = EngineAction::RemoveNetwork(topology.name.clone());
        let step = engine(None, remove, Cause::SpecChanged(vec![SUBNET_FIELD.to_owned()]));
        stages.push("remove network", Order::InTurn, vec![step]);
    }
}

/// The network and the volumes.
fn provide(topology: &Topology, observed: &Observed, fates: &Fates<'_>, stages: &mut Stages) {
    let mut steps = Vec::new();
    if observed.network.is_none() || fates.new_subnet {
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

fn create(topology: &Topology, fates: &Fates<'_>) -> Vec<Step> {
    let mut steps = Vec::new();
    for node in topology.nodes() {
        let cause = match fates.of(&node.name) {
            Fate::Made => Cause::NotFound,
            Fate::Remade(fields) => Cause::SpecChanged(fields.clone()),
            Fate::Kept | Fate::Rolled(_) => continue,
        };
        let settings = Box::new(container(topology, node));
        steps.push(engine(Some(&node.name), EngineAction::CreateContainer(settings), cause));
    }
    steps
}

/// Files of new nodes, and of every node where the topology changed.
fn write_files(topology: &Topology, observed: &Observed, fates: &Fates<'_>) -> Vec<Step> {
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
            changed
                || !stored
                || never_ran
                || fates.is_made(&node.name)
                || observed.renewed_certificates.contains_key(&node.name)
        })
        .map(|node| node.name.clone())
        .collect();
    let cause = match observed.renewed_certificates.values().next() {
        _ if changed => Cause::SpecChanged(vec!["settings".to_owned()]),
        Some(reason) => Cause::Certificate(reason.clone()),
        None => Cause::New,
    };
    let primary = replication::swapped_primary(topology, observed);
    let write = |through: &NodeName, nodes: &[NodeName]| {
        let (through, nodes, primary) = (through.clone(), nodes.to_vec(), primary.clone());
        let name = through.clone();
        engine(Some(&name), EngineAction::WriteFiles { through, nodes, primary }, cause.clone())
    };
    if topology.data == DataSpec::Volume {
        // A data volume's folder belongs to root until it is written, and only its own node has it.
        names.iter().map(|name| write(name, std::slice::from_ref(name))).collect()
    } else {
        names.first().map(|first| write(first, &names)).into_iter().collect()
    }
}

fn start(
    topology: &Topology,
    observed: &Observed,
    fates: &Fates<'_>,
    servers: &ServerStates<'_>,
    stages: &mut Stages,
) {
    let chain = |node: &Node| -> Vec<Step> {
        let name = Some(&node.name);
        let wait_for = |cause| wait(name, Condition::Answers, cause);
        let first_settings = |steps: &mut Vec<Step>| {
            let forming = while_forming(topology);
            if servers.of(&node.name) == ServerState::New && servers.all_new() && !forming.is_empty() {
                steps.push(server(&node.name, ServerAction::Configure(forming), Cause::Forming));
            }
        };
        let mut steps = Vec::new();
        match observed.containers.get(&node.name).filter(|_| !fates.is_made(&node.name)) {
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
