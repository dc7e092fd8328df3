//! The settings of a node's container. `docker` translates them for the engine.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use super::defaults::BUS_OFFSET;
use super::files::SERVER_USER;
use super::health_check::{self, TlsPaths};
use super::memory_limits;
use super::paths::{MOUNT, configuration_path, data_folder};
use super::settings::values::same_value;
use super::settings::{of_spec, sentinel_settings};
use super::{
    Address, Anchor, DeploymentName, EngineName, Kind, Module, Node, NodeName, Platform, Resources, Settings,
    SpecField, Topology,
};
use crate::spec::DataSpec;

/// The prefix of every label that redisctl puts on containers, networks and volumes.
pub const LABEL_PREFIX: &str = "io.redisctl.";

/// The argument that makes a server a sentinel.
const SENTINEL_MODE: &str = "--sentinel";

/// Everything that the spec decides about a container. A label stores it, so that a later run sees which fields
/// changed. The engine's own data has more fields, with values of the engine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ContainerSettings {
    /// The container's name, host name and network alias.
    pub name: NodeName,
    /// Its engine, if the deployment stands on several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine: Option<EngineName>,
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
    /// Its network namespace. Messages call a change of it a change of the address.
    #[serde(rename = "address")]
    pub network: Namespace,
    /// The host address that its ports are published on.
    pub bind: Ipv4Addr,
    /// Limits.
    pub resources: Resources,
    /// Named volumes and where they are mounted.
    pub volumes: Vec<VolumeMount>,
    /// The user's labels.
    pub labels: BTreeMap<String, String>,
    /// Kernel parameters.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sysctls: BTreeMap<String, String>,
    /// The platform of the image, if the spec names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
    /// The spec's directives with which the server was started. Its file has them, too. They tell a later run whether
    /// a changed directive needs a restart. redisctl 0.1 wrote only directives that no server can change without a
    /// restart.
    #[serde(default, skip_serializing_if = "Settings::is_empty")]
    pub settings_at_start: Settings,
    /// The variables that the image's start script sets for its server.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub environment: BTreeMap<String, String>,
    /// Modules, which the server loads at its start.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub modules: Vec<Module>,
    /// The words of its health check. No label has them: a container with another health check, or without one, is not replaced.
    #[serde(skip)]
    pub health_check: Option<Vec<String>>,
}

/// A container's network namespace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Namespace {
    /// Its own, in the deployment's network.
    Own {
        /// Its static IP there.
        ip: Ipv4Addr,
        /// The ports that servers listen on in it. Each is published under its own number.
        ports: Vec<u16>,
    },
    /// Its own, in a network of its engine. Other nodes and clients reach it at the address of the engine.
    AtEngine {
        /// The address of the engine.
        at: Ipv4Addr,
        /// The port for clients, published under its own number.
        port: u16,
        /// The port of the cluster bus, published under its own number, if it is a node of a cluster.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        bus: Option<u16>,
    },
    /// The namespace of another container, which publishes the port.
    Of {
        /// The other container.
        anchor: NodeName,
        /// The port that the server listens on.
        port: u16,
    },
}

impl Namespace {
    /// The ports for clients that the container itself listens on.
    #[must_use]
    pub fn ports(&self) -> &[u16] {
        match self {
            Self::Own { ports, .. } => ports,
            Self::Of { port, .. } | Self::AtEngine { port, .. } => std::slice::from_ref(port),
        }
    }

    /// The ports of the engine's machine that it needs: those for clients, and that of the cluster bus.
    pub fn held_ports(&self) -> impl Iterator<Item = u16> {
        let bus = match self {
            Self::AtEngine { bus, .. } => *bus,
            Self::Own { .. } | Self::Of { .. } => None,
        };
        self.ports().iter().copied().chain(bus)
    }
}

