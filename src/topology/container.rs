//! What a node's container is made of: decided here, turned into the engine's terms elsewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use super::files::{MOUNT, SERVER_USER, configuration_path, data_folder};
use super::settings::{is_taken_at_start, same_value};
use super::{Address, DeploymentName, Node, NodeName, Resources, Settings, Topology};
use crate::spec::DataSpec;

/// Everything that the spec decides about a container. Stored in a label, so that a later run sees
/// which field the spec changed, without comparing what the engine fills in by itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ContainerSettings {
    /// The container's name, host name and network alias.
    pub name: NodeName,
    /// The deployment, which is also the network's name.
    pub deployment: DeploymentName,
    /// The kind of the deployment, for listings.
    pub kind: String,
    /// The image's reference.
    pub image: String,
    /// The server's executable with its arguments; the image's own entrypoint is not used.
    pub command: Vec<String>,
    /// `uid:gid` that the server runs as.
    pub user: String,
    /// The static IP and the port that is listened on and published.
    pub address: Address,
    /// The host address that the port is published on.
    pub bind: Ipv4Addr,
    /// Limits.
    pub resources: Resources,
    /// Named volumes and where they are mounted.
    pub volumes: Vec<VolumeMount>,
    /// The user's labels.
    pub labels: BTreeMap<String, String>,
    /// Directives that only count, or can only be taken back, when the server starts. They are in its
    /// file; here they tell a later run what the running server was started with.
    #[serde(default, skip_serializing_if = "Settings::is_empty")]
    pub settings_at_start: Settings,
}

/// A named volume in a container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VolumeMount {
    /// The volume's name.
    pub volume: String,
    /// Where it is mounted.
    pub target: String,
}

impl ContainerSettings {
    /// The names of the fields in which `self` differs from `other`; directives as `config.NAME`.
    #[must_use]
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let fields = |settings: &Self| serde_json::to_value(settings).unwrap_or_default();
        let (ours, theirs) = (fields(self), fields(other));
        let names = ours.as_object().into_iter().flat_map(serde_json::Map::keys);
        let fields = names
            .filter(|name| *name != "settings_at_start" && ours.get(*name) != theirs.get(*name))
            .cloned();
        fields.chain(self.directives_unlike(other)).collect()
    }

    fn directives_unlike(&self, other: &Self) -> Vec<String> {
        let (ours, theirs) = (&self.settings_at_start, &other.settings_at_start);
        let names: BTreeSet<&str> = ours.iter().chain(theirs.iter()).map(|(name, _)| name).collect();
        let differs = |name: &&str| match (ours.get(name), theirs.get(name)) {
            (Some(one), Some(other)) => !same_value(name, one, other),
            _ => true,
        };
        names.into_iter().filter(differs).map(|name| format!("config.{name}")).collect()
    }
}

/// The container of a node.
#[must_use]
pub fn container(topology: &Topology, node: &Node) -> ContainerSettings {
    let mut volumes = vec![VolumeMount { volume: shared_volume(&topology.name), target: MOUNT.to_owned() }];
    if topology.data == DataSpec::Volume {
        volumes.push(VolumeMount { volume: data_volume(&node.name), target: data_folder(&node.name) });
    }
    ContainerSettings {
        name: node.name.clone(),
        deployment: topology.name.clone(),
        kind: topology.kind.as_str().to_owned(),
        image: topology.image.clone(),
        command: vec![topology.server.program().to_owned(), configuration_path(&node.name)],
        user: format!("{SERVER_USER}:{SERVER_USER}"),
        address: node.address,
        bind: topology.bind,
        resources: node.resources,
        volumes,
        labels: topology.labels.clone(),
        settings_at_start: node.settings.iter().filter(|(name, _)| is_taken_at_start(name)).collect(),
    }
}

/// The volume that every node of a deployment shares: configuration, and data that is not to
/// outlive the deployment.
#[must_use]
pub fn shared_volume(deployment: &DeploymentName) -> String {
    format!("{deployment}-nodes")
}

/// The volume that keeps a node's data beyond `down`.
#[must_use]
pub fn data_volume(node: &NodeName) -> String {
    format!("{node}-data")
}
