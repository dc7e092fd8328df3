//! Facts about the engine and the deployment that resolving a spec needs. The shell gathers them beforehand.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::path::PathBuf;

use ipnet::Ipv4Net;

use super::container::ContainerSettings;
use super::{EngineName, Module, NodeName, ReplacedEngine, Replacement, Server, SlotSet, Topology};

/// Facts about the engine and the deployment that resolving a spec needs.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The name if the spec has none: the stem of the spec's file name.
    pub default_name: String,
    /// The host that clients dial: 127.0.0.1 for a local engine, else the engine's own.
    pub endpoint_host: String,
    /// The hosts of the engines that the spec names, by name.
    pub engine_hosts: BTreeMap<String, String>,
    /// The labels of these engines, by name, as far as the engines were asked.
    pub engine_labels: BTreeMap<String, BTreeMap<String, String>>,
    /// The IPs of hosts that clients dial, as far as they are known.
    pub host_ips: BTreeMap<String, Ipv4Addr>,
    /// The image to run, if it differs from the spec's (`host`, or `--image`).
    pub image: Option<String>,
    /// The server in the image; `None`: assumed from the image's reference.
    pub server: Option<Server>,
    /// The variables that the image's start script sets for its server.
    pub environment: BTreeMap<String, String>,
    /// The modules that the image would load by itself.
    pub modules: Vec<Module>,
    /// The images of single nodes, by their names in the spec.
    pub node_images: BTreeMap<String, ImageFacts>,
    /// The paths in containers of modules that are files of this machine.
    pub module_files: BTreeMap<PathBuf, String>,
    /// The subnets of the engine's networks except the deployment's, each after its holder.
    pub networks: Vec<(String, Vec<Ipv4Net>)>,
    /// Networks that this machine reaches, except the engine's. Empty if the engine is on another machine.
    pub reached: Vec<ReachedNetwork>,
    /// The container of this engine in which redisctl runs, if it has its own network.
    pub own_container: Option<String>,
    /// Ports that cannot be published, with their holders.
    pub busy_ports: BTreeMap<u16, String>,
    /// The existing parts of the deployment. Nodes keep their settings unless the spec changes them.
    pub existing: Existing,
    /// Whether `existing` is known. If the engine was not asked, a deployment may have nodes with any number.
    pub existing_is_known: bool,
}

/// Facts about the image of a single node.
#[derive(Debug, Clone, PartialEq)]
pub struct ImageFacts {
    /// The reference to run.
    pub reference: String,
    /// The server in it; `None`: assumed from the reference.
    pub server: Option<Server>,
    /// The variables that its start script sets for its server.
    pub environment: BTreeMap<String, String>,
    /// The modules that it would load by itself.
    pub modules: Vec<Module>,
}

/// A network that this machine reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReachedNetwork {
    /// Its subnet.
    pub subnet: Ipv4Net,
    /// The interface of this machine that leads to it.
    pub interface: String,
    /// Whether this machine is part of the network, as in a LAN. Otherwise the route leads to a network elsewhere, as
    /// in a VPN.
    pub is_own: bool,
}

/// The existing parts of a deployment on its engine. A new deployment has none.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Existing {
    /// Its network's subnet.
    pub subnet: Option<Ipv4Net>,
    /// The stored topology; `None` if it cannot be read.
    pub stored: Option<Box<Topology>>,
    /// The present slots of each stored shard, if the user adopts them.
    pub adopted: Option<Vec<SlotSet>>,
    /// The lost engine whose nodes move to another engine now.
    pub replacement: Option<Replacement>,
    /// The settings of its containers, by name.
    pub containers: BTreeMap<NodeName, ContainerSettings>,
}

impl Existing {
    /// The ports that its containers publish.
    #[must_use]
    pub fn published_ports(&self) -> BTreeSet<u16> {
        self.containers.values().flat_map(|settings| settings.network.held_ports()).collect()
    }

