//! The engines of a deployment that stands on several machines.

use std::collections::BTreeMap;
use std::fmt;
use std::net::Ipv4Addr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{NodeName, Topology};

/// The name that a spec gives an engine.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct EngineName(String);

impl EngineName {
    /// A name of the spec, or from stored data.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self(name.to_owned())
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EngineName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

/// An engine of a deployment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EngineSite {
    /// Its address, or the context that has the address.
    pub at: EngineReference,
    /// The host at which clients reach the ports that it publishes.
    pub host: String,
    /// Its zone, if the spec spreads nodes over zones and the zone is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
}

/// How a spec names an engine's address.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EngineReference {
    /// An address: `ssh://…`, `tcp://…`, `unix://…`.
    Host(String),
    /// A Docker context.
    Context(String),
}

impl EngineReference {
    /// The command line that removes a deployment through this engine.
    #[must_use]
    pub fn down(&self, deployment: &str) -> String {
        format!("{} down {deployment}", self.redisctl())
    }

    /// The beginning of a command line of Docker's client for this engine.
    #[must_use]
    pub fn docker(&self) -> String {
        match self {
            Self::Host(address) => format!("docker --host {address}"),
            Self::Context(name) => format!("docker --context {name}"),
        }
    }

    /// The beginning of a command line of redisctl for this engine.
    #[must_use]
    pub fn redisctl(&self) -> String {
        match self {
            Self::Host(address) => format!("redisctl --host {address}"),
            Self::Context(name) => format!("DOCKER_CONTEXT={name} redisctl"),
        }
    }
}

impl fmt::Display for EngineReference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host(address) => formatter.write_str(address),
            Self::Context(name) => write!(formatter, "context {name}"),
        }
    }
}

/// How nodes on several engines reach each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reach {
    /// In a network of all engines.
    #[default]
    Overlay,
    /// Through published ports, at the addresses of their engines.
    HostPorts,
}

impl Reach {
    /// Whether it is the usual way.
    #[must_use]
    pub fn is_overlay(&self) -> bool {
        *self == Self::Overlay
    }
}

impl Topology {
    /// Whether nodes on several engines reach each other through published ports.
    #[must_use]
    pub fn has_host_ports(&self) -> bool {
        self.reach == Reach::HostPorts
    }

    /// The address of its engine that a node's ports are published on.
    #[must_use]
    pub fn bind_of(&self, node: &super::Node) -> Ipv4Addr {
        if self.has_host_ports() && self.bind.is_loopback() { node.address.ip } else { self.bind }
    }

    /// Whether other machines reach the published ports.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.has_host_ports() || !self.bind.is_loopback()
    }

    /// The engine of a node; `None`: the deployment stands on a single engine, or has no such node.
    #[must_use]
    pub fn engine_of(&self, node: &NodeName) -> Option<&EngineName> {
        self.node(node)?.engine.as_ref()
    }

    /// Every engine with nodes, by name. A deployment on a single engine has one, without a name.
    #[must_use]
    pub fn used_engines(&self) -> Vec<Option<&EngineName>> {
        let used = self.engines.keys().filter(|engine| !self.nodes_on(engine).is_empty());
        if self.engines.is_empty() { vec![None] } else { used.map(Some).collect() }
    }

    /// The engine of each node, if the deployment stands on several.
    #[must_use]
    pub fn places(&self) -> BTreeMap<NodeName, EngineName> {
        let place = |node: &super::Node| Some((node.name.clone(), node.engine.clone()?));
        self.nodes().into_iter().filter_map(place).collect()
    }

    /// The nodes on an engine.
    #[must_use]
    pub fn nodes_on(&self, engine: &EngineName) -> Vec<&super::Node> {
        self.nodes().into_iter().filter(|node| node.engine.as_ref() == Some(engine)).collect()
    }
}
