//! The spec file: the YAML that a user writes, as serde types. Defaults are decided later, in `topology`.
//!
//! Every field but `kind` is optional, and unknown fields are refused. The JSON Schema is derived from these types:
//! `redisctl schema` prints it, and [`read`] checks documents against it.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::path::PathBuf;

use ipnet::Ipv4Net;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

mod check;
pub mod config_file;
mod describe;
mod directive_value;
mod document;
mod encoding;
pub mod env_file;
mod error;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod in_code;
mod interpolate;
mod leaf;
mod leave_out;
mod mask;
mod modules;
mod overrides;
mod places;
mod problem;
mod read;
pub mod redis_conf;
mod schema;
mod secret;
mod seed;
mod set_apart;
mod shards;
mod tls;
mod tree;

pub(crate) use describe::nearest;
pub use directive_value::DirectiveValue;
pub(crate) use encoding::decode;
pub use error::{Located, Remarks, SpecError};
pub use modules::{ModuleOptions, ModuleSpec, ModulesSpec, ModulesWord};
pub use overrides::{Override, OverrideError};
pub use problem::{Problem, SpecPath};
pub(crate) use read::is_file_name;
pub use read::{Document, Inputs, Source, read};
pub use schema::json_schema;
pub use secret::{Password, SecretText};
pub use seed::SeedSpec;
pub use shards::{ShardSpec, ShardsSpec, SlotsItem, SlotsSpec};
pub use tls::{ClientAuth, TlsOptions, TlsSpec};

/// The beginning of PEM files, and of no path.
pub(crate) const PEM_BEGINNING: &str = "-----BEGIN";

/// The kind of a deployment in a spec.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SpecKind {
    /// One server.
    Standalone,
    /// A primary with replicas.
    Replication,
    /// A primary with replicas, watched by sentinels that fail over.
    Sentinel,
    /// A sharded cluster.
    Cluster,
}

/// A redisctl deployment. Only `kind` is needed; every other field has a default.
// Field names are a contract (DESIGN.md, section 4).
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "redisctl spec")]
pub struct Spec {
    /// The deployment's name. Default: the file's stem.
    pub name: Option<String>,
    /// The kind of deployment.
    pub kind: SpecKind,
    /// Any Redis or Valkey image; `host` makes one from this machine's own server binary.
    pub image: Option<String>,
    /// Cluster: the number of shards, or a list with the slots and replicas of each shard. Default 3.
    pub shards: Option<ShardsSpec>,
    /// Cluster: whether the nodes form a cluster (default). `false`: nodes in cluster mode that have not met and own no slots, for tests that form clusters themselves.
    pub formed: Option<bool>,
    /// The number of replicas of the primary (replication, sentinel) or of each shard (cluster). Default 1.
    pub replicas: Option<u32>,
    /// Sentinel: the number of sentinels. Default 3.
    pub sentinels: Option<u32>,
    /// The deployment's own network.
    pub network: Option<NetworkSpec>,
    /// The published ports.
    pub ports: Option<PortsSpec>,
    /// The place of clients: on the host (default) or inside the Docker network.
    pub access: Option<Access>,
    /// Passwords and users.
    pub auth: Option<AuthSpec>,
    /// TLS only. `true`: a CA and certificates are made for the deployment. A mapping: your own certificate, or
    /// client certificates are required.
    pub tls: Option<TlsSpec>,
    /// `redis.conf` directives for every node. A directive has one value, with its words as in `redis.conf`, or a
    /// list if it repeats: `save: ["900 1", "300 10"]`.
    pub config: Option<BTreeMap<String, DirectiveValue>>,
    /// A file of directives in the syntax of `redis.conf`, for every node; `config` wins over it. A relative path starts at the spec file's folder. A relative path in an `include` starts at the including file's folder.
    pub config_file: Option<PathBuf>,
    /// The modules that servers load: `image` (default) for the modules that the image would load, `none`, or a
    /// list of paths in the image and files of this machine.
    pub modules: Option<ModulesSpec>,
    /// The place of data. Default `ephemeral`.
    pub data: Option<DataSpec>,
    /// Files with the first data of a new deployment: commands as in `redis-cli`, or RESP. A relative path starts at
    /// the spec file's folder. `reset` applies them again.
    pub seed: Option<SeedSpec>,
    /// Limits of every node's container.
    pub resources: Option<ResourcesSpec>,
    /// Kernel parameters of every node's container, as far as a container has its own:
    /// `net.core.somaxconn: 1024`.
    pub sysctls: Option<BTreeMap<String, Scalar>>,
    /// The platform of the image: `linux/arm64`, for example. Default: the engine's.
    pub platform: Option<String>,
    /// Labels for all containers, networks and volumes.
    pub labels: Option<BTreeMap<String, Scalar>>,
    /// The engines of a deployment on several machines, by names of your choice. They are one Docker swarm, unless
    /// `network.driver` is `host-ports`. Default: a single engine, as `--host` or the Docker context names it.
    pub engines: Option<BTreeMap<String, EngineSpec>>,
    /// The label of engines that names their zones: with `spread: zone`, engines with the label `zone=eu1`
    /// (`dockerd --label zone=eu1`) are one zone. The nodes of a shard are in different zones, as far as possible, and
    /// then on different engines.
    pub spread: Option<String>,
    /// Settings of single nodes, by node name (`<deployment>-<n>`).
    pub nodes: Option<BTreeMap<String, NodeSpec>>,
}

