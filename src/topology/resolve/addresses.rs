//! The subnet of a deployment, and the port and static IP of each node.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use super::node_spec;
use crate::spec::{PortBase, Problem, Spec};
use crate::topology::NodeName;
use crate::topology::address::{first_free_subnet, overlap, static_ip};
use crate::topology::defaults::{BUS_OFFSET, DEFAULT_PORT_BASE, HIGHEST_PORT};
use crate::topology::facts::Facts;
use crate::topology::rules::addresses::{
    ip_of_a_replaced_engine, ips_fit, subnet_has_room, subnet_too_small, written_subnet,
};
use crate::topology::rules::ports::{
    base_too_high, bus_ports_are_free, is_in_range, ports_are_free, publishes_bus,
};

/// The names of all nodes by number.
type Names = BTreeMap<usize, NodeName>;

/// The highest number of a node. The subnet must have room for it, because static IPs follow the numbers.
fn highest(names: &Names) -> usize {
    names.keys().next_back().copied().unwrap_or(1)
}

/// The subnet: from the spec, otherwise from the deployment's network, otherwise the stored subnet, otherwise the
/// first free subnet.
pub(super) fn choose_subnet(spec: &Spec, facts: &Facts, names: &Names) -> Result<Ipv4Net, Vec<Problem>> {
    if let Some(subnet) = written_subnet(spec) {
        return match subnet_has_room(subnet, names.len()) {
            Some(problem) => Err(vec![problem]),
            None => Ok(subnet.trunc()),
        };
    }
    if let Some(subnet) = facts.existing.subnet {
        return Ok(subnet);
    }
    let of_engine = facts.networks.iter().flat_map(|(_, subnets)| subnets.clone());
    let taken: Vec<Ipv4Net> = of_engine.chain(facts.reached.iter().map(|network| network.subnet)).collect();
    let stored = facts.existing.stored.as_ref().map(|stored| stored.subnet);
    let stored = stored.filter(|subnet| !taken.iter().any(|other| overlap(*subnet, *other)));
    stored.or_else(|| first_free_subnet(highest(names), &taken)).ok_or_else(|| {
        vec![
            Problem::new(&["network"], "no free subnet was found in 172.30.0.0/16 and 10.231.0.0/16")
                .hint("name a subnet with `network.subnet` or `--subnet`, or remove unused networks"),
        ]
    })
}

/// A port for each node: from the spec, otherwise the base plus its number. With base `auto`, existing nodes keep
/// their ports, and new nodes get free ports.
pub(super) fn choose_ports(
    spec: &Spec,
    facts: &Facts,
    names: &Names,
) -> Result<BTreeMap<NodeName, u16>, Vec<Problem>> {
    let own = |name: &NodeName| node_spec(spec, name).and_then(|node| node.port);
    let base = match spec.ports.as_ref().and_then(|ports| ports.base) {
        Some(PortBase::Port(port)) => port,
        None => DEFAULT_PORT_BASE,
        Some(PortBase::Word(_)) => return automatic_ports(facts, names, own, publishes_bus(spec)),
    };
    let mut problems = Vec::new();
    let mut ports = BTreeMap::new();
    for (number, name) in names {
        if let Some(port) = own(name) {
            ports.insert(name.clone(), port);
            continue;
        }
        let port = usize::from(base) + number - 1;
        match u16::try_from(port) {
            Ok(port) if is_in_range(port) => {
                ports.insert(name.clone(), port);
            }
            // Another rule reports a base that is out of range. Too high ports are one problem, not a problem for
            // each node.
            _ if problems.is_empty() && is_in_range(base) => problems.push(base_too_high(name, port)),
            _ => {}
        }
    }
    problems.extend(ports_are_free(spec, &ports, facts));
    problems.extend(bus_ports_are_free(spec, &ports, facts));
    if problems.is_empty() { Ok(ports) } else { Err(problems) }
}

