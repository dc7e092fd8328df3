//! What the engine says of a deployment: its network, its containers, and foreign things under its names.

use ipnet::Ipv4Net;

use crate::topology::container::ContainerSettings;

/// The deployment's network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservedNetwork {
    /// Its subnet.
    pub subnet: Option<Ipv4Net>,
    /// Running containers in it that redisctl did not make. While there is one, the engine removes no network.
    pub guests: Vec<String>,
}

/// A container of the deployment.
#[derive(Debug, Clone, PartialEq)]
pub struct ObservedContainer {
    /// Whether it runs.
    pub state: ContainerState,
    /// How often the engine has restarted it because its server ended, since it was started last.
    pub restarts: u32,
    /// Whether the kernel killed its server because the container's memory was used up. The mark stays while the engine
    /// restarts the container.
    pub out_of_memory: bool,
    /// What redisctl made it from; `None` if the label cannot be read.
    pub settings: Option<ContainerSettings>,
    /// Whether it is attached to the deployment's network.
    pub attached: bool,
    /// The id of the image that it runs.
    pub image_id: String,
}

/// Whether a container runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContainerState {
    /// Made, but never started.
    Created,
    /// Running.
    Running,
    /// Running, but frozen.
    Paused,
    /// It ended.
    Exited,
    /// It ended, and the engine is about to start it again.
    Restarting,
}

/// What redisctl did not make, under a name that it would use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foreign {
    /// `container`, `network` or `volume`.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
}