/// The deployment's own network.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NetworkSpec {
    /// IPv4 subnet in CIDR form. Default: the first free /24 of a private pool.
    #[schemars(with = "Option<String>", extend("format" = "ipv4-cidr"))]
    pub subnet: Option<Ipv4Net>,
    /// The network's driver. Default: `overlay` with `engines`, otherwise `bridge`. `host-ports`: for `engines` that are
    /// no swarm.
    pub driver: Option<NetworkDriver>,
    /// The largest packet in bytes (MTU), 1280 or more. `overlay`: of the network between the engines; containers get 50 less, because
    /// the overlay wraps each packet. Default: Docker's, 1500.
    pub mtu: Option<u16>,
}

/// The driver of a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum NetworkDriver {
    /// A network of a single engine.
    Bridge,
    /// A network of a swarm of engines.
    Overlay,
    /// Several engines without a common network: each has a bridge network of its own. Ports for clients and the cluster
    /// bus are published at the engine's address, and nodes announce this address.
    #[serde(rename = "host-ports")]
    HostPorts,
}

/// An engine.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EngineSpec {
    /// Its address as with `--host`: `ssh://me@machine`, `tcp://machine:2375`, `unix:///var/run/docker.sock`.
    pub host: Option<String>,
    /// The Docker context with its address.
    pub context: Option<String>,
    /// The host name or IPv4 address at which clients, and with `host-ports` other engines, reach its published ports.
    /// Default: the host of its address.
    pub address: Option<String>,
    /// Its zone. Default: the value of the engine's label that `spread` names.
    pub zone: Option<String>,
}

/// The published ports.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PortsSpec {
    /// The port of the first node; the other nodes' ports count up from it. `auto`: free ports. Default 7001.
    pub base: Option<PortBase>,
    /// The host address that ports are published on. Default 127.0.0.1: only this machine. Set `auth` if other
    /// machines can reach the ports.
    #[schemars(with = "Option<String>", extend("format" = "ipv4"))]
    pub bind: Option<Ipv4Addr>,
    /// The host that servers announce to clients: a name or an IPv4 address. Clients and this machine must reach the
    /// published ports there. Default: 127.0.0.1, the address of `bind`, or the host of an engine on another machine.
    pub announce: Option<String>,
}

