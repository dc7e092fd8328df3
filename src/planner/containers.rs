//! Network, volumes, containers, files, and starts of containers.

use super::draft::{Stages, engine, engine_at, wait};
use super::fate::{Fate, Fates};
use super::forming::forming;
use super::primary_in_files::primary_in_files;
use super::world::World;
use super::{leaving, leftovers, users};
use crate::observation::{ContainerState, Observation, ObservedServer};
use crate::plan::{Cause, Condition, EngineAction, NetworkSettings, Obstacle, Order, Step, VolumeSettings};
use crate::spec::DataSpec;
use crate::topology::container::{
    ContainerSettings, Namespace, container, container_of_anchor, containers, data_volume, shared_volume,
};
use crate::topology::kept_data::KeptData;
use crate::topology::{EngineName, Kind, Node, NodeName, SpecField, Topology};

/// Plans all steps until the servers answer. `new_primary` is the node that an earlier step makes primary.
pub(super) fn plan(world: &World<'_>, new_primary: Option<NodeName>) -> Stages {
    let World { topology, observed, fates, .. } = *world;
    let mut stages = Stages::default();
    if fates.makes_any() {
        let all = || std::iter::once(topology.image.as_str()).chain(topology.own_images());
        let pull = |at: Option<&EngineName>, reference: &str| {
            let pull = EngineAction::PullImage {
                reference: reference.to_owned(),
                platform: topology.platform.clone(),
            };
            engine_at(at, pull, Cause::NotFound)
        };
        let pulls = reached(topology, observed).flat_map(|at| {
            let missing = all().filter(move |image| !observed.has_image(at, topology, image));
            missing.map(move |image| pull(at, image)).collect::<Vec<_>>()
        });
        stages.push("image", Order::InTurn, pulls.collect());
    }
    stages.append(remove(topology, observed, fates));
    stages.push("description", Order::SideBySide, keep_placement(world, new_primary.as_ref()));
    stages.append(provide(topology, observed, fates));
    let anchor = topology.anchor.as_ref().map(|anchor| container_of_anchor(topology, anchor));
    // The other containers join the network namespace of this container, so it is made first.
    stages.push("network namespace", Order::InTurn, create(anchor.as_slice(), fates));
    let nodes: Vec<ContainerSettings> =
        topology.nodes().into_iter().map(|node| container(topology, node)).collect();
    let mut steps = create(&nodes, fates);
    let stage = if steps.is_empty() { "files" } else { "containers" };
    steps.extend(prepare_folders(world));
    // The files are written through the first container, while the other containers are being made.
    steps.extend(write_files(world, new_primary));
    stages.push(stage, Order::SideBySide, steps);
    stages.append(start(world));
    stages
}

/// The engines with nodes that answer.
fn reached<'a>(
    topology: &'a Topology,
    observed: &Observation,
) -> impl Iterator<Item = Option<&'a EngineName>> {
    topology.used_engines().into_iter().filter(|at| observed.reaches(*at))
}

/// Refuses to go on if a needed name belongs to an object that redisctl did not make.
pub(super) fn refuse_foreign(observed: &Observation) -> Result<(), Vec<Obstacle>> {
    let foreign = observed.foreign.iter();
    let obstacles: Vec<Obstacle> =
        foreign.map(|foreign| Obstacle::Foreign { kind: foreign.kind, name: foreign.name.clone() }).collect();
    if obstacles.is_empty() { Ok(()) } else { Err(obstacles) }
}

/// Refuses to remove the network while containers outside the deployment use it.
pub(super) fn refuse_guests(observed: &Observation) -> Result<(), Vec<Obstacle>> {
    let guests = observed.network.iter().flat_map(|network| network.guests.iter().cloned());
    let obstacles: Vec<Obstacle> = guests.map(|container| Obstacle::Guest { container }).collect();
    if obstacles.is_empty() { Ok(()) } else { Err(obstacles) }
}

