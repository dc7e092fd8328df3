//! Rules of the published ports.

use std::collections::BTreeMap;
use std::net::Ipv6Addr;

use crate::spec::{PortBase, Problem, Spec, SpecKind};
use crate::topology::NodeName;
use crate::topology::address::is_loopback;
use crate::topology::defaults::{BUS_OFFSET, HIGHEST_PORT, announced_host, bind};
use crate::topology::facts::Facts;
use crate::topology::rules::announce::host_is_where_ports_are;
use crate::topology::rules::host_ports::has_host_ports;

/// Only root may listen on lower ports, and servers do not run as root.
const LOWEST_PORT: u16 = 1024;

const BASE: [&str; 2] = ["ports", "base"];

const BIND: [&str; 2] = ["ports", "bind"];

/// The spec's ports are in range, and each is used once.
pub(super) fn written_ports_are_usable(spec: &Spec) -> Vec<Problem> {
    let mut problems = Vec::new();
    if let Some(PortBase::Port(base)) = spec.ports.as_ref().and_then(|ports| ports.base)
        && !is_in_range(base)
    {
        problems.push(out_of_range(&BASE, base));
    }
    let mut seen = BTreeMap::new();
    for (name, node) in spec.nodes.iter().flatten() {
        let Some(port) = node.port else { continue };
        let at = ["nodes", name, "port"];
        if !is_in_range(port) {
            problems.push(out_of_range(&at, port));
        }
        if let Some(other) = seen.insert(port, name) {
            problems.push(Problem::new(&at, format!("port {port} is used by `{other}` too")));
        }
    }
    problems
}

/// This machine reaches the published ports: at the announced host, otherwise at the remote engine's host.
pub(in crate::topology) fn ports_can_be_reached(spec: &Spec, facts: &Facts) -> Option<Problem> {
    if let Some(host) = announced_host(spec) {
        return host_is_where_ports_are(spec, host, facts);
    }
    let host = facts.endpoint_host.as_str();
    if is_loopback(host) {
        return None;
    }
    let bind = bind(spec);
    if host.parse::<Ipv6Addr>().is_ok() {
        // `ports.bind` is an IPv4 address, and servers announce IPv4 addresses.
        let message = format!("ports are published on IPv4 addresses, and the engine's host is `{host}`");
        return Some(Problem::new(&BIND, message).hint("reach the engine by a name or an IPv4 address"));
    }
    bind.is_loopback().then(|| {
        let message = format!("the engine is on `{host}`, where ports on {bind} cannot be reached from here");
        Problem::new(&BIND, message).hint(
            "publish them on all its addresses with `--set ports.bind=0.0.0.0`, or on one of them; and let \
             `auth.password` guard them",
        )
    })
}

/// In a container with its own network, the loopback address is not that of the engine's machine.
pub(in crate::topology) fn endpoint_leaves_the_container(host: &str, facts: &Facts) -> Option<Problem> {
    let container = facts.own_container.as_ref().filter(|_| is_loopback(host))?;
    let message = format!(
        "redisctl runs in the container `{container}`, which does not reach ports at {host} of the engine"
    );
    Some(Problem::new(&BIND, message).hint(
        "run that container with `--network host`; or publish the ports at the gateway of its network, such as \
         `--set ports.bind=172.17.0.1`",
    ))
}

/// Whether a server may listen on the port, and its cluster bus 10000 above.
pub(in crate::topology) fn is_in_range(port: u16) -> bool {
    (LOWEST_PORT..=HIGHEST_PORT).contains(&port)
}

fn out_of_range(path: &[&str], port: u16) -> Problem {
    let message = format!("port {port} is not between {LOWEST_PORT} and {HIGHEST_PORT}");
    Problem::new(path, message).hint(if port < LOWEST_PORT {
        "ports below 1024 need root, and servers do not run as root"
    } else {
        "the cluster bus listens on the port 10000 above"
    })
}

/// A node's port, counted up from the base, is above the highest.
pub(in crate::topology) fn base_too_high(node: &NodeName, port: usize) -> Problem {
    let message = format!("`{node}` would get port {port}, and the highest is {HIGHEST_PORT}");
    Problem::new(&BASE, message).hint("the nodes' ports count up from `ports.base`: choose a lower port")
}