/// The ports of existing nodes. New nodes get ports that the deployment publishes but no node uses, otherwise free
/// ports in a row.
fn automatic_ports(
    facts: &Facts,
    names: &Names,
    own: impl Fn(&NodeName) -> Option<u16>,
    with_bus: bool,
) -> Result<BTreeMap<NodeName, u16>, Vec<Problem>> {
    let existing = &facts.existing;
    let published = existing.published_ports();
    let kept = |name: &NodeName| {
        let is_usable = |port: &u16| published.contains(port) || !facts.busy_ports.contains_key(port);
        existing.port(name).filter(is_usable)
    };
    let mut ports: BTreeMap<NodeName, u16> =
        names.values().filter_map(|name| Some((name.clone(), own(name).or_else(|| kept(name))?))).collect();
    let stored = existing.stored.iter().flat_map(|stored| stored.nodes()).map(|node| node.address.port);
    let of_containers = existing.containers.keys().filter_map(|name| existing.port(name));
    let held: BTreeSet<u16> = ports.values().copied().chain(stored).chain(of_containers).collect();
    // The anchor of an interrupted run publishes ports of nodes that do not have containers yet.
    let mut waiting = published.difference(&held).copied();
    let mut missing = Vec::new();
    for name in names.values().filter(|name| own(name).or_else(|| kept(name)).is_none()) {
        match waiting.next() {
            Some(port) => drop(ports.insert(name.clone(), port)),
            None => missing.push(name.clone()),
        }
    }
    let is_held =
        |port: u16| facts.busy_ports.contains_key(&port) || held.contains(&port) || published.contains(&port);
    let free = |port: u16| !(is_held(port) || with_bus && is_held(port + BUS_OFFSET));
    let count = u16::try_from(missing.len()).unwrap_or(u16::MAX);
    let base =
        (DEFAULT_PORT_BASE..=HIGHEST_PORT.saturating_sub(count)).find(|base| (*base..base + count).all(free));
    match base {
        Some(base) => {
            ports.extend(missing.into_iter().zip(base..));
            Ok(ports)
        }
        None => Err(vec![
            Problem::new(&["ports", "base"], format!("no {count} free ports in a row were found"))
                .hint("name a range with `ports.base` or `--port-base`"),
        ]),
    }
}

/// A static IP for each node: from the spec, otherwise the stored IP, otherwise the IP of its number. If that IP is
/// taken, the node gets an IP beyond those of all numbers.
pub(super) fn choose_ips(
    spec: &Spec,
    facts: &Facts,
    subnet: Ipv4Net,
    names: &Names,
) -> Result<BTreeMap<NodeName, Ipv4Addr>, Vec<Problem>> {
    if written_subnet(spec).is_none() {
        let hint = "name its subnet with `network.subnet`; otherwise redisctl chooses a free subnet";
        let problems: Vec<Problem> =
            ips_fit(spec, subnet).into_iter().map(|problem| problem.hint(hint)).collect();
        if !problems.is_empty() {
            return Err(problems);
        }
    }
    let mut ips: BTreeMap<NodeName, Ipv4Addr> =
        names.values().filter_map(|name| Some((name.clone(), node_spec(spec, name)?.ip?))).collect();
    let former = facts.existing.former_ips();
    let used_before = ips.iter().filter(|(_, ip)| former.contains(ip));
    let problems: Vec<Problem> = used_before.map(|(name, ip)| ip_of_a_replaced_engine(name, *ip)).collect();
    if !problems.is_empty() {
        return Err(problems);
    }
    let mut taken: BTreeSet<Ipv4Addr> = ips.values().copied().chain(former).collect();
    for name in names.values() {
        let kept = facts.existing.ip(name, subnet).filter(|ip| !taken.contains(ip));
        if let (Some(ip), false) = (kept, ips.contains_key(name)) {
            taken.insert(ip);
            ips.insert(name.clone(), ip);
        }
    }
    // Every other node gets the IP of its number if it is free. So an explicit IP moves no other node.
    let mut spare = (highest(names)..).map_while(|position| static_ip(subnet, position));
    for (number, name) in names {
        if ips.contains_key(name) {
            continue;
        }
        let by_number = static_ip(subnet, number - 1).filter(|ip| !taken.contains(ip));
        let Some(ip) = by_number.or_else(|| spare.find(|ip| !taken.contains(ip))) else {
            return Err(vec![subnet_too_small(subnet, names.len())]);
        };
        taken.insert(ip);
        ips.insert(name.clone(), ip);
    }
    Ok(ips)
}
