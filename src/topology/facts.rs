//! What resolving a spec needs to know of the engine and of the deployment, gathered beforehand.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use super::{NodeName, Server};

/// What resolving needs to know of the world, gathered beforehand.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The name where the spec has none: its file's stem.
    pub default_name: String,
    /// The host that clients dial: 127.0.0.1 for a local engine, else the engine's own.
    pub endpoint_host: String,
    /// The IP that this host has, where it is known.
    pub endpoint_ip: Option<Ipv4Addr>,
    /// The image to run, where it is not the spec's own word for it (`host`, or overridden).
    pub image: Option<String>,
    /// The server in the image; `None`: assumed from the image's reference.
    pub server: Option<Server>,
    /// Networks of the engine that are not this deployment's: name and subnets.
    pub networks: Vec<(String, Vec<Ipv4Net>)>,
    /// Ports that cannot be published, and what holds each.
    pub busy_ports: BTreeMap<u16, String>,
    /// What the deployment has already, to be kept where the spec does not say otherwise.
    pub current: Option<Current>,
}

/// What an existing deployment has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Current {
    /// Its network's subnet.
    pub subnet: Ipv4Net,
    /// Its nodes' ports.
    pub ports: BTreeMap<NodeName, u16>,
}

impl Facts {
    /// Facts for judging a spec without an engine: nothing is taken, the engine is local.
    #[must_use]
    pub fn offline(default_name: &str) -> Self {
        Self {
            default_name: default_name.to_owned(),
            endpoint_host: Ipv4Addr::LOCALHOST.to_string(),
            endpoint_ip: Some(Ipv4Addr::LOCALHOST),
            image: None,
            server: None,
            networks: Vec::new(),
            busy_ports: BTreeMap::new(),
            current: None,
        }
    }
}
