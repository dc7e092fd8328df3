//! The nodes of a topology, once addresses and ports are chosen: each with its settings and limits.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use super::{Facts, endpoint_host, node_spec, tls};
use crate::spec::{Access, DataSpec, ResourcesSpec, Spec};
use crate::topology::address::{Address, Endpoint};
use crate::topology::settings::{Settings, memory_bytes};
use crate::topology::{Kind, Node, NodeName, Resources, Server, files};

/// What the nodes are made from, once everything is chosen.
pub(super) struct Draft<'a> {
    pub(super) spec: &'a Spec,
    pub(super) kind: Kind,
    pub(super) server: Server,
    pub(super) facts: &'a Facts,
    pub(super) names: &'a [NodeName],
    pub(super) ports: &'a BTreeMap<NodeName, u16>,
    pub(super) ips: &'a BTreeMap<NodeName, Ipv4Addr>,
}

impl Draft<'_> {
    /// The node at a position; `primary` is its primary's position where it starts out as a replica.
    pub(super) fn node(&self, position: usize, primary: Option<usize>) -> Node {
        let name = self.names[position].clone();
        let address = self.address(position);
        let endpoint = Endpoint { host: endpoint_host(self.spec, self.facts), port: address.port };
        let own = node_spec(self.spec, &name);
        let limits = own.and_then(|node| node.resources.as_ref()).or(self.spec.resources.as_ref());
        let settings = self.settings(&name, address, &endpoint, primary.map(|primary| self.address(primary)));
        Node { resources: limits.map(resources).unwrap_or_default(), name, address, endpoint, settings }
    }

    fn address(&self, position: usize) -> Address {
        let name = &self.names[position];
        Address { ip: self.ips[name], port: self.ports[name] }
    }

    fn settings(
        &self,
        name: &NodeName,
        address: Address,
        endpoint: &Endpoint,
        primary: Option<Address>,
    ) -> Settings {
        let mut settings = Settings::default();
        match tls(self.spec) {
            None => settings.set("port", address.port.to_string()),
            Some(tls) => settings = tls.settings(self.kind, name, address.port),
        }
        settings.set("dir", files::data_folder(name));
        // Clients come through a published port, so never from the container's own loopback.
        settings.set("protected-mode", "no");
        match self.spec.data.unwrap_or_default() {
            DataSpec::Ephemeral => settings.set("save", ""),
            DataSpec::Volume => settings.set("appendonly", "yes"),
        }
        if let Some(primary) = primary.filter(|_| self.kind == Kind::Replication) {
            settings.set("replicaof", format!("{} {}", primary.ip, primary.port));
        }
        if self.kind == Kind::Cluster {
            settings.set("cluster-enabled", "yes");
            settings.set("cluster-config-file", "nodes.conf");
            settings.set("cluster-announce-ip", address.ip.to_string());
            if self.server.announces_endpoint() && self.spec.access.unwrap_or_default() == Access::Host {
                settings.set("cluster-announce-hostname", endpoint.host.clone());
                settings.set("cluster-preferred-endpoint-type", "hostname");
            }
        }
        let own = node_spec(self.spec, name).and_then(|node| node.config.as_ref());
        for (directive, value) in self.spec.config.iter().chain(own).flatten() {
            settings.set(directive, value.directive_value());
        }
        settings
    }
}

/// Limits as the spec gives them; [`rules`] has checked that they can be read.
fn resources(spec: &ResourcesSpec) -> Resources {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the rules bound it to 0..=1024 CPUs"
    )]
    let millicpus = spec.cpus.map(|cpus| (cpus * 1000.0).round() as u64);
    Resources { memory: spec.memory.as_ref().and_then(|memory| memory_bytes(&memory.text())), millicpus }
}