fn remove(topology: &Topology, observed: &Observation, fates: &Fates<'_>) -> Stages {
    let mut stages = Stages::default();
    let mut steps = Vec::new();
    for ContainerSettings { name, .. } in containers(topology) {
        let cause = match fates.fate(&name) {
            Fate::Remade(fields) => Cause::SpecChanged(fields.clone()),
            Fate::Rejoins => Cause::Detached,
            Fate::Kept | Fate::Made | Fate::Rolled(_) => continue,
        };
        if let Some(existing) = observed.containers.get(&name)
            && topology.data == DataSpec::Volume
        {
            // A stop lets the server save the keys that only its memory holds.
            steps.extend(stop(&name, existing.state, &cause));
        }
        steps.push(engine(Some(&name), EngineAction::RemoveContainer, cause));
    }
    if fates.leave_first {
        // Docker removes a network only after all containers have left it.
        steps.extend(leaving::removals(fates, observed));
    }
    stages.push("remove", Order::SideBySide, steps);
    if !fates.new_network.is_empty() {
        let cause = Cause::SpecChanged(fates.new_network.clone());
        let existing = observed.networks(topology).into_iter().filter(|(_, network)| network.is_some());
        let remove =
            |(at, _)| engine_at(at, EngineAction::RemoveNetwork(topology.name.clone()), cause.clone());
        stages.push("remove network", Order::InTurn, existing.map(remove).collect());
    }
    stages
}

/// Steps that make the network and the volumes.
fn provide(topology: &Topology, observed: &Observation, fates: &Fates<'_>) -> Stages {
    let mut steps = Vec::new();
    let volume = |at: Option<&EngineName>, name: String, keeps: Option<KeptData>| {
        let is_there = observed.has_volume(at, &name);
        let (deployment, labels) = (topology.name.clone(), topology.labels.clone());
        let several_engines = !topology.engines.is_empty();
        let settings = VolumeSettings { name, deployment, several_engines, keeps, labels };
        (!is_there).then(|| engine_at(at, EngineAction::CreateVolume(settings), Cause::NotFound))
    };
    let shared = || shared_volume(&topology.name);
    steps.extend(reached(topology, observed).filter_map(|at| volume(at, shared(), None)));
    for (at, existing) in observed.networks(topology) {
        let cause = match existing {
            None => Cause::NotFound,
            Some(_) if fates.new_network.is_empty() => continue,
            Some(_) => Cause::SpecChanged(fates.new_network.clone()),
        };
        let several_engines = !topology.engines.is_empty();
        let network = NetworkSettings {
            deployment: topology.name.clone(),
            subnet: topology.subnet,
            mtu: topology.mtu,
            overlay: several_engines && !topology.has_host_ports(),
            several_engines,
            labels: topology.labels.clone(),
        };
        steps.push(engine_at(at, EngineAction::CreateNetwork(network), cause));
    }
    if topology.data == DataSpec::Volume {
        let keeps = KeptData::of_topology(topology);
        let data = |node: &Node| {
            let step = volume(node.engine.as_ref(), data_volume(&node.name), Some(keeps.clone()))?;
            Some(Step { node: Some(node.name.clone()), ..step })
        };
        let servers = topology.servers().into_iter();
        steps.extend(servers.filter(|node| observed.reaches(node.engine.as_ref())).filter_map(data));
    }
    Stages::one("network and volumes", Order::SideBySide, steps)
}

fn create(wanted: &[ContainerSettings], fates: &Fates<'_>) -> Vec<Step> {
    let mut steps = Vec::new();
    for settings in wanted {
        let cause = match fates.fate(&settings.name) {
            Fate::Made => Cause::NotFound,
            Fate::Remade(fields) => Cause::SpecChanged(fields.clone()),
            Fate::Rejoins => Cause::Detached,
            Fate::Kept | Fate::Rolled(_) => continue,
        };
        let create = EngineAction::CreateContainer(Box::new(settings.clone()));
        steps.push(engine(Some(&settings.name), create, cause));
    }
    steps
}

