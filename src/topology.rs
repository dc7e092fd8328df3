//! The resolved, validated model of a spec: every node, address, slot and directive is decided.
//!
//! [`resolve`](resolve::resolve) is its only constructor. A topology holds no secrets: it says which
//! passwords exist, and [`Credentials`] holds them.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::ops::RangeInclusive;

use ipnet::Ipv4Net;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::spec::{Access, DataSpec};

pub mod acl;
pub mod address;
pub mod certificates;
pub mod container;
pub mod copy_trial;
pub mod credentials;
pub mod defaults;
pub mod engines;
pub mod facts;
pub mod files;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
pub mod health_check;
pub mod kept_data;
pub mod kept_restore;
pub mod kept_seed;
pub mod learned;
mod memory_limits;
pub mod modules;
pub mod name;
mod open_files;
mod own_image;
pub mod paths;
mod placement;
mod platform;
pub mod protected_mode;
pub mod rdb_trial;
pub mod replaced;
pub mod resolve;
pub mod routes;
pub mod rule_trial;
pub mod rules;
pub mod server;
pub mod server_end;
pub mod settings;
pub mod slot_division;
pub mod slots;
mod spec_field;
pub mod spread;
pub mod stored_format;
pub mod tls;
mod told;
pub mod users;
pub mod warnings;
mod written_slots;

pub use address::{Address, Endpoint};
pub use certificates::Certificates;
pub use credentials::Credentials;
pub use engines::{EngineName, EngineReference, EngineSite, Reach};
pub use learned::Learned;
pub use modules::Module;
pub use name::{DeploymentName, NodeName};
pub use own_image::OwnImage;
pub use placement::Placement;
pub use platform::Platform;
pub use replaced::{ReplacedEngine, Replacement};
pub use server::Server;
pub use settings::Settings;
pub use slots::{SlotRange, SlotSet};
pub use spec_field::{ImageIdentity, SpecField};
pub use tls::Tls;
pub use told::ToldInstead;

/// The kinds of deployments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A single server.
    Standalone,
    /// A primary with replicas.
    Replication,
    /// A primary with replicas, and sentinels that fail over.
    Sentinel,
    /// A sharded cluster.
    Cluster,
}

impl Kind {
    /// The kind as the spec spells it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Standalone => "standalone",
            Self::Replication => "replication",
            Self::Sentinel => "sentinel",
            Self::Cluster => "cluster",
        }
    }
}

/// A deployment, decided to the last directive.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Topology {
    /// The deployment's name, also its network's.
    pub name: DeploymentName,
    /// Its kind.
    pub kind: Kind,
    /// The image of all nodes that have no image of their own.
    pub image: String,
    /// The server in that image.
    pub server: Server,
    /// The network's subnet.
    pub subnet: Ipv4Net,
    /// The network's largest packet in bytes; `None`: Docker's default. An overlay takes 50 bytes of it for itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mtu: Option<u16>,
    /// Where clients are.
    pub access: Access,
    /// The host address that ports are published on. With [`Reach::HostPorts`], 127.0.0.1 stands for the engine's own address.
    pub bind: Ipv4Addr,
    /// Passwords and users, without the passwords; `None`: no password at all.
    pub auth: Option<Auth>,
    /// How servers use TLS; `None`: they do not.
    pub tls: Option<Tls>,
    /// The variables that the image's start script sets for its server.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub environment: BTreeMap<String, String>,
    /// The modules that every server loads, sentinels excepted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub modules: Vec<Module>,
    /// Where data lives.
    pub data: DataSpec,
    /// Whether the deployment keeps files of `seed`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub seeded: bool,
    /// The user's labels.
    pub labels: BTreeMap<String, String>,
    /// The kernel parameters of containers.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sysctls: BTreeMap<String, String>,
    /// The platform of the image; `None`: the engine's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
    /// The shards in order; a single shard for kinds without sharding.
    pub shards: Vec<Shard>,
    /// Whether the nodes of a cluster form it. Otherwise they have not met and own no slots, unless clients form a
    /// cluster of them; the shards without slots tell only which nodes there are.
    #[serde(default = "formed", skip_serializing_if = "Clone::clone")]
    pub formed: bool,
    /// Whether the slots of the shards are those that clients gave them (`up --adopt-slots`).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub slots_adopted: bool,
    /// The sentinels; empty for all kinds but [`Kind::Sentinel`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sentinels: Vec<Node>,
    /// The container that holds the network namespace of all nodes; `None`: each node has its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anchor: Option<Anchor>,
    /// The engines by name; empty: the deployment stands on a single engine, which the topology does not name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub engines: BTreeMap<EngineName, EngineSite>,
    /// The lost engines whose nodes are on other engines now.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub replaced: BTreeMap<EngineName, ReplacedEngine>,
    /// How often an engine was replaced. Of several descriptions, the one with the highest number counts.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub replacements: u64,
    /// How nodes on several engines reach each other. Without a meaning on a single engine.
    #[serde(default, skip_serializing_if = "Reach::is_overlay")]
    pub reach: Reach,
    /// The label of engines that names their zones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spread: Option<String>,
}

