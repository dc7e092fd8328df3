//! What the engine and the servers say right now: snapshots, data only, no secrets.

use std::collections::{BTreeMap, BTreeSet};

use crate::topology::certificates::Renewal;
use crate::topology::kept_data::KeptData;
use crate::topology::{Address, Learned, NodeName, SlotSet, Topology};

mod ability;
mod access;
mod cluster;
mod engine;
mod loaded_module;
mod refusal;
mod replication;
mod sentinel;
mod server;

pub use ability::Ability;
pub use access::{AccessView, ObservedUser, PrimaryLogin};
pub use cluster::{ClusterNode, ClusterRole, ClusterView, SlotWay, Stranger};
pub use engine::{ContainerState, Foreign, ObservedContainer, ObservedNetwork};
pub use loaded_module::LoadedModule;
pub use refusal::Refusal;
pub use replication::{History, Replication};
pub use sentinel::{SentinelView, Watched};
pub use server::{ObservedServer, ServerView};

/// A deployment as it is.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Observation {
    /// The id of the image that the topology names; `None`: the engine does not have it.
    pub image: Option<String>,
    /// The deployment's network.
    pub network: Option<ObservedNetwork>,
    /// What registries call the images that containers run, `redis@sha256:…`, by the images' ids.
    pub digests: BTreeMap<String, String>,
    /// Volumes of the deployment that exist.
    pub volumes: BTreeSet<String>,
    /// What the data in volumes is of, by the volumes' labels; empty where no volume keeps data.
    pub kept_data: Vec<KeptData>,
    /// Whether this run of redisctl made everything that there is: nothing has lived in the volumes before.
    pub begun: bool,
    /// Containers of the deployment by node name.
    pub containers: BTreeMap<NodeName, ObservedContainer>,
    /// What the servers of running containers say.
    pub servers: BTreeMap<NodeName, ObservedServer>,
    /// The topology that the deployment was last brought to; `None` if it cannot be read.
    pub stored: Option<Box<Topology>>,
    /// The users whose passwords are others than the deployment was last brought to.
    pub changed_passwords: Vec<String>,
    /// Nodes whose certificates are others than the deployment was last brought to, and why.
    pub renewed_certificates: BTreeMap<NodeName, Renewal>,
    /// Whether clients have to trust another CA than before.
    pub changed_authority: bool,
    /// Things on the engine that bear a name of the deployment, but are not redisctl's.
    pub foreign: Vec<Foreign>,
    /// What the server of the image makes of directives.
    pub learned: Learned,
    /// Servers in the deployment's cluster that are not of the deployment and own slots, by cluster id.
    pub strangers: BTreeMap<String, Stranger>,
}

impl Observation {
    /// What a node's server says, where it answers.
    #[must_use]
    pub fn view(&self, node: &NodeName) -> Option<&ServerView> {
        self.servers.get(node)?.view()
    }

    /// The nodes that the topology does not have, but that run, and where they are.
    #[must_use]
    pub fn leaving(&self, topology: &Topology) -> Vec<(NodeName, Address)> {
        let leaving = self.containers.iter().filter(|(name, container)| {
            !topology.has_container(name) && container.state == ContainerState::Running
        });
        leaving
            .filter_map(|(name, container)| Some((name.clone(), container.settings.as_ref()?.address()?)))
            .collect()
    }

    /// The servers that own slots of the cluster and are not of the deployment, by cluster id, with their slots.
    ///
    /// An address of the deployment's own is no stranger's: its container now holds another identity, and
    /// the keys of the former one are gone.
    #[must_use]
    pub fn slot_owners_besides(&self, topology: &Topology) -> BTreeMap<String, (Address, SlotSet)> {
        let of = |topology: &Topology| -> Vec<Address> {
            topology.nodes().into_iter().map(|node| node.address).collect()
        };
        let leaving = self.leaving(topology).into_iter().map(|(_, address)| address);
        let stored = self.stored.iter().flat_map(|stored| of(stored));
        let own: BTreeSet<Address> = of(topology).into_iter().chain(stored).chain(leaving).collect();
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

    /// The nodes whose containers run: the topology's, and those that leave.
    #[must_use]
    pub fn running(&self, topology: &Topology) -> Vec<NodeName> {
        let runs = |name: &NodeName| {
            self.containers.get(name).is_some_and(|container| container.state == ContainerState::Running)
        };
        let staying = topology.nodes().into_iter().map(|node| node.name.clone()).filter(runs);
        staying.chain(self.leaving(topology).into_iter().map(|(name, _)| name)).collect()
    }
}
