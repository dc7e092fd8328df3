//! Warnings about a valid topology.

use super::address::is_loopback;
use super::defaults::announced_host;
use super::protected_mode::Protection;
use super::tls::CertificateSource;
use super::{Kind, Server, Topology};
use crate::spec::{Access, Problem, Spec};

mod doubt;
mod memory;
mod start_commands;
mod users;
mod versions;

/// Warnings about the topology of a spec, each with its field.
#[must_use]
pub fn warnings(spec: &Spec, topology: &Topology) -> Vec<Problem> {
    let mut warnings = Vec::new();
    if topology.kind == Kind::Cluster && topology.formed && topology.shards.len() < 3 {
        let message = format!(
            "a cluster of {} shard{} cannot fail over by itself: that takes a majority of at least 3 primaries",
            topology.shards.len(),
            if topology.shards.len() == 1 { "" } else { "s" },
        );
        warnings.push(Problem::new(&["shards"], message));
    }
    let announces = topology.every_server(Server::announces_endpoint);
    if topology.kind == Kind::Cluster && topology.access == Access::Host && !announces {
        let (field, server) = versions::without_endpoints(topology);
        let message = format!(
            "{server} cannot announce a client endpoint: clients outside the network need a route to {}",
            topology.subnet,
        );
        warnings.push(Problem { path: field, ..Problem::new(&["image"], message) });
    }
    if topology.kind == Kind::Sentinel {
        warnings.extend(of_sentinels(topology));
    }
    if Protection::found(topology.auth.as_ref(), topology.is_open()) == Protection::Nothing {
        let (on, machine, field): (_, _, &[&str]) = if topology.has_host_ports() {
            ("the addresses of the engines".to_owned(), "an engine's", &["network", "driver"])
        } else {
            (topology.bind.to_string(), "this", &["ports", "bind"])
        };
        let message = format!(
            "ports are open on {on} without a password: any client that reaches {machine} machine can use the servers",
        );
        warnings.push(Problem::new(field, message));
    }
    warnings.extend(super::spread::losses(topology).into_iter().map(|loss| Problem::new(&["engines"], loss)));
    warnings.extend(others_are_told_loopback(spec, topology));
    warnings.extend(versions::warnings(topology));
    warnings.extend(memory::warnings(spec, topology));
    warnings.extend(users::warnings(spec, topology));
    warnings
}

/// The warning about ports that other machines reach, while servers or certificates name loopback.
fn others_are_told_loopback(spec: &Spec, topology: &Topology) -> Option<Problem> {
    let host = &topology.nodes().first()?.endpoint.host;
    let tells_clients = match topology.kind {
        Kind::Cluster => topology.every_server(Server::announces_endpoint),
        Kind::Sentinel => true,
        Kind::Standalone | Kind::Replication => false,
    };
    let names_host =
        tells_clients || topology.tls.is_some_and(|tls| tls.certificates == CertificateSource::Made);
    let is_open = topology.access == Access::Host && topology.is_open();
    (names_host && is_open && is_loopback(host)).then(|| {
        let field = if announced_host(spec).is_some() { "announce" } else { "bind" };
        let message = format!(
            "ports are open on {}, but the announced host is {host}, which is wrong on other machines",
            topology.bind
        );
        Problem::new(&["ports", field], message)
            .hint("name this machine as other machines do: `ports.announce`, a host name or an IPv4 address")
    })
}

/// The warning about sentinels that cannot fail over.
fn of_sentinels(topology: &Topology) -> Vec<Problem> {
    let mut warnings = Vec::new();
    if !topology.has_replicas() {
        let message = "without a replica, sentinels cannot fail over";
        warnings.push(Problem::new(&["replicas"], message));
    }
    if topology.sentinels.len() == 1 {
        let message = "a single sentinel fails over alone; without it, no failover happens";
        warnings.push(Problem::new(&["sentinels"], message));
    }
    if let (Some(node), Some(_)) = (topology.nodes().first(), &topology.anchor)
        && node.endpoint.host != node.address.ip.to_string()
        && node.address.ip.is_loopback()
    {
        let message = format!(
            "sentinels announce IPs only: for `{}` they announce {}, which is wrong on other machines",
            node.endpoint.host, node.address.ip
        );
        warnings.push(Problem::new(&["access"], message));
    }
    warnings
}