/// A container that serves no client. It owns the network namespace that all nodes share. So the namespace stays when
/// a node ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anchor {
    /// Its container's name.
    pub name: NodeName,
    /// The static IP of its network namespace.
    pub ip: Ipv4Addr,
}

/// A primary with its replicas.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Shard {
    /// The slots that the shard owns; empty if the deployment is no cluster.
    pub slots: SlotSet,
    /// The node that starts out as primary.
    pub primary: Node,
    /// The nodes that start out as its replicas.
    pub replicas: Vec<Node>,
}

impl Shard {
    /// Every node of the shard, the primary first.
    pub fn nodes(&self) -> impl Iterator<Item = &Node> {
        std::iter::once(&self.primary).chain(&self.replicas)
    }
}

/// A Redis, Valkey or Sentinel server in its container.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Node {
    /// The node's name.
    pub name: NodeName,
    /// The address that other nodes use.
    pub address: Address,
    /// The endpoint that clients dial.
    pub endpoint: Endpoint,
    /// The directives that its server runs with, secrets left out.
    pub settings: Settings,
    /// Limits of its container.
    pub resources: Resources,
    /// The node's own image; `None`: the deployment's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_image: Option<OwnImage>,
    /// Its engine, if the deployment stands on several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine: Option<EngineName>,
}

/// Limits of a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Resources {
    /// Bytes of memory; `None` for no limit.
    pub memory: Option<u64>,
    /// Thousandths of a CPU.
    pub millicpus: Option<u64>,
    /// Open files and connections; `None` for the engine's limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<u32>,
}

/// Passwords and users, without the passwords.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Auth {
    /// Whether the default user has a password.
    pub default_password: bool,
    /// Whether replicas take another password than the primary.
    pub replica_password: bool,
    /// The rights of the default user, as ACL rules; `None`: it is switched off.
    pub default_rules: Option<Vec<String>>,
    /// Users beside the default user.
    pub users: Vec<User>,
}

/// An ACL user, without its password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The user's name.
    pub name: String,
    /// Its rules, in the syntax of `ACL SETUSER`.
    pub rules: Vec<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// Stored topologies of formed deployments do not have the field.
fn formed() -> bool {
    true
}

impl Topology {
    /// Every node: the servers by number, then the sentinels by number.
    #[must_use]
    pub fn nodes(&self) -> Vec<&Node> {
        let mut nodes = self.servers();
        nodes.extend(&self.sentinels);
        nodes
    }

    /// Every node that holds data, by number: all nodes but the sentinels.
    #[must_use]
    pub fn servers(&self) -> Vec<&Node> {
        let mut nodes: Vec<&Node> = self.shards.iter().flat_map(Shard::nodes).collect();
        nodes.sort_by(|one, other| one.name.cmp(&other.name));
        nodes
    }

