//! The engine's inventory: the objects of all deployments, and the names, ports and subnets of all other objects.

use std::collections::{BTreeMap, BTreeSet};

use bollard::models::{ContainerSummary, ContainerSummaryStateEnum, Network, Volume};
use ipnet::Ipv4Net;

use super::expiry::{self, Expiry};
use super::labels;
use crate::observation::{ContainerState, Foreign, ObservedContainer, ObservedNetwork};
use crate::topology::container::Namespace;
use crate::topology::kept_data::{KeptData, record_volume};
use crate::topology::stored_format::NewerFormat;
use crate::topology::{DeploymentName, EngineName, NodeName};

/// All containers, networks and volumes of the engine, of deployments or not.
#[derive(Debug, Clone, Default)]
pub struct EngineInventory {
    containers: Vec<ContainerSummary>,
    networks: Vec<Network>,
    volumes: Vec<Volume>,
    /// The restarts and kills of each container's server, by the container's id.
    ends: BTreeMap<String, Ends>,
    /// The engine of each container, by the container's id, if there are several engines.
    homes: BTreeMap<String, EngineName>,
    /// The engine of each volume, if there are several engines.
    volume_homes: Vec<(EngineName, Volume)>,
}

/// The restarts and kills of a container's server since the container's last start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Ends {
    /// How often the engine has restarted the container.
    pub(super) restarts: u32,
    /// Whether the kernel killed the server because the container's memory was used up.
    pub(super) out_of_memory: bool,
}

/// The containers, the network and the volumes of a deployment.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Inventory {
    /// The network, if it exists.
    pub network: Option<ObservedNetwork>,
    /// Volumes by name. The value tells whether the volume keeps data after `down`.
    pub volumes: BTreeMap<String, bool>,
    /// The labels of kept data; empty if no volume keeps data.
    pub kept_data: Vec<KeptData>,
    /// Volumes with data that no label describes.
    pub unlabelled_data: Vec<String>,
    /// Containers by node.
    pub containers: BTreeMap<NodeName, ObservedContainer>,
    /// The nodes whose containers restart in a loop, also those that run for a moment.
    pub restarting: BTreeSet<NodeName>,
    /// The kind in the containers' labels.
    pub kind: Option<String>,
    /// Ports that the containers publish.
    pub ports: BTreeSet<u16>,
    /// The ids of all its containers, by name. A container without a node asked an image for its version, for a run
    /// that was killed.
    pub container_ids: BTreeMap<String, String>,
    /// The engine of each container, by id, if the deployment stands on several.
    pub homes: BTreeMap<String, EngineName>,
    /// The volumes on each engine, if the deployment stands on several.
    pub volumes_on: BTreeMap<EngineName, BTreeSet<String>>,
    /// The ids of its networks: one at most.
    pub network_ids: Vec<String>,
    /// The format of the labels, if a newer redisctl wrote some of them.
    pub newer_format: Option<NewerFormat>,
}

impl Inventory {
    /// Whether the deployment has no container, network or volume.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.network_ids.is_empty() && self.volumes.is_empty() && self.container_ids.is_empty()
    }
}

impl EngineInventory {
    /// The inventory from these lists.
    pub(super) fn new(
        containers: Vec<ContainerSummary>,
        networks: Vec<Network>,
        volumes: Vec<Volume>,
    ) -> Self {
        Self { containers, networks, volumes, ..Self::default() }
    }

    /// The inventories of several engines as one. A network of the swarm is in the lists of several engines.
    pub(super) fn of_several(inventories: Vec<(EngineName, Self)>) -> Self {
        let mut all = Self::default();
        for (engine, inventory) in inventories {
            let ids = inventory.containers.iter().filter_map(|container| container.id.clone());
            all.homes.extend(ids.map(|id| (id, engine.clone())));
            all.volume_homes.extend(inventory.volumes.iter().map(|volume| (engine.clone(), volume.clone())));
            all.containers.extend(inventory.containers);
            for network in inventory.networks {
                if all.networks.iter().all(|known| known.id != network.id) {
                    all.networks.push(network);
                }
            }
            all.volumes.extend(inventory.volumes);
            all.ends.extend(inventory.ends);
        }
        all
    }

    /// The nodes of all deployments.
    pub(super) fn nodes(&self) -> impl Iterator<Item = NodeName> {
        self.containers.iter().filter_map(|container| labels::node(container.labels.as_ref()?))
    }

    /// The same inventory, with the restarts and kills by the containers' ids.
    pub(super) fn with_ends(self, ends: BTreeMap<String, Ends>) -> Self {
        Self { ends, ..self }
    }

