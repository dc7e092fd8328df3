//! The engine's inventory: all its objects, and the objects of each deployment.

use std::collections::{BTreeMap, BTreeSet};

use bollard::models::{ContainerSummary, Network, Volume};
use ipnet::Ipv4Net;

use super::expiry::{self, Expiry};
use super::labels;
use super::request_body::MTU;
use crate::observation::{ContainerState, Leftovers, ObservedContainer, ObservedNetwork};
use crate::topology::container::{ContainerSettings, Namespace, data_volume, shared_volume};
use crate::topology::kept_data::KeptData;
use crate::topology::stored_format::NewerFormat;
use crate::topology::{DeploymentName, EngineName, NodeName, Topology};

mod container_state;
mod kept_data;
mod others;

pub(super) use container_state::Ends;
use container_state::{restarts_in_a_loop, state};
use kept_data::{keeps_data, kept_data, unlabelled_data};

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
    /// The engine of each network that a single engine has for itself, by the network's id, if there are several
    /// engines.
    network_homes: BTreeMap<String, EngineName>,
    /// The engine of each volume, if there are several engines.
    volume_homes: Vec<(EngineName, Volume)>,
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
    /// Every container with its engine, if there are several engines. On a replaced engine, a container of a former
    /// node has the name of a node.
    pub placed: Vec<(EngineName, NodeName, ObservedContainer)>,
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
    /// The networks that single engines have for themselves, if the deployment stands on several without an overlay.
    pub networks_on: BTreeMap<EngineName, ObservedNetwork>,
    /// The ids of its networks, with the engine of a network that a single engine has for itself.
    pub network_ids: Vec<(String, Option<EngineName>)>,
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

impl Inventory {
    /// Takes the remains of former nodes out: containers on other engines than the topology's, and volumes on replaced
    /// engines that no node uses.
    pub(super) fn take_leftovers(&mut self, topology: &Topology) -> BTreeMap<EngineName, Leftovers> {
        let mut leftovers: BTreeMap<EngineName, Leftovers> = BTreeMap::new();
        for (engine, node, container) in &self.placed {
            let ip = container.settings.as_ref().and_then(ContainerSettings::address);
            let had = ip.is_some_and(|address| topology.former_addresses(node).contains(&address));
            let is_elsewhere = topology.engine_of(node).is_some_and(|place| place != engine);
            if (is_elsewhere && topology.was_on(engine, node)) || had {
                leftovers.entry(engine.clone()).or_default().containers.insert(node.clone());
            }
        }
        let is_left = |engine: &EngineName, node: &NodeName| {
            leftovers.get(engine).is_some_and(|leftovers| leftovers.containers.contains(node))
        };
        if !leftovers.is_empty() {
            let placed = self.placed.iter().filter(|(engine, node, _)| !is_left(engine, node));
            self.containers = placed.map(|(_, node, container)| (node.clone(), container.clone())).collect();
        }
        for (engine, replaced) in &topology.replaced {
            let present: BTreeSet<&NodeName> =
                topology.nodes_on(engine).into_iter().map(|node| &node.name).collect();
            let former = replaced.ips.keys().filter(|node| !present.contains(node)).map(data_volume);
            let shared = present.is_empty().then(|| shared_volume(&topology.name));
            let unused: BTreeSet<String> = former.chain(shared).collect();
            let on = self.volumes_on.get(engine).into_iter().flatten();
            let found: BTreeSet<String> = on.filter(|volume| unused.contains(*volume)).cloned().collect();
            if !found.is_empty() {
                leftovers.entry(engine.clone()).or_default().volumes.extend(found);
            }
        }
        leftovers
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
                let is_of_swarm = network.scope.as_deref() == Some("swarm");
                if let Some(id) = network.id.clone().filter(|_| !is_of_swarm) {
                    all.network_homes.insert(id, engine.clone());
                }
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
            network: networks.first().map(|network| self.observed_network(network, &networks, name)),
            networks_on: networks
                .iter()
                .filter_map(|network| {
                    Some((self.home_of(network)?, self.observed_network(network, &[*network], name)))
                })
                .collect(),
            kept_data: kept_data(name, &volumes),
            unlabelled_data: unlabelled_data(name, &volumes),
            newer_format: all_labels.map(labels::check_format).find_map(Result::err),
            volumes: volumes.iter().map(|volume| (volume.name.clone(), keeps_data(volume))).collect(),
            volumes_on: self.volumes_on(name),
            network_ids: networks
                .iter()
                .filter_map(|network| Some((network.id.clone()?, self.home_of(network))))
                .collect(),
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
            let mut unique = title(container).unwrap_or(&id).to_owned();
            if let (true, Some(engine)) = (inventory.container_ids.contains_key(&unique), self.homes.get(&id))
            {
                unique = format!("{unique} on {engine}");
            }
            inventory.container_ids.insert(unique, id.clone());
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
            if let Some(engine) = self.homes.get(&id) {
                inventory.placed.push((engine.clone(), node.clone(), observed.clone()));
            }
            inventory.containers.insert(node, observed);
        }
        inventory
    }

    /// The engine that has the network for itself, if there are several.
    fn home_of(&self, network: &Network) -> Option<EngineName> {
        self.network_homes.get(network.id.as_ref()?).cloned()
    }

    /// A network, with the guests in these networks.
    fn observed_network(
        &self,
        network: &Network,
        with_guests: &[&Network],
        name: &DeploymentName,
    ) -> ObservedNetwork {
        ObservedNetwork {
            subnet: subnets(network).into_iter().next(),
            mtu: mtu(network),
            guests: self.guests(with_guests, name),
        }
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
}

fn title(container: &ContainerSummary) -> Option<&str> {
    container.names.iter().flatten().next().map(|name| name.trim_start_matches('/'))
}

/// The MTU of a network, if it is set.
fn mtu(network: &Network) -> Option<u16> {
    network.options.as_ref()?.get(MTU)?.parse().ok()
}

fn subnets(network: &Network) -> Vec<Ipv4Net> {
    let configs = network.ipam.iter().flat_map(|ipam| ipam.config.iter().flatten());
    configs.filter_map(|config| config.subnet.as_ref()?.parse().ok()).collect()
}
