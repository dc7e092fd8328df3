//! The present answers of the engine and the servers: data only, without secrets.

use std::collections::{BTreeMap, BTreeSet};

use crate::spec::DataSpec;
use crate::topology::certificates::Renewal;
use crate::topology::container::data_volume;
use crate::topology::kept_data::KeptData;
use crate::topology::{Address, EngineName, Learned, NodeName, SlotSet, Topology};

mod ability;
mod access;
mod clients;
mod cluster;
mod contents;
mod engine;
mod loaded_module;
mod needed_modules;
mod refusal;
mod replication;
mod sentinel;
mod server;

pub use ability::Ability;
pub use access::{AccessView, ObservedUser, PrimaryLogin};
pub use clients::Clients;
pub use cluster::{ClusterNode, ClusterRole, ClusterView, SlotWay, Stranger};
pub use contents::Contents;
pub use engine::{ContainerState, Foreign, Leftovers, ObservedContainer, ObservedEngine, ObservedNetwork};
pub use loaded_module::LoadedModule;
pub use needed_modules::NeededModules;
pub use refusal::Refusal;
pub use replication::{History, Replication};
pub use sentinel::{SentinelView, Watched};
pub use server::{ObservedServer, ServerView};

/// The present state of a deployment.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Observation {
    /// The id of the image that the topology names; `None`: the engine does not have it.
    pub image: Option<String>,
    /// The ids of the images of single nodes, by reference, as far as the engine has them.
    pub node_images: BTreeMap<String, String>,
    /// The deployment's network.
    pub network: Option<ObservedNetwork>,
    /// The digests of running images in registries, `redis@sha256:…`, by image id.
    pub digests: BTreeMap<String, String>,
    /// The existing volumes of the deployment.
    pub volumes: BTreeSet<String>,
    /// The objects of each engine, if the deployment stands on several.
    pub engines: BTreeMap<EngineName, ObservedEngine>,
    /// The engines out of reach, with the reason.
    pub lost_engines: BTreeMap<EngineName, String>,
    /// The remains of former nodes on engines that were replaced, by engine.
    pub leftovers: BTreeMap<EngineName, Leftovers>,
    /// The labels of kept data; empty if no volume keeps data.
    pub kept_data: Vec<KeptData>,
    /// Whether a run holds the lease of the deployment.
    pub leased: bool,
    /// Whether this run made all existing parts, so that the volumes are new.
    pub begun: bool,
    /// Containers of the deployment by node name.
    pub containers: BTreeMap<NodeName, ObservedContainer>,
    /// The answers of the servers in running containers.
    pub servers: BTreeMap<NodeName, ObservedServer>,
    /// The topology of the last `up`; `None` if it cannot be read.
    pub stored: Option<Box<Topology>>,
    /// The users whose passwords differ from the last `up`.
    pub changed_passwords: Vec<String>,
    /// Nodes whose certificates differ from the last `up`, and why.
    pub renewed_certificates: BTreeMap<NodeName, Renewal>,
    /// Whether clients must trust another CA than before.
    pub changed_authority: bool,
    /// Objects on the engine with a name of the deployment that redisctl did not make.
    pub foreign: Vec<Foreign>,
    /// Facts about directives that the image's server has told.
    pub learned: Learned,
    /// Servers outside the deployment that own slots of its cluster, by cluster id.
    pub strangers: BTreeMap<String, Stranger>,
    /// Data that the topology's servers cannot read, because they lack modules.
    pub needed_modules: Option<NeededModules>,
}

impl Observation {
    /// A node's view, if its server answers.
    #[must_use]
    pub fn view(&self, node: &NodeName) -> Option<&ServerView> {
        self.servers.get(node)?.view()
    }

    /// Whether an engine is reached; `None`: the deployment's only engine.
    #[must_use]
    pub fn reaches(&self, engine: Option<&EngineName>) -> bool {
        engine.is_none_or(|engine| !self.lost_engines.contains_key(engine))
    }

    /// Whether the engine of a node is out of reach. The node may live.
    #[must_use]
    pub fn is_out_of_reach(&self, topology: &Topology, node: &NodeName) -> bool {
        !self.reaches(topology.engine_of(node))
    }