    /// The ids of the containers of all deployments.
    pub(super) fn own_containers(&self) -> impl Iterator<Item = &str> {
        let own = |container: &&ContainerSummary| {
            container.labels.as_ref().is_some_and(|labels| labels.contains_key(labels::DEPLOYMENT))
        };
        self.containers.iter().filter(own).filter_map(|container| container.id.as_deref())
    }

    /// The names of all deployments, including deployments with only a network or a volume.
    #[must_use]
    pub fn deployments(&self) -> BTreeSet<DeploymentName> {
        let containers = self.containers.iter().filter_map(|container| container.labels.as_ref());
        let networks = self.networks.iter().filter_map(|network| network.labels.as_ref());
        let volumes = self.volumes.iter().map(|volume| &volume.labels);
        containers
            .chain(networks)
            .chain(volumes)
            .filter_map(|labels| DeploymentName::new(labels.get(labels::DEPLOYMENT)?).ok())
            .collect()
    }

    /// The deployments with a lease, of a working run or a killed run.
    #[must_use]
    pub fn leased(&self) -> BTreeSet<DeploymentName> {
        let labels = self.containers.iter().filter_map(|container| container.labels.as_ref());
        labels.filter_map(labels::leased_deployment).collect()
    }

    /// The expiries of deployments.
    #[must_use]
    pub fn expiries(&self) -> BTreeMap<DeploymentName, Expiry> {
        expiry::in_list(&self.containers)
    }

    /// The inventory of a deployment.
    #[must_use]
    pub fn deployment(&self, name: &DeploymentName) -> Inventory {
        let networks: Vec<&Network> =
            self.networks.iter().filter(|network| labels::belongs(network.labels.as_ref(), name)).collect();
        let volumes: Vec<&Volume> =
            self.volumes.iter().filter(|volume| labels::belongs(Some(&volume.labels), name)).collect();
        let all_labels = networks.iter().filter_map(|network| network.labels.as_ref());
        let all_labels = all_labels.chain(volumes.iter().map(|volume| &volume.labels));
        let mut inventory = Inventory {
            network: networks.first().map(|network| ObservedNetwork {
                subnet: subnets(network).into_iter().next(),
                guests: self.guests(&networks, name),
            }),
            kept_data: kept_data(name, &volumes),
            unlabelled_data: unlabelled_data(name, &volumes),
            newer_format: all_labels.map(labels::check_format).find_map(Result::err),
            volumes: volumes.iter().map(|volume| (volume.name.clone(), keeps_data(volume))).collect(),
            volumes_on: self.volumes_on(name),
            network_ids: networks.iter().filter_map(|network| network.id.clone()).collect(),
            ..Inventory::default()
        };
        for container in &self.containers {
            let Some(labels) = container.labels.as_ref().filter(|labels| labels::belongs(Some(labels), name))
            else {
                continue;
            };
            inventory.newer_format = inventory.newer_format.or_else(|| labels::check_format(labels).err());
            let id = container.id.clone().unwrap_or_default();
            inventory.homes.extend(self.homes.get(&id).map(|engine| (id.clone(), engine.clone())));
            inventory.container_ids.insert(title(container).unwrap_or(&id).to_owned(), id.clone());
            let Some(node) = labels::node(labels) else { continue };
            let settings = labels::settings(labels);
            inventory.kind = inventory.kind.or_else(|| labels.get(labels::KIND).cloned());
            inventory.ports.extend(settings.iter().flat_map(|settings| settings.network.ports()));
            let network = settings.as_ref().map(|settings| &settings.network);
            let joins = matches!(network, Some(Namespace::Of { .. }));
            let networks =
                container.network_settings.as_ref().and_then(|settings| settings.networks.as_ref());
            let ends = self.ends.get(&id).copied().unwrap_or_default();
            if restarts_in_a_loop(container, ends) {
                inventory.restarting.insert(node.clone());
            }
            let observed = ObservedContainer {
                state: state(container.state),
                restarts: ends.restarts,
                out_of_memory: ends.out_of_memory,
                attached: joins || networks.is_some_and(|networks| networks.contains_key(name.as_str())),
                image_id: container.image_id.clone().unwrap_or_default(),
                settings,
            };
            inventory.containers.insert(node, observed);
        }
        inventory
    }

    fn volumes_on(&self, name: &DeploymentName) -> BTreeMap<EngineName, BTreeSet<String>> {
        let mut on: BTreeMap<EngineName, BTreeSet<String>> = BTreeMap::new();
        for (engine, volume) in &self.volume_homes {
            if labels::belongs(Some(&volume.labels), name) {
                on.entry(engine.clone()).or_default().insert(volume.name.clone());
            }
        }
        on
    }