impl fmt::Display for Namespace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Own { ip, ports } => match (ports.iter().min(), ports.iter().max()) {
                (Some(lowest), Some(highest)) if lowest < highest => {
                    write!(formatter, "address {ip}, ports {lowest} … {highest}")
                }
                (Some(port), _) => write!(formatter, "address {ip}:{port}"),
                (None, _) => write!(formatter, "address {ip}"),
            },
            Self::AtEngine { at, port, bus } => {
                write!(formatter, "address {at}:{port}")?;
                bus.map_or(Ok(()), |bus| write!(formatter, ", bus {bus}"))
            }
            Self::Of { anchor, port } => write!(formatter, "port {port} of {anchor}"),
        }
    }
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
    /// The address of its server, if the container has its own network namespace.
    #[must_use]
    pub fn address(&self) -> Option<Address> {
        match &self.network {
            Namespace::Own { ip, ports } => match ports.as_slice() {
                [port] => Some(Address { ip: *ip, port: *port }),
                _ => None,
            },
            Namespace::AtEngine { at, port, .. } => Some(Address { ip: *at, port: *port }),
            Namespace::Of { .. } => None,
        }
    }

    /// The modules that a topology does not have.
    #[must_use]
    pub fn modules_beyond(&self, topology: &Topology) -> Vec<&Module> {
        let kept =
            topology.node(&self.name).map_or(topology.modules.as_slice(), |node| topology.modules_of(node));
        let is_kept = |module: &&Module| kept.iter().any(|kept| kept.path == module.path);
        self.modules.iter().filter(|module| !is_kept(module)).collect()
    }

    /// The container whose network namespace its server is in.
    #[must_use]
    pub fn namespace(&self) -> &NodeName {
        match &self.network {
            Namespace::Own { .. } | Namespace::AtEngine { .. } => &self.name,
            Namespace::Of { anchor, .. } => anchor,
        }
    }

    /// Whether its server is a sentinel.
    #[must_use]
    pub fn is_sentinel(&self) -> bool {
        self.command.iter().any(|word| word == SENTINEL_MODE)
    }

    /// The fields of the spec in which `self` differs from `other`.
    #[must_use]
    pub fn differences(&self, other: &Self) -> Vec<SpecField> {
        // A new field must be compared here, or left out with a reason. Both containers belong to the same
        // node: name and deployment are the same.
        let Self {
            name: _,
            // A node stays on its engine.
            engine: _,
            deployment: _,
            kind,
            image,
            command,
            user,
            network,
            bind,
            resources,
            volumes,
            labels,
            sysctls,
            // An image for another platform is another image, which its id tells.
            platform: _,
            settings_at_start: _,
            // It is of the image.
            environment: _,
            modules,
            health_check: _,
        } = self;
        let fields = [
            (SpecField::Address, *network != other.network),
            (SpecField::Bind, *bind != other.bind),
            (SpecField::Command, *command != other.command),
            (SpecField::Image, *image != other.image),
            (SpecField::Kind, *kind != other.kind),
            (SpecField::Labels, *labels != other.labels),
            (SpecField::Modules, *modules != other.modules),
            (SpecField::Resources, *resources != other.resources),
            (SpecField::Sysctls, *sysctls != other.sysctls),
            (SpecField::User, *user != other.user),
            (SpecField::Volumes, *volumes != other.volumes),
        ];
        let changed = fields.into_iter().filter_map(|(field, differs)| differs.then_some(field));
        changed.chain(self.directives_unlike(other)).collect()
    }

    fn directives_unlike(&self, other: &Self) -> Vec<SpecField> {
        let (ours, theirs) = (&self.settings_at_start, &other.settings_at_start);
        let names: BTreeSet<&str> = ours.iter().chain(theirs.iter()).map(|(name, _)| name).collect();
        let differs = |name: &&str| match (ours.get(name), theirs.get(name)) {
            (Some(one), Some(other)) => !same_value(name, one, other),
            _ => true,
        };
        names.into_iter().filter(differs).map(|name| SpecField::Directive(name.to_owned())).collect()
    }
}

/// Every container of a deployment: the anchor first, then the nodes.
#[must_use]
pub fn containers(topology: &Topology) -> Vec<ContainerSettings> {
    let anchor = topology.anchor.as_ref().map(|anchor| container_of_anchor(topology, anchor));
    let nodes = topology.nodes();
    anchor.into_iter().chain(nodes.into_iter().map(|node| container(topology, node))).collect()
}