    /// The engines out of reach that have nodes of the topology, with the reason.
    pub fn lost_with_nodes<'a>(
        &'a self,
        topology: &'a Topology,
    ) -> impl Iterator<Item = (&'a EngineName, &'a String)> {
        self.lost_engines.iter().filter(|(engine, _)| !topology.nodes_on(engine).is_empty())
    }

    /// Whether the engine of a node has a volume that keeps the node's data.
    #[must_use]
    pub fn keeps_data_of(&self, topology: &Topology, node: &NodeName) -> bool {
        topology.data == DataSpec::Volume && self.has_volume(topology.engine_of(node), &data_volume(node))
    }

    /// Whether an engine has a volume; `None`: the deployment's only engine.
    #[must_use]
    pub fn has_volume(&self, engine: Option<&EngineName>, volume: &str) -> bool {
        match engine {
            None => self.volumes.contains(volume),
            Some(engine) => self.engines.get(engine).is_some_and(|on| on.volumes.contains(volume)),
        }
    }

    /// Whether an engine has an image; `None`: the deployment's only engine.
    #[must_use]
    pub fn has_image(&self, engine: Option<&EngineName>, topology: &Topology, reference: &str) -> bool {
        match engine {
            Some(engine) => self.engines.get(engine).is_some_and(|on| on.images.contains_key(reference)),
            None if reference == topology.image => self.image.is_some(),
            None => self.node_images.contains_key(reference),
        }
    }

    /// The engine that makes and removes the deployment's network; `None`: its only engine.
    #[must_use]
    pub fn network_engine(&self) -> Option<&EngineName> {
        let manager = self.engines.iter().find(|(_, engine)| engine.is_manager);
        manager.or_else(|| self.engines.iter().next()).map(|(name, _)| name)
    }

    /// The networks of a deployment: the engine that makes and removes each, and the network if it exists. Engines out of
    /// reach do not count.
    #[must_use]
    pub fn networks<'a>(
        &'a self,
        topology: &'a Topology,
    ) -> Vec<(Option<&'a EngineName>, Option<&'a ObservedNetwork>)> {
        if !topology.has_host_ports() {
            return vec![(self.network_engine(), self.network.as_ref())];
        }
        let own = |at: Option<&'a EngineName>| (at, at.and_then(|at| self.engines.get(at)?.network.as_ref()));
        topology.used_engines().into_iter().filter(|at| self.reaches(*at)).map(own).collect()
    }

    /// The running nodes that the topology does not have, with their addresses.
    #[must_use]
    pub fn leaving(&self, topology: &Topology) -> Vec<(NodeName, Address)> {
        let leaving = self.containers.iter().filter(|(name, container)| {
            !topology.has_container(name) && container.state == ContainerState::Running
        });
        leaving
            .filter_map(|(name, container)| Some((name.clone(), container.settings.as_ref()?.address()?)))
            .collect()
    }

    /// The servers outside the deployment that own slots of its cluster, by cluster id, with their slots.
    ///
    /// An address of the deployment does not belong to a stranger. Its container holds a new cluster id now, and the
    /// keys under the former id are lost.
    #[must_use]
    pub fn slot_owners_besides(&self, topology: &Topology) -> BTreeMap<String, (Address, SlotSet)> {
        let of = |topology: &Topology| -> Vec<Address> {
            topology.nodes().into_iter().map(|node| node.address).collect()
        };
        let leaving = self.leaving(topology).into_iter().map(|(_, address)| address);
        let stored = self.stored.iter().flat_map(|stored| of(stored));
        let former = topology.nodes().into_iter().flat_map(|node| topology.former_addresses(&node.name));
        let own: BTreeSet<Address> =
            of(topology).into_iter().chain(stored).chain(leaving).chain(former).collect();
        let mut owners: BTreeMap<String, (Address, SlotSet)> = BTreeMap::new();
        let views = self.servers.values().filter_map(|server| server.view()?.cluster.as_ref());
        for (id, line) in views.flat_map(|view| &view.nodes) {
            let Some(address) = line.address.filter(|address| !own.contains(address)) else { continue };
            if line.role == ClusterRole::Primary && !line.handshake && !line.slots.is_empty() {
                let (_, slots) = owners.entry(id.clone()).or_insert_with(|| (address, SlotSet::default()));
                *slots = slots.slots().chain(line.slots.slots()).collect();
            }
        }
        owners
    }

    /// The nodes whose containers run, of the topology or leaving.
    #[must_use]
    pub fn running(&self, topology: &Topology) -> Vec<NodeName> {
        let runs = |name: &NodeName| match self.containers.get(name) {
            Some(container) => container.state == ContainerState::Running,
            // A server may run on although its engine does not answer.
            None => topology.engine_of(name).is_some_and(|engine| self.lost_engines.contains_key(engine)),
        };
        let staying = topology.nodes().into_iter().map(|node| node.name.clone()).filter(runs);
        staying.chain(self.leaving(topology).into_iter().map(|(name, _)| name)).collect()
    }
}