    /// The running containers in these networks that do not belong to the deployment.
    fn guests(&self, networks: &[&Network], name: &DeploymentName) -> Vec<String> {
        let ids: Vec<&str> = networks.iter().filter_map(|network| network.id.as_deref()).collect();
        let is_in = |container: &&ContainerSummary| {
            let attached = container.network_settings.iter().flat_map(|settings| settings.networks.iter());
            let mut attached = attached.flatten().filter_map(|(_, endpoint)| endpoint.network_id.as_deref());
            attached.any(|id| ids.contains(&id))
        };
        let runs = |container: &&ContainerSummary| {
            !matches!(state(container.state), ContainerState::Created | ContainerState::Exited)
        };
        let others = self.containers.iter().filter(|it| !labels::belongs(it.labels.as_ref(), name));
        others.filter(runs).filter(is_in).filter_map(title).map(str::to_owned).collect()
    }

    /// The containers, networks and volumes that have one of these names, but do not belong to the deployment.
    #[must_use]
    pub fn foreign(&self, name: &DeploymentName, nodes: &[NodeName], volumes: &[String]) -> Vec<Foreign> {
        let containers = self
            .containers
            .iter()
            .filter(|container| !labels::belongs(container.labels.as_ref(), name))
            .filter_map(|container| title(container))
            .filter(|title| nodes.iter().any(|node| node.as_str() == *title))
            .map(|title| Foreign { kind: "container", name: title.to_owned() });
        let networks = self
            .networks
            .iter()
            .filter(|network| !labels::belongs(network.labels.as_ref(), name))
            .filter_map(|network| network.name.clone())
            .filter(|network| network == name.as_str())
            .map(|name| Foreign { kind: "network", name });
        let volumes = self
            .volumes
            .iter()
            .filter(|volume| !labels::belongs(Some(&volume.labels), name) && volumes.contains(&volume.name))
            .map(|volume| Foreign { kind: "volume", name: volume.name.clone() });
        containers.chain(networks).chain(volumes).collect()
    }

    /// The subnets of all networks except the deployment's.
    #[must_use]
    pub fn other_networks(&self, name: &DeploymentName) -> Vec<(String, Vec<Ipv4Net>)> {
        let others = self.networks.iter().filter(|network| !labels::belongs(network.labels.as_ref(), name));
        others.map(|network| (network.name.clone().unwrap_or_default(), subnets(network))).collect()
    }

    /// The name of the container whose id begins with this text; `None` if it has the network of the engine's machine.
    #[must_use]
    pub fn container_with_own_network(&self, beginning: &str) -> Option<String> {
        let is_it = |container: &&ContainerSummary| {
            container.id.as_deref().is_some_and(|id| !beginning.is_empty() && id.starts_with(beginning))
        };
        let container = self.containers.iter().find(is_it)?;
        let mode = container.host_config.as_ref().and_then(|config| config.network_mode.as_deref());
        (mode != Some("host")).then(|| title(container).unwrap_or(beginning).to_owned())
    }

    /// The subnets of all networks.
    #[must_use]
    pub fn subnets(&self) -> BTreeSet<Ipv4Net> {
        self.networks.iter().flat_map(subnets).collect()
    }

    /// The holder of a subnet, or of a part of it, other than the deployment.
    #[must_use]
    pub fn subnet_holder(&self, subnet: Ipv4Net, name: &DeploymentName) -> Option<String> {
        let overlaps = |other: &Ipv4Net| other.contains(&subnet) || subnet.contains(other);
        let holder = self.networks.iter().find(|network| {
            !labels::belongs(network.labels.as_ref(), name) && subnets(network).iter().any(overlaps)
        })?;
        let deployment = holder.labels.as_ref().and_then(|labels| labels.get(labels::DEPLOYMENT));
        Some(match deployment {
            Some(deployment) => format!("deployment `{deployment}`"),
            None => format!("network `{}`", holder.name.as_deref().unwrap_or("?")),
        })
    }

    /// The ports of all containers outside the deployment, with their holders. Stopped containers of other
    /// deployments count too, because they need their ports when they start.
    #[must_use]
    pub fn busy_ports(&self, name: &DeploymentName) -> BTreeMap<u16, String> {
        let mut ports = BTreeMap::new();
        for container in
            self.containers.iter().filter(|container| !labels::belongs(container.labels.as_ref(), name))
        {
            let deployment = container.labels.as_ref().and_then(|labels| labels.get(labels::DEPLOYMENT));
            let holder = match deployment {
                Some(deployment) => format!("deployment `{deployment}`"),
                None => format!("container `{}`", title(container).unwrap_or("?")),
            };
            let published = container.ports.iter().flatten().filter_map(|port| port.public_port);
            let settings = container.labels.as_ref().and_then(labels::settings);
            let wanted = settings.iter().flat_map(|settings| settings.network.ports()).copied();
            ports.extend(published.chain(wanted).map(|port| (port, holder.clone())));
        }
        ports
    }
}