/// A new data volume's folder belongs to root, so the server's user could not write to it.
fn prepare_folders(world: &World<'_>) -> Vec<Step> {
    let servers = world.topology.servers().into_iter().filter(|_| world.topology.data == DataSpec::Volume);
    let new = servers.filter(|node| world.fates.is_made(&node.name) || never_ran(world.observed, &node.name));
    new.map(|node| engine(Some(&node.name), EngineAction::PrepareDataFolder, Cause::New)).collect()
}

fn never_ran(observed: &Observation, node: &NodeName) -> bool {
    let container = observed.containers.get(node);
    container.is_some_and(|container| container.state == ContainerState::Created)
}

/// Tells every engine that answers where the nodes are now, before any node has another container. A killed run then
/// leaves a description that the next run continues.
fn keep_placement(world: &World<'_>, new_primary: Option<&NodeName>) -> Vec<Step> {
    let World { topology, observed, arrangement, .. } = *world;
    let Some(replaced) = leftovers::replaced_now(topology, observed) else { return Vec::new() };
    let wanted = containers(topology);
    let nodes: Vec<NodeName> = wanted.iter().map(|container| container.name.clone()).collect();
    let primary = new_primary.filter(|primary| !topology.starts_as_primary(primary)).cloned();
    let primary = primary.or_else(|| primary_in_files(topology, arrangement));
    let write = |at: Option<&EngineName>| {
        let exists =
            |name: &&NodeName| topology.engine_of(name) == at && observed.containers.contains_key(*name);
        let through = nodes.iter().find(exists)?.clone();
        let node = through.clone();
        let write = EngineAction::WriteFiles { through, nodes: nodes.clone(), primary: primary.clone() };
        Some(engine(Some(&node), write, Cause::EngineReplaced(replaced.clone())))
    };
    reached(topology, observed).filter_map(write).collect()
}

/// Writes the files of new nodes, or of all nodes if the topology changed. If users change, running nodes get their
/// files later, once their servers know the new passwords.
///
/// All files are in one archive: the stored topology must not appear before the files that it describes.
fn write_files(world: &World<'_>, new_primary: Option<NodeName>) -> Vec<Step> {
    let World { topology, observed, arrangement, fates, .. } = *world;
    let wanted = containers(topology);
    let changed = observed.stored.as_ref().is_some_and(|stored| **stored != *topology)
        && !users::change(topology, observed);
    let stored = observed.stored.is_some();
    let names: Vec<NodeName> = wanted
        .iter()
        .filter(|wanted| {
            changed
                || !stored
                || never_ran(observed, &wanted.name)
                || fates.is_made(&wanted.name)
                || observed.renewed_certificates.contains_key(&wanted.name)
        })
        .map(|wanted| wanted.name.clone())
        .collect();
    let cause = match observed.renewed_certificates.values().next() {
        _ if changed => Cause::SpecChanged(vec![SpecField::Settings]),
        Some(renewal) => Cause::Certificate(*renewal),
        None => Cause::New,
    };
    let new_primary = new_primary.filter(|primary| !topology.starts_as_primary(primary));
    let primary = new_primary.or_else(|| primary_in_files(topology, arrangement));
    if names.is_empty() {
        return Vec::new();
    }
    // Each engine has a volume of its own.
    let write = |at: Option<&EngineName>| {
        let is_there = |name: &&NodeName| at.is_none() || topology.engine_of(name) == at;
        let all = wanted.iter().map(|container| &container.name);
        let through = names.iter().chain(all).find(is_there)?.clone();
        let (node, nodes, primary) = (through.clone(), names.clone(), primary.clone());
        let write = EngineAction::WriteFiles { through, nodes, primary };
        Some(engine(Some(&node), write, cause.clone()))
    };
    reached(topology, observed).filter_map(write).collect()
}