    /// The node of that name.
    #[must_use]
    pub fn node(&self, name: &NodeName) -> Option<&Node> {
        self.shards.iter().flat_map(Shard::nodes).chain(&self.sentinels).find(|node| node.name == *name)
    }

    /// Whether the node is a sentinel.
    #[must_use]
    pub fn is_sentinel(&self, name: &NodeName) -> bool {
        self.sentinels.iter().any(|node| node.name == *name)
    }

    /// Whether a node or the anchor has a container of that name.
    #[must_use]
    pub fn has_container(&self, name: &NodeName) -> bool {
        self.node(name).is_some() || self.anchor.as_ref().is_some_and(|anchor| anchor.name == *name)
    }

    /// The shard that a node belongs to.
    #[must_use]
    pub fn shard_of(&self, name: &NodeName) -> Option<&Shard> {
        self.shards.iter().find(|shard| shard.nodes().any(|node| node.name == *name))
    }

    /// Whether the node starts out as a primary.
    #[must_use]
    pub fn starts_as_primary(&self, name: &NodeName) -> bool {
        self.shards.iter().any(|shard| shard.primary.name == *name)
    }

    /// The host and port that a cluster's nodes, or sentinels, announce to clients for a node. This is the endpoint;
    /// for clients in the network, or if the server can announce nothing else, the address.
    #[must_use]
    pub fn advertised(&self, node: &Node) -> Endpoint {
        // A sentinel knows a single address per server: the sentinel dials it, and announces it to clients.
        let tells_both = match self.kind {
            Kind::Cluster => node.settings.get("cluster-announce-hostname").is_some(),
            Kind::Sentinel => false,
            Kind::Standalone | Kind::Replication => self.server.announces_endpoint(),
        };
        if self.access == Access::Host && tells_both {
            node.endpoint.clone()
        } else {
            Endpoint { host: node.address.ip.to_string(), port: node.address.port }
        }
    }

    /// The addresses that servers announce to clients outside the network, if they are not the endpoints.
    #[must_use]
    pub fn told_instead_of_endpoints(&self) -> Option<ToldInstead> {
        told::instead_of_endpoints(self)
    }

    /// How many replicas the shards have, from the fewest to the most.
    #[must_use]
    pub fn replicas_per_shard(&self) -> RangeInclusive<usize> {
        let counts = || self.shards.iter().map(|shard| shard.replicas.len());
        counts().min().unwrap_or(0)..=counts().max().unwrap_or(0)
    }

    /// Whether any shard has a replica.
    #[must_use]
    pub fn has_replicas(&self) -> bool {
        *self.replicas_per_shard().end() > 0
    }

    /// The topology in a few words: `cluster, 3 shards with 1 replica each`.
    #[must_use]
    pub fn summary(&self) -> String {
        let replicas = match self.replicas_per_shard().into_inner() {
            (0, 0) => "no replicas".to_owned(),
            (1, 1) => "1 replica".to_owned(),
            (fewest, most) if fewest == most => format!("{most} replicas"),
            (fewest, most) => format!("{fewest} to {most} replicas"),
        };
        if !self.formed {
            return match self.nodes().len() {
                1 => "cluster, 1 node, not formed".to_owned(),
                count => format!("cluster, {count} nodes, not formed"),
            };
        }
        match (self.kind, self.shards.len()) {
            (Kind::Standalone, _) => "standalone".to_owned(),
            (Kind::Replication, _) => format!("replication, {replicas}"),
            (Kind::Sentinel, _) => match self.sentinels.len() {
                1 => format!("sentinel, {replicas}, 1 sentinel"),
                count => format!("sentinel, {replicas}, {count} sentinels"),
            },
            (Kind::Cluster, 1) => format!("cluster, 1 shard with {replicas}"),
            (Kind::Cluster, shards) => format!("cluster, {shards} shards with {replicas} each"),
        }
    }
}