/// The first port, or `auto` for free ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum PortBase {
    /// The first node's port.
    Port(u16),
    /// Free ports are chosen.
    Word(AutoWord),
}

/// The word `auto`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AutoWord {
    /// `auto`
    Auto,
}

/// The place of clients: servers announce addresses that these clients can reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Access {
    /// On the host: endpoints are announced.
    #[default]
    Host,
    /// Inside the Docker network: static IPs are announced.
    Network,
}

/// Passwords and users.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AuthSpec {
    /// The default user's password.
    pub password: Option<Password>,
    /// The default user's password on replicas, if it differs from the primary's.
    pub replica_password: Option<Password>,
    /// Whether the default user is on. With `off`, clients must log in as one of `users`. To limit the default user,
    /// add an entry with the name `default` to `users`.
    pub default: Option<Switch>,
    /// Other users. An entry with the name `default` sets the default user's rules.
    pub users: Option<Vec<UserSpec>>,
}

/// `on` or `off`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Switch {
    /// On.
    On,
    /// Off.
    Off,
}

/// One ACL user.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UserSpec {
    /// The user's name.
    pub name: String,
    /// The user's password. Default `generate`; no password if the rules have `nopass`. The default user's password
    /// is `auth.password`.
    pub password: Option<Password>,
    /// ACL rules in the syntax of `ACL SETUSER`: key patterns, channel patterns, commands. `+@all` allows all
    /// commands, but no keys or channels: add patterns like `~app:*`. The rules of a user without limits are
    /// `["~*", "&*", "+@all"]`.
    pub rules: Vec<String>,
}

/// The place of data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum DataSpec {
    /// In the server's memory only, lost when the server ends.
    #[default]
    Ephemeral,
    /// In a named volume per node, kept by `down` unless `--volumes` is given.
    Volume,
}

/// Limits of a container.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResourcesSpec {
    /// Bytes, or a number with a unit: `128mb`, `1gb`, `64k`; or `unlimited`. Default: `1gb`, or more if `maxmemory`
    /// needs it.
    pub memory: Option<Scalar>,
    /// CPUs, fractions allowed: `0.5`.
    pub cpus: Option<f64>,
    /// Open files and connections. Default: the engine's limit.
    pub files: Option<u32>,
}

/// Settings of a single node.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NodeSpec {
    /// The node's own image, for deployments with servers of several versions. `image` and `--image` are for all other nodes.
    pub image: Option<String>,
    /// The node's static IP inside the network.
    #[schemars(with = "Option<String>", extend("format" = "ipv4"))]
    pub ip: Option<Ipv4Addr>,
    /// The node's port, the same inside the network and published.
    pub port: Option<u16>,
    /// `redis.conf` directives that add to the common directives or replace them.
    pub config: Option<BTreeMap<String, DirectiveValue>>,
    /// A file of directives that add to the common directives or replace them; this node's `config` wins over it.
    pub config_file: Option<PathBuf>,
    /// Limits that replace the common limits.
    pub resources: Option<ResourcesSpec>,
    /// The node's engine, one of `engines`. Default: nodes of a shard are on different engines.
    pub engine: Option<String>,
}

/// A YAML scalar in a field for text: `64mb`, `1000`, `0.5` and `yes` are all valid.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Scalar {
    /// `true` or `false`; Redis spells them `yes` and `no`.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// Any other number.
    Float(f64),
    /// Text.
    Text(String),
}

impl Scalar {
    /// The scalar as Redis spells it in its configuration.
    #[must_use]
    pub fn directive_value(&self) -> String {
        match self {
            Self::Bool(true) => "yes".to_owned(),
            Self::Bool(false) => "no".to_owned(),
            Self::Integer(number) => number.to_string(),
            Self::Float(number) => number.to_string(),
            Self::Text(text) => text.clone(),
        }
    }

    /// The scalar as text, for labels: `true` stays `true`.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Bool(value) => value.to_string(),
            other => other.directive_value(),
        }
    }
}
