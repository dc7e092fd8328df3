//! The objects of a deployment on the engine: its network, its containers, and foreign objects with its names.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::Ipv4Net;

use crate::topology::NodeName;
use crate::topology::container::ContainerSettings;

/// The deployment's network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservedNetwork {
    /// Its subnet.
    pub subnet: Option<Ipv4Net>,
    /// Its largest packet in bytes, if it is not Docker's default.
    pub mtu: Option<u16>,
    /// Running containers in it that redisctl did not make. The engine cannot remove the network while they run.
    pub guests: Vec<String>,
}

/// One of the engines of a deployment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ObservedEngine {
    /// The ids of its images, by reference, as far as it has those of the topology.
    pub images: BTreeMap<String, String>,
    /// The network of the deployment that this engine has for itself.
    pub network: Option<ObservedNetwork>,
    /// The volumes of the deployment on it.
    pub volumes: BTreeSet<String>,
    /// Whether it manages the swarm, so that it can make networks.
    pub is_manager: bool,
}

/// What an engine that was replaced has of a deployment: its nodes are on other engines now, with other identities.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Leftovers {
    /// The containers of former nodes.
    pub containers: BTreeSet<NodeName>,
    /// Volumes that no node of the engine uses.
    pub volumes: BTreeSet<String>,
}

/// A container of the deployment.
#[derive(Debug, Clone, PartialEq)]
pub struct ObservedContainer {
    /// Whether it runs.
    pub state: ContainerState,
    /// The number of restarts after its server ended, since its last start.
    pub restarts: u32,
    /// Whether the kernel killed its server for lack of memory. The mark stays while the engine restarts the
    /// container.
    pub out_of_memory: bool,
    /// The settings that it was made from; `None` if the label cannot be read.
    pub settings: Option<ContainerSettings>,
    /// Whether it is attached to the deployment's network.
    pub attached: bool,
    /// The id of the image that it runs.
    pub image_id: String,
}

/// Whether a container runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContainerState {
    /// Created, but never started.
    Created,
    /// Running.
    Running,
    /// Paused.
    Paused,
    /// Exited.
    Exited,
    /// Exited, and the engine is about to start it again.
    Restarting,
}

/// An object that redisctl did not make, with a name that redisctl needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foreign {
    /// `container`, `network` or `volume`.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
}