/// No port is used twice, and no other process or container holds a port.
pub(in crate::topology) fn ports_are_free(
    spec: &Spec,
    ports: &BTreeMap<NodeName, u16>,
    facts: &Facts,
) -> Vec<Problem> {
    let is_written =
        |name: &NodeName| spec.nodes.as_ref().and_then(|nodes| nodes.get(name.as_str())?.port).is_some();
    let published = facts.existing.published_ports();
    let mut seen: BTreeMap<u16, &NodeName> = BTreeMap::new();
    let mut problems = Vec::new();
    let mut counted_up: BTreeMap<&str, BTreeMap<u16, &NodeName>> = BTreeMap::new();
    for (name, port) in ports {
        if let Some(other) = seen.insert(*port, name) {
            // Two ports that count up always differ, and another rule reports two equal ports of the spec.
            let (written, counted) = if is_written(name) { (name, other) } else { (other, name) };
            if !is_written(counted) {
                let at = ["nodes", written.as_str(), "port"];
                let message =
                    format!("port {port} is the port of `{counted}`, counted up from the first node's");
                problems.push(Problem::new(&at, message).hint("choose a port that no other node has"));
            }
        } else if let Some(holder) = facts.busy_ports.get(port).filter(|_| !published.contains(port)) {
            if is_written(name) {
                let message = format!("port {port} of `{name}` is taken by {holder}");
                let hint = format!("set `nodes.{name}.port` to another port");
                problems.push(Problem::new(&["nodes", name.as_str(), "port"], message).hint(hint));
            } else {
                counted_up.entry(holder).or_default().insert(*port, name);
            }
        }
    }
    problems.extend(counted_up.iter().map(|(holder, ports)| range_is_taken(ports, holder)));
    problems
}

/// Whether the ports of the cluster bus are published, too.
pub(in crate::topology) fn publishes_bus(spec: &Spec) -> bool {
    has_host_ports(spec) && spec.kind == SpecKind::Cluster
}

/// No other node has the port of a node's cluster bus, and no other container holds it, where these ports are
/// published.
pub(in crate::topology) fn bus_ports_are_free(
    spec: &Spec,
    ports: &BTreeMap<NodeName, u16>,
    facts: &Facts,
) -> Option<Problem> {
    let published = facts.existing.published_ports();
    let holder = |bus: u16| {
        let node = ports.iter().find(|(_, port)| **port == bus).map(|(name, _)| format!("`{name}`"));
        node.or_else(|| facts.busy_ports.get(&bus).filter(|_| !published.contains(&bus)).cloned())
    };
    let mut buses = ports.iter().map(|(name, port)| (name, port.saturating_add(BUS_OFFSET)));
    let (name, bus, holder) = buses.find_map(|(name, bus)| Some((name, bus, holder(bus)?)))?;
    publishes_bus(spec).then(|| {
        Problem::new(&BASE, format!("port {bus} for the cluster bus of `{name}` is taken by {holder}")).hint(
            format!("the bus of each node has the port {BUS_OFFSET} above its own: choose another range"),
        )
    })
}

/// The problem of taken ports that count up from the base: a single problem for all ports.
fn range_is_taken(ports: &BTreeMap<u16, &NodeName>, holder: &str) -> Problem {
    let message = match ports.iter().next() {
        Some((port, name)) if ports.len() == 1 => format!("port {port} of `{name}` is taken by {holder}"),
        _ => format!("ports {} are taken by {holder}", ranges(ports.keys().copied())),
    };
    Problem::new(&BASE, message)
        .hint("choose another range with `--port-base PORT`, or free ports with `--port-base auto`")
}

/// `7001-7003, 7006`.
fn ranges(ports: impl Iterator<Item = u16>) -> String {
    let mut ranges: Vec<(u16, u16)> = Vec::new();
    for port in ports {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == port => *last = port,
            _ => ranges.push((port, port)),
        }
    }
    let text = |(first, last): (u16, u16)| {
        if first == last { first.to_string() } else { format!("{first}-{last}") }
    };
    ranges.into_iter().map(text).collect::<Vec<_>>().join(", ")
}
