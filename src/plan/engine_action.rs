//! Calls to the engine.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use crate::topology::container::ContainerSettings;
use crate::topology::kept_data::KeptData;
use crate::topology::{DeploymentName, NodeName, Platform};

/// A call to the engine.
#[derive(Debug, Clone, PartialEq)]
pub enum EngineAction {
    /// Pull an image.
    PullImage {
        /// Its reference.
        reference: String,
        /// Its platform, if the spec names it.
        platform: Option<Platform>,
    },
    /// Remove the deployment's network, after all containers were detached.
    RemoveNetwork(DeploymentName),
    /// Make the deployment's network.
    CreateNetwork(NetworkSettings),
    /// Remove a volume, with the data in it.
    RemoveVolume {
        /// Its name.
        name: String,
    },
    /// Make a named volume.
    CreateVolume(VolumeSettings),
    /// Make a node's container.
    CreateContainer(Box<ContainerSettings>),
    /// Put the files of `nodes` into the deployment's volume.
    WriteFiles {
        /// The container through which the volume is written; it need not run.
        through: NodeName,
        /// The nodes whose files are written.
        nodes: Vec<NodeName>,
        /// The primary, if it differs from the spec's: the spec's primary must not act as primary after a restart.
        primary: Option<NodeName>,
    },
    /// Give the folder in the node's data volume to the servers' user. Only the node's own container has this folder.
    PrepareDataFolder,
    /// Start the node's container.
    StartContainer,
    /// Stop the node's container. Its server saves its keys first.
    StopContainer,
    /// Kill the server in the node's container with SIGKILL, as a crash does.
    KillContainer,
    /// Pause the node's container.
    PauseContainer,
    /// Unpause the node's container.
    UnpauseContainer,
    /// Attach the node's container to the network again.
    AttachContainer {
        /// The deployment, which is the network's name.
        deployment: DeploymentName,
        /// The node's static IP in it; `None`: the engine chooses it.
        ip: Option<Ipv4Addr>,
    },
    /// Remove the node's container, running or not.
    RemoveContainer,
}

/// The settings of the deployment's network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkSettings {
    /// The deployment's name, which is the network's.
    pub deployment: DeploymentName,
    /// Its subnet.
    pub subnet: ipnet::Ipv4Net,
    /// Its largest packet in bytes; `None`: Docker's default.
    pub mtu: Option<u16>,
    /// Whether it is an overlay over several engines. Otherwise it is a bridge.
    pub overlay: bool,
    /// Whether the deployment stands on several engines.
    pub several_engines: bool,
    /// The user's labels.
    pub labels: BTreeMap<String, String>,
}

/// The settings of a volume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VolumeSettings {
    /// Its name.
    pub name: String,
    /// The deployment that it belongs to.
    pub deployment: DeploymentName,
    /// Whether the deployment stands on several engines.
    pub several_engines: bool,
    /// The label of the data that it keeps after `down`; `None`: it keeps no data.
    pub keeps: Option<KeptData>,
    /// The user's labels.
    pub labels: BTreeMap<String, String>,
}
