//! The nodes of a topology, once addresses and ports are chosen: each with its settings and limits.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use super::{Facts, endpoint_host, modules, node_spec, tls};
use crate::spec::redis_conf::lines::joined;
use crate::spec::{Access, DataSpec, ResourcesSpec, Spec};
use crate::topology::address::{Address, Endpoint};
use crate::topology::defaults::bind;
use crate::topology::memory_limits::{MemoryLimit, usual_memory};
use crate::topology::open_files::lowered_clients;
use crate::topology::paths::data_folder;
use crate::topology::protected_mode::Protection;
use crate::topology::rules::host_ports::has_host_ports;
use crate::topology::settings::{Settings, is_of_sentinels, sentinel_defaults};
use crate::topology::{EngineName, EngineSite, Kind, Node, NodeName, OwnImage, Resources, Server};

/// More replicas than a shard can have. Below this number, no replica goes to a primary without replicas.
const NEVER_MIGRATE: &str = "1000";

/// The input for all nodes.
pub(super) struct Draft<'a> {
    pub(super) spec: &'a Spec,
    pub(super) kind: Kind,
    /// Whether a shard has no replica, and another has several. Servers would give it one of them after some seconds.
    pub(super) has_lonely_primaries: bool,
    pub(super) image: &'a str,
    pub(super) server: Server,
    pub(super) facts: &'a Facts,
    /// The names of all nodes by number.
    pub(super) names: &'a BTreeMap<usize, NodeName>,
    pub(super) ports: &'a BTreeMap<NodeName, u16>,
    pub(super) ips: &'a BTreeMap<NodeName, Ipv4Addr>,
    /// The engines.
    pub(super) engines: &'a BTreeMap<EngineName, EngineSite>,
    /// The engines of the nodes, if there are several.
    pub(super) places: &'a BTreeMap<NodeName, EngineName>,
    /// How many of the nodes are sentinels.
    pub(super) sentinels: usize,
}