    /// The port of a node: its container's port, otherwise the stored port. An anchor publishes the ports of all
    /// nodes, so it does not count.
    pub(super) fn port(&self, node: &NodeName) -> Option<u16> {
        match self.containers.get(node).map(|settings| settings.network.ports()) {
            Some([port]) => Some(*port),
            Some(_) => None,
            None => Some(self.stored.as_ref()?.node(node)?.address.port),
        }
    }

    /// The static IP that a node has in `subnet`; `None` also for a node that moves to another engine.
    pub(super) fn ip(&self, node: &NodeName, subnet: Ipv4Net) -> Option<Ipv4Addr> {
        let ip = self.stored.as_ref()?.node(node)?.address.ip;
        (subnet.contains(&ip) && !self.moves(node)).then_some(ip)
    }

    /// The engine of a node, after the replacement of its lost engine.
    pub(super) fn engine_of(&self, node: &NodeName) -> Option<&EngineName> {
        let engine = self.stored.as_ref()?.engine_of(node)?;
        Some(self.replacement.as_ref().map_or(engine, |replacement| replacement.engine_after(engine)))
    }

    /// Whether a node moves from a lost engine to another engine.
    fn moves(&self, node: &NodeName) -> bool {
        let engine = self.stored.as_ref().and_then(|stored| stored.engine_of(node));
        engine.is_some() && self.engine_of(node) != engine
    }

    /// The replaced engines, with the engine that is replaced now.
    pub(super) fn replaced(&self) -> BTreeMap<EngineName, ReplacedEngine> {
        let Some(stored) = &self.stored else { return BTreeMap::new() };
        let mut replaced = stored.replaced.clone();
        for node in stored.nodes().into_iter().filter(|node| self.moves(&node.name)) {
            let Some(engine) = &node.engine else { continue };
            let Some(site) = stored.engines.get(engine) else { continue };
            let entry = replaced.entry(engine.clone()).or_insert_with(|| ReplacedEngine {
                at: site.at.clone(),
                host: site.host.clone(),
                ips: BTreeMap::new(),
            });
            entry.ips.entry(node.name.clone()).or_default().insert(node.address.ip);
        }
        replaced
    }

    /// How often engines were replaced, including now.
    pub(super) fn replacements(&self) -> u64 {
        let Some(stored) = &self.stored else { return 0 };
        let moves = stored.nodes().into_iter().any(|node| self.moves(&node.name));
        stored.replacements + u64::from(moves)
    }

    /// The IPs that nodes had on replaced engines.
    pub(super) fn former_ips(&self) -> BTreeSet<Ipv4Addr> {
        self.replaced().into_values().flat_map(|engine| engine.ips.into_values().flatten()).collect()
    }
}

impl Facts {
    /// The IP of a host, if known.
    #[must_use]
    pub fn ip_of(&self, host: &str) -> Option<Ipv4Addr> {
        host.parse().ok().or_else(|| self.host_ips.get(host).copied())
    }

    /// Facts for the check of a spec without an engine: no name or port is taken, and the engine is local.
    #[must_use]
    pub fn offline(default_name: &str) -> Self {
        Self {
            default_name: default_name.to_owned(),
            endpoint_host: Ipv4Addr::LOCALHOST.to_string(),
            engine_hosts: BTreeMap::new(),
            engine_labels: BTreeMap::new(),
            host_ips: BTreeMap::new(),
            image: None,
            server: None,
            environment: BTreeMap::new(),
            modules: Vec::new(),
            node_images: BTreeMap::new(),
            module_files: BTreeMap::new(),
            networks: Vec::new(),
            reached: Vec::new(),
            own_container: None,
            busy_ports: BTreeMap::new(),
            existing: Existing::default(),
            existing_is_known: true,
        }
    }

    /// Facts for the first resolution of a spec. The spec is resolved again after the engine was asked.
    #[must_use]
    pub fn before_asking(default_name: &str) -> Self {
        Self { existing_is_known: false, ..Self::offline(default_name) }
    }
}