fn title(container: &ContainerSummary) -> Option<&str> {
    container.names.iter().flatten().next().map(|name| name.trim_start_matches('/'))
}

/// Whether a volume holds the data of a node. The other volumes are shared by all nodes.
fn keeps_data(volume: &Volume) -> bool {
    volume.labels.get(labels::KEEPS_DATA).is_some_and(|label| label == "yes")
}

/// The labels of a deployment's kept data: the record, otherwise the labels of all volumes. The record alone keeps no
/// data. A volume's label tells the number of shards when the volume was made; shards may have come later.
fn kept_data(name: &DeploymentName, volumes: &[&Volume]) -> Vec<KeptData> {
    let record = record_volume(name);
    let volumes = || volumes.iter().filter(|volume| keeps_data(volume));
    if volumes().all(|volume| volume.name == record) {
        return Vec::new();
    }
    let read =
        |volume: &&&Volume| KeptData::from_label(volume.labels.get(labels::DATA_OF).map(String::as_str));
    if let Some(record) = volumes().find(|volume| volume.name == record) {
        return vec![read(&record)];
    }
    let kept: Vec<KeptData> = volumes().map(|volume| read(&volume)).collect();
    let shards = kept.iter().filter_map(|kept| kept.shards).max();
    kept.into_iter().map(|kept| KeptData { shards: kept.shards.and(shards), ..kept }).collect()
}

/// The data volumes of a deployment that no label describes: redisctl 0.1 made and kept them.
fn unlabelled_data(name: &DeploymentName, volumes: &[&Volume]) -> Vec<String> {
    let record = record_volume(name);
    let has_label = |volume: &Volume| volume.labels.contains_key(labels::DATA_OF);
    if volumes.iter().any(|volume| volume.name == record && has_label(volume)) {
        return Vec::new();
    }
    let unlabelled = volumes.iter().filter(|volume| keeps_data(volume) && !has_label(volume));
    unlabelled.map(|volume| volume.name.clone()).collect()
}

fn subnets(network: &Network) -> Vec<Ipv4Net> {
    let configs = network.ipam.iter().flat_map(|ipam| ipam.config.iter().flatten());
    configs.filter_map(|config| config.subnet.as_ref()?.parse().ok()).collect()
}

/// Whether the engine starts a container again and again. In between, it runs for a moment.
fn restarts_in_a_loop(container: &ContainerSummary, ends: Ends) -> bool {
    match state(container.state) {
        ContainerState::Restarting => true,
        ContainerState::Running => {
            ends.restarts > 0 && container.status.as_deref().is_some_and(is_up_for_a_moment)
        }
        ContainerState::Created | ContainerState::Exited | ContainerState::Paused => false,
    }
}

/// Whether a container runs for less than ten seconds, by the engine's clock: `Up 3 seconds`. A container that runs for
/// longer has left the loop: the engine forgets its delay.
fn is_up_for_a_moment(status: &str) -> bool {
    const MOMENT: u32 = 10;
    let Some(time) = status.strip_prefix("Up ") else { return false };
    match time.split_whitespace().collect::<Vec<_>>().as_slice() {
        ["Less", "than", "a", "second", ..] => true,
        [number, "second" | "seconds", ..] => number.parse().is_ok_and(|seconds: u32| seconds < MOMENT),
        _ => false,
    }
}

fn state(state: Option<ContainerSummaryStateEnum>) -> ContainerState {
    match state {
        Some(ContainerSummaryStateEnum::RUNNING) => ContainerState::Running,
        Some(ContainerSummaryStateEnum::PAUSED) => ContainerState::Paused,
        Some(ContainerSummaryStateEnum::CREATED) => ContainerState::Created,
        Some(ContainerSummaryStateEnum::RESTARTING) => ContainerState::Restarting,
        _ => ContainerState::Exited,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_that_runs_for_a_moment_after_a_restart_is_in_a_loop() {
        let loops = |state: ContainerSummaryStateEnum, status: &str, restarts: u32| {
            let status = Some(status.to_owned());
            let container = ContainerSummary { state: Some(state), status, ..ContainerSummary::default() };
            restarts_in_a_loop(&container, Ends { restarts, out_of_memory: false })
        };
        let running = ContainerSummaryStateEnum::RUNNING;
        assert!(loops(ContainerSummaryStateEnum::RESTARTING, "Restarting (1) 2 seconds ago", 3));
        for (status, restarts, expected) in [
            ("Up Less than a second", 1, true),
            ("Up 1 second", 1, true),
            ("Up 9 seconds (health: starting)", 1, true),
            ("Up 10 seconds", 1, false),
            ("Up About a minute", 4, false),
            ("Up 2 seconds", 0, false),
        ] {
            assert_eq!(loops(running, status, restarts), expected, "{status}");
        }
    }
}