fn start(world: &World<'_>) -> Stages {
    let World { topology, observed, fates, .. } = *world;
    let forming = forming(world);
    let chain = |node: &Node| -> Vec<Step> {
        let name = Some(&node.name);
        let (mut steps, started) = run(&container(topology, node), observed, fates);
        let silent = match observed.servers.get(&node.name) {
            Some(ObservedServer::Silent(reason)) => Some(Cause::Silent(reason.clone())),
            _ => None,
        };
        let starts_anew = matches!(started, Some(Cause::New | Cause::NotRunning | Cause::OutOfMemory));
        steps.extend(started.or(silent).map(|cause| wait(name, Condition::Answers, cause)));
        steps.extend(forming.begin_at(&node.name).filter(|_| starts_anew));
        steps
    };
    let mut stages = Stages::default();
    if let Some(anchor) = &topology.anchor {
        let (steps, _) = run(&container_of_anchor(topology, anchor), observed, fates);
        stages.push("start network namespace", Order::InTurn, steps);
    }
    let starts =
        |node: &&Node| observed.reaches(node.engine.as_ref()) && !fates.withheld.contains(&node.name);
    let all = topology.nodes().into_iter().filter(starts);
    if matches!(topology.kind, Kind::Replication | Kind::Sentinel) {
        // Primaries start first: a replica that does not find its primary waits a whole second before it tries again.
        let (primaries, others): (Vec<&Node>, Vec<&Node>) =
            all.partition(|node| topology.starts_as_primary(&node.name));
        let name =
            if topology.sentinels.is_empty() { "start replicas" } else { "start replicas and sentinels" };
        stages.push("start primary", Order::SideBySide, primaries.into_iter().flat_map(chain).collect());
        stages.push(name, Order::SideBySide, others.into_iter().flat_map(chain).collect());
    } else {
        stages.push("start", Order::SideBySide, all.flat_map(chain).collect());
    }
    stages
}

/// Steps that stop a container. A paused container is resumed first: some engines do not stop paused containers.
fn stop(name: &NodeName, state: ContainerState, cause: &Cause) -> Vec<Step> {
    let actions: &[EngineAction] = match state {
        ContainerState::Running => &[EngineAction::StopContainer],
        ContainerState::Paused => &[EngineAction::UnpauseContainer, EngineAction::StopContainer],
        ContainerState::Created | ContainerState::Exited | ContainerState::Restarting => &[],
    };
    actions.iter().map(|action| engine(Some(name), action.clone(), cause.clone())).collect()
}

/// Steps that start a container and attach it to its network. The second value says why the plan must wait for its
/// server.
pub(super) fn run(
    wanted: &ContainerSettings,
    observed: &Observation,
    fates: &Fates<'_>,
) -> (Vec<Step>, Option<Cause>) {
    let name = Some(&wanted.name);
    let existing = observed.containers.get(&wanted.name).filter(|_| !fates.is_made(&wanted.name));
    let Some(existing) = existing else {
        return (vec![engine(name, EngineAction::StartContainer, Cause::New)], Some(Cause::New));
    };
    let mut steps = Vec::new();
    let mut lost = false;
    match &wanted.network {
        _ if existing.attached => {}
        Namespace::Own { ip, .. } => {
            let attach =
                EngineAction::AttachContainer { deployment: wanted.deployment.clone(), ip: Some(*ip) };
            steps.push(engine(name, attach, Cause::Detached));
        }
        Namespace::AtEngine { .. } => {
            let attach = EngineAction::AttachContainer { deployment: wanted.deployment.clone(), ip: None };
            steps.push(engine(name, attach, Cause::Detached));
        }
        Namespace::Of { .. } => lost = true,
    }
    let (action, cause) = match existing.state {
        ContainerState::Exited | ContainerState::Restarting if existing.out_of_memory => {
            (EngineAction::StartContainer, Cause::OutOfMemory)
        }
        ContainerState::Created | ContainerState::Exited | ContainerState::Restarting => {
            (EngineAction::StartContainer, Cause::NotRunning)
        }
        // Only a new process joins the present network namespace.
        ContainerState::Running | ContainerState::Paused if lost => {
            steps.extend(stop(&wanted.name, existing.state, &Cause::Detached));
            (EngineAction::StartContainer, Cause::Detached)
        }
        ContainerState::Paused => (EngineAction::UnpauseContainer, Cause::Paused),
        ContainerState::Running => return (steps, None),
    };
    steps.push(engine(name, action, cause.clone()));
    (steps, Some(cause))
}