impl Draft<'_> {
    /// The node with a number. `primary` is the number of its primary, if it starts as a replica.
    pub(super) fn node(&self, number: usize, primary: Option<usize>) -> Node {
        let primary = primary.map(|primary| self.address(primary));
        let settings =
            self.settings(&self.names[&number], self.address(number), &self.endpoint(number), primary);
        self.with_settings(number, settings)
    }

    /// The sentinel with a number.
    pub(super) fn sentinel(&self, number: usize) -> Node {
        let name = &self.names[&number];
        let mut settings = self.listening(name, self.address(number));
        for (directive, value) in sentinel_defaults(self.sentinels).iter() {
            settings.set(directive, value);
        }
        for (directive, value) in self.config(name).filter(|(directive, _)| is_of_sentinels(directive)) {
            settings.set(directive, value);
        }
        self.with_settings(number, settings)
    }

    fn with_settings(&self, number: usize, settings: Settings) -> Node {
        let name = self.names[&number].clone();
        Node {
            resources: resources(self.limits(&name), &settings),
            address: self.address(number),
            endpoint: self.endpoint(number),
            own_image: self.own_image(&name),
            engine: self.places.get(&name).cloned(),
            name,
            settings,
        }
    }

    /// The image of a node's own, if it is another image than the deployment's.
    pub(super) fn own_image(&self, name: &NodeName) -> Option<OwnImage> {
        let written = node_spec(self.spec, name)?.image.as_ref()?;
        let found = self.facts.node_images.get(written);
        let reference = found.map_or(written, |found| &found.reference).clone();
        let server = || found.and_then(|found| found.server).unwrap_or_else(|| Server::assumed(&reference));
        let of_image = found.map(|found| found.modules.as_slice()).unwrap_or_default();
        (reference != self.image).then(|| OwnImage {
            server: server(),
            environment: found.map(|found| found.environment.clone()).unwrap_or_default(),
            modules: modules(self.spec, of_image, &self.facts.module_files),
            reference: reference.clone(),
        })
    }

    /// Whether every server has an ability.
    fn every_server(&self, has: impl Fn(Server) -> bool) -> bool {
        let own = |name: &NodeName| self.own_image(name).map_or(self.server, |own| own.server);
        let any_own = self.spec.nodes.iter().flatten().any(|(_, node)| node.image.is_some());
        if any_own { self.names.values().all(|name| has(own(name))) } else { has(self.server) }
    }

    /// The limits that the spec gives a node.
    fn limits(&self, name: &NodeName) -> Option<&ResourcesSpec> {
        let own = node_spec(self.spec, name).and_then(|node| node.resources.as_ref());
        own.or(self.spec.resources.as_ref())
    }

    fn endpoint(&self, number: usize) -> Endpoint {
        let engine = self.places.get(&self.names[&number]);
        let of_engine = engine.and_then(|engine| self.engines.get(engine)).map(|engine| engine.host.clone());
        let host = of_engine.unwrap_or_else(|| endpoint_host(self.spec, self.facts));
        Endpoint { host, port: self.address(number).port }
    }

    fn address(&self, number: usize) -> Address {
        let name = &self.names[&number];
        Address { ip: self.ips[name], port: self.ports[name] }
    }

    /// The port of a server or sentinel, and the paths of its files.
    fn listening(&self, name: &NodeName, address: Address) -> Settings {
        let mut settings = Settings::default();
        match tls(self.spec) {
            None => settings.set("port", address.port.to_string()),
            Some(tls) => settings = tls.settings(self.kind, name, address.port),
        }
        settings.set("dir", data_folder(name));
        let protection = Protection::found(
            super::auth(self.spec).as_ref(),
            !bind(self.spec).is_loopback() || has_host_ports(self.spec),
        );
        settings.set("protected-mode", protection.protected_mode());
        settings
    }

    fn settings(
        &self,
        name: &NodeName,
        address: Address,
        endpoint: &Endpoint,
        primary: Option<Address>,
    ) -> Settings {
        let mut settings = self.listening(name, address);
        match self.spec.data.unwrap_or_default() {
            DataSpec::Ephemeral => settings.set("save", ""),
            DataSpec::Volume => settings.set("appendonly", "yes"),
        }
        if let Some(primary) = primary.filter(|_| matches!(self.kind, Kind::Replication | Kind::Sentinel)) {
            settings.set("replicaof", format!("{} {}", primary.ip, primary.port));
        }
        // The source IP of a connection is not always the node's address.
        if self.kind == Kind::Sentinel || (has_host_ports(self.spec) && self.kind != Kind::Standalone) {
            settings.set("replica-announce-ip", address.ip.to_string());
        }
        if self.kind == Kind::Cluster {
            settings.set("cluster-enabled", "yes");
            settings.set("cluster-config-file", "nodes.conf");
            settings.set("cluster-announce-ip", address.ip.to_string());
            if self.has_lonely_primaries {
                settings.set("cluster-migration-barrier", NEVER_MIGRATE);
            }
            if self.every_server(Server::announces_endpoint)
                && self.spec.access.unwrap_or_default() == Access::Host
            {
                settings.set("cluster-announce-hostname", endpoint.host.clone());
                settings.set("cluster-preferred-endpoint-type", "hostname");
                let server = self.own_image(name).map_or(self.server, |own| own.server);
                if server.announces_client_ip() && endpoint.host.parse::<Ipv4Addr>().is_ok() {
                    settings.set("cluster-announce-client-ipv4", endpoint.host.clone());
                }
            }
        }
        for (directive, value) in self.config(name).filter(|(directive, _)| !is_of_sentinels(directive)) {
            settings.set(directive, value);
        }
        let files = self.limits(name).and_then(|limits| limits.files);
        if let Some(most) = files.and_then(|files| lowered_clients(&settings, files)) {
            settings.set("maxclients", most.to_string());
        }
        settings
    }

    /// The spec's directives for a node: those of all nodes first, then the node's own.
    fn config<'s>(&'s self, name: &NodeName) -> impl Iterator<Item = (&'s str, String)> + use<'s> {
        let own = node_spec(self.spec, name).and_then(|node| node.config.as_ref());
        let all = self.spec.config.iter().chain(own).flatten();
        all.map(|(directive, value)| (directive.as_str(), joined(directive, &value.lines())))
    }
}

/// The limits of the spec, which [`rules`] has checked. Memory always has a limit unless the spec says `unlimited`.
fn resources(spec: Option<&ResourcesSpec>, settings: &Settings) -> Resources {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the rules bound it to 0..=1024 CPUs"
    )]
    let millicpus = spec.and_then(|spec| spec.cpus).map(|cpus| (cpus * 1000.0).round() as u64);
    let asked = spec.and_then(|spec| spec.memory.as_ref());
    let asked = asked.and_then(|memory| MemoryLimit::read(&memory.text()));
    let limit = asked.unwrap_or_else(|| MemoryLimit::Bytes(usual_memory(settings)));
    Resources { memory: limit.bytes(), millicpus, files: spec.and_then(|spec| spec.files) }
}