/// The container of a node.
#[must_use]
pub fn container(topology: &Topology, node: &Node) -> ContainerSettings {
    let port = node.address.port;
    let network = match &topology.anchor {
        Some(anchor) => Namespace::Of { anchor: anchor.name.clone(), port },
        None if topology.has_host_ports() => {
            let bus = (topology.kind == Kind::Cluster).then(|| port.saturating_add(BUS_OFFSET));
            Namespace::AtEngine { at: node.address.ip, port, bus }
        }
        None => Namespace::Own { ip: node.address.ip, ports: vec![port] },
    };
    let mut settings = common(topology, &node.name, network);
    settings.bind = topology.bind_of(node);
    settings.resources = node.resources;
    if let Some(own) = &node.own_image {
        settings.image.clone_from(&own.reference);
        settings.environment.clone_from(&own.environment);
        own.server.program().clone_into(&mut settings.command[0]);
    }
    let tls = TlsPaths::of(topology.tls, &node.settings);
    settings.health_check =
        health_check::command(topology.image_of(node), port, topology.auth.as_ref(), tls.as_ref());
    // SENTINEL SET changes how a running sentinel watches.
    let watches = if topology.is_sentinel(&node.name) {
        sentinel_settings(&node.settings)
    } else {
        Settings::default()
    };
    settings.settings_at_start =
        of_spec(&node.settings).filter(|(name, _)| watches.get(name).is_none()).collect();
    if topology.is_sentinel(&node.name) {
        settings.command.push(SENTINEL_MODE.to_owned());
    } else {
        settings.modules = topology.modules_of(node).to_vec();
        if topology.data == DataSpec::Volume {
            let volume = data_volume(&node.name);
            settings.volumes.push(VolumeMount { volume, target: data_folder(&node.name) });
        }
    }
    settings
}

/// The container that holds the network namespace of all nodes.
#[must_use]
pub fn container_of_anchor(topology: &Topology, anchor: &Anchor) -> ContainerSettings {
    let ports = topology.nodes().iter().map(|node| node.address.port).collect();
    let mut settings = common(topology, &anchor.name, Namespace::Own { ip: anchor.ip, ports });
    settings.resources.memory = Some(memory_limits::OF_ANCHOR);
    settings.sysctls.retain(|name, _| is_of_network(name));
    settings
}

/// Settings that all containers of a deployment have.
fn common(topology: &Topology, name: &NodeName, network: Namespace) -> ContainerSettings {
    // A namespace of the network has its parameters from the container that owns it.
    let shares = matches!(network, Namespace::Of { .. });
    let is_own = |(name, _): &(&String, &String)| !(shares && is_of_network(name));
    let sysctls = topology.sysctls.iter().filter(is_own);
    ContainerSettings {
        sysctls: sysctls.map(|(name, value)| (name.clone(), value.clone())).collect(),
        platform: topology.platform.clone(),
        name: name.clone(),
        engine: topology.engine_of(name).cloned(),
        deployment: topology.name.clone(),
        kind: topology.kind.as_str().to_owned(),
        image: topology.image.clone(),
        command: vec![topology.server.program().to_owned(), configuration_path(name)],
        user: format!("{SERVER_USER}:{SERVER_USER}"),
        network,
        bind: topology.bind,
        resources: Resources::default(),
        volumes: vec![VolumeMount { volume: shared_volume(&topology.name), target: MOUNT.to_owned() }],
        labels: topology.labels.clone(),
        settings_at_start: Settings::default(),
        environment: topology.environment.clone(),
        modules: Vec::new(),
        health_check: None,
    }
}

/// Whether a kernel parameter belongs to a network namespace.
fn is_of_network(parameter: &str) -> bool {
    parameter.starts_with("net.")
}

/// The volume that all nodes of a deployment share: configuration, and data that `down` removes.
#[must_use]
pub fn shared_volume(deployment: &DeploymentName) -> String {
    format!("{deployment}-nodes")
}

/// The volume that keeps a node's data beyond `down`.
#[must_use]
pub fn data_volume(node: &NodeName) -> String {
    format!("{node}-data")
}
