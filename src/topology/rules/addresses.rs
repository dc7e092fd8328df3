//! Rules of the subnet and of static IPs.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use crate::spec::{Problem, Spec};
use crate::topology::NodeName;
use crate::topology::address::{gateway, overlap, static_ip};
use crate::topology::facts::{Facts, ReachedNetwork};

const SUBNET: [&str; 2] = ["network", "subnet"];

/// The smallest MTU. Every link of the internet carries packets of this size (RFC 8200); a smaller value is a mistake.
/// The largest is that of Linux, 65535. Docker accepts larger values, and then containers do not start.
const SMALLEST_MTU: u16 = 1280;

/// The subnet that the spec names.
pub(in crate::topology) fn written_subnet(spec: &Spec) -> Option<Ipv4Net> {
    spec.network.as_ref()?.subnet
}

pub(super) fn written_subnet_is_private(spec: &Spec) -> Option<Problem> {
    let private = [
        Ipv4Net::new(Ipv4Addr::new(10, 0, 0, 0), 8),
        Ipv4Net::new(Ipv4Addr::new(172, 16, 0, 0), 12),
        Ipv4Net::new(Ipv4Addr::new(192, 168, 0, 0), 16),
        Ipv4Net::new(Ipv4Addr::new(100, 64, 0, 0), 10),
        Ipv4Net::new(Ipv4Addr::new(198, 18, 0, 0), 15),
    ];
    let subnet = written_subnet(spec)?;
    let is_private = private.iter().flatten().any(|range| range.contains(&subnet));
    let problem = Problem::new(&SUBNET, format!("`{subnet}` is not a private subnet"));
    (!is_private).then(|| problem.hint("choose a subnet inside 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16"))
}

/// The spec's static IPs fit its subnet, and each is used once.
pub(super) fn written_ips_are_usable(spec: &Spec) -> Vec<Problem> {
    let mut problems = match (written_subnet(spec), written_subnet_is_private(spec)) {
        (Some(subnet), None) => ips_fit(spec, subnet),
        // The subnet must be corrected first.
        _ => Vec::new(),
    };
    let mut seen = BTreeMap::new();
    for (name, ip) in written_ips(spec) {
        if let Some(other) = seen.insert(ip, name) {
            problems.push(ip_problem(name, format!("`{ip}` is used by `{other}` too")));
        }
    }
    problems
}

/// Containers start with the MTU, and every link carries it.
pub(super) fn written_mtu_is_usable(spec: &Spec) -> Option<Problem> {
    let mtu = spec.network.as_ref()?.mtu?;
    (mtu < SMALLEST_MTU).then(|| {
        Problem::new(&["network", "mtu"], format!("an MTU of {mtu} bytes is not between {SMALLEST_MTU} and {}", u16::MAX))
            .hint("write the largest packet that the network between the machines carries: 1500 in most, 1400 or less in a VPN")
    })
}

/// The subnet has room for the nodes' static IPs.
pub(in crate::topology) fn subnet_has_room(subnet: Ipv4Net, nodes: usize) -> Option<Problem> {
    static_ip(subnet, 0).is_none().then(|| subnet_too_small(subnet, nodes))
}

/// The subnet overlaps no other network of the engine.
pub(in crate::topology) fn subnet_is_free(
    subnet: Ipv4Net,
    networks: &[(String, Vec<Ipv4Net>)],
) -> Vec<Problem> {
    let others = networks.iter().flat_map(|(name, others)| others.iter().map(move |other| (name, *other)));
    others
        .filter(|(_, other)| overlap(subnet, *other))
        .map(|(name, other)| {
            Problem::new(&SUBNET, format!("`{subnet}` overlaps `{other}` of {name}"))
                .hint("choose another subnet, or leave it out to get a free subnet")
        })
        .collect()
}

/// The subnet hides no network that this machine is in. A deployment that already has the subnet keeps it.
pub(in crate::topology) fn subnet_leaves_own_networks(subnet: Ipv4Net, facts: &Facts) -> Vec<Problem> {
    let has_it = facts.existing.subnet == Some(subnet.trunc());
    let hidden = facts.reached.iter().filter(|network| network.is_own && overlap(subnet, network.subnet));
    hidden
        .filter(|_| !has_it)
        .map(|network| {
            let ReachedNetwork { subnet: other, interface, .. } = network;
            let message = format!("`{subnet}` overlaps `{other}`, the network of this machine at `{interface}`");
            Problem::new(&SUBNET, message).hint(
                "this machine would not reach the other machines of that network: choose another subnet, or leave \
                 it out to get a free one",
            )
        })
        .collect()
}

/// The remark about a subnet that hides a network behind a gateway or a VPN.
#[must_use]
pub fn subnet_hides_others(spec: &Spec, facts: &Facts) -> Option<Problem> {
    let subnet = written_subnet(spec)?;
    let network = facts.reached.iter().find(|network| !network.is_own && overlap(subnet, network.subnet))?;
    let ReachedNetwork { subnet: other, interface, .. } = network;
    let message = format!(
        "`{subnet}` overlaps `{other}`, which this machine reaches through `{interface}`: as long as the deployment \
         exists, this machine does not reach that part of it"
    );
    Some(Problem::new(&SUBNET, message).hint("choose another subnet, or leave it out to get a free one"))
}

pub(in crate::topology) fn subnet_too_small(subnet: Ipv4Net, nodes: usize) -> Problem {
    let nodes = if nodes == 1 { "one node".to_owned() } else { format!("{nodes} nodes") };
    Problem::new(&SUBNET, format!("`{subnet}` is too small for {nodes}"))
        .hint("static IPs count from .11: leave room for ten addresses below the nodes', or use a /24")
}

/// The spec's static IPs are inside the subnet, and none is the network's own.
pub(in crate::topology) fn ips_fit(spec: &Spec, subnet: Ipv4Net) -> Vec<Problem> {
    let misfit = |ip: Ipv4Addr| {
        if !subnet.contains(&ip) {
            Some(format!("`{ip}` is not in the subnet `{subnet}`"))
        } else if ip == gateway(subnet) {
            Some(format!("`{ip}` is the network's gateway"))
        } else if ip == subnet.network() || ip == subnet.broadcast() {
            Some(format!("`{ip}` is the network or broadcast address of `{subnet}`"))
        } else {
            None
        }
    };
    written_ips(spec).filter_map(|(name, ip)| Some(ip_problem(name, misfit(ip)?))).collect()
}

fn written_ips(spec: &Spec) -> impl Iterator<Item = (&str, Ipv4Addr)> {
    spec.nodes.iter().flatten().filter_map(|(name, node)| Some((name.as_str(), node.ip?)))
}

fn ip_problem(node: &str, message: String) -> Problem {
    Problem::new(&["nodes", node, "ip"], message)
}

/// The problem of an IP that a node had on a replaced engine. Other machines may still send its packets there.
pub(in crate::topology) fn ip_of_a_replaced_engine(node: &NodeName, ip: Ipv4Addr) -> Problem {
    let message = format!("`{node}` had {ip} on an engine that was replaced, and needs another IP");
    Problem::new(&["nodes", node.as_str(), "ip"], message).hint("remove the line, or name another IP")
}
