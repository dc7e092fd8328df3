//! From spec to topology: every default decided, every rule checked, every problem reported at once.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use super::address;
use super::defaults::{DEFAULT_PORT_BASE, DEFAULT_SENTINELS, HIGHEST_PORT, bind, image_reference};
use super::name::NameError;
use super::rules::addresses::{self, ips_fit, subnet_too_small};
use super::rules::nodes::nodes_exist;
use super::rules::ports::{self, base_too_high, is_in_range, ports_are_free};
use super::rules::tls::server_knows_client_auth;
use super::users::{DEFAULT, EVERYTHING};
use super::{
    Anchor, Auth, DeploymentName, Kind, NodeName, Placement, Server, Shard, Tls, Topology, User, rules, slots,
};
use crate::spec::{NodeSpec, PortBase, Problem, Spec, SpecKind, SpecPath, Switch, TlsSpec, UserSpec};

mod draft;

use draft::Draft;

pub use super::facts::Facts;

/// Resolves a spec.
///
/// # Errors
/// Everything that is wrong with it.
pub fn resolve(spec: &Spec, facts: &Facts) -> Result<Topology, Vec<Problem>> {
    let mut problems = rules::what_is_written(spec);
    problems.extend(rules::what_is_left_out(spec));
    // What is assumed of an image that nobody has looked into is no ground to refuse anything.
    problems.extend(facts.server.into_iter().flat_map(|server| rules::what_the_server_knows(spec, server)));
    let written = addresses::written_subnet(spec);
    problems
        .extend(written.into_iter().flat_map(|subnet| addresses::subnet_is_free(subnet, &facts.networks)));
    problems.extend(ports::ports_can_be_reached(spec, &facts.endpoint_host));
    let name = deployment_name(spec, facts).map_err(|problem| problems.push(problem)).ok();
    // Without a shape or a name there is nothing to place: later problems would be echoes.
    let (Some(name), false) = (name, rules::shape_is_broken(spec)) else {
        return Err(problems);
    };
    let kind = kind(spec.kind);
    let (shard_count, replicas) = shape(spec, kind);
    let server_count = shard_count * (1 + replicas);
    let node_count = server_count + sentinels(spec, kind);
    // Loopback is where clients are, unless it is known better.
    let endpoint_ip = endpoint_host(spec, facts).parse().ok().or(facts.endpoint_ip);
    let endpoint_ip = endpoint_ip.unwrap_or(Ipv4Addr::LOCALHOST);
    let placement = Placement::of(kind, spec.access.unwrap_or_default(), endpoint_ip);
    problems.extend(nodes_exist(spec, &name, node_count));

    let image = facts.image.clone().unwrap_or_else(|| image_reference(spec));
    let server = facts.server.unwrap_or_else(|| Server::assumed(&image));
    problems.extend(server_knows_client_auth(spec, server));

    let names: Vec<NodeName> = (1..=node_count).map(|number| name.node(number)).collect();
    let mut collect = |more: Vec<Problem>| problems.extend(more);
    let subnet = choose_subnet(spec, facts, node_count).map_err(&mut collect).ok();
    let ports = choose_ports(spec, facts, &names).map_err(&mut collect).ok();
    let ips = subnet.and_then(|subnet| match placement {
        Placement::Apart => place(spec, subnet, &names).map_err(&mut collect).ok(),
        Placement::Together { ip } => Some(names.iter().map(|name| (name.clone(), ip)).collect()),
    });
    let (Some(subnet), Some(ports), Some(ips), true) = (subnet, ports, ips, problems.is_empty()) else {
        return Err(problems);
    };

    let sentinels = node_count - server_count;
    let draft = Draft { spec, kind, server, facts, names: &names, ports: &ports, ips: &ips, sentinels };
    let ranges = if kind == Kind::Cluster { slots::divide(shard_count) } else { Vec::new() };
    let shards = (0..shard_count)
        .map(|shard| Shard {
            slots: ranges.get(shard).copied().into_iter().collect(),
            primary: draft.node(shard, None),
            replicas: (0..replicas)
                .map(|replica| draft.node(shard_count * (1 + replica) + shard, Some(shard)))
                .collect(),
        })
        .collect();
    let sentinels = (server_count..node_count).map(|position| draft.sentinel(position)).collect();
    let anchor = (placement != Placement::Apart).then(|| address::static_ip(subnet, 0)).flatten();
    Ok(Topology {
        anchor: anchor.map(|ip| Anchor { name: name.anchor(), ip }),
        name,
        kind,
        image,
        server,
        subnet,
        access: spec.access.unwrap_or_default(),
        bind: bind(spec),
        auth: auth(spec),
        tls: tls(spec),
        data: spec.data.unwrap_or_default(),
        labels: text_map(spec.labels.as_ref()),
        shards,
        sentinels,
    })
}

/// What is wrong with the rest of a spec whose entries at `left_out` cannot be read. Whatever might
/// be a mere consequence of their absence is not told.
pub fn problems_of_rest<'a>(
    spec: &Spec,
    mut left_out: impl Iterator<Item = &'a SpecPath>,
    facts: &Facts,
) -> Vec<Problem> {
    if left_out.all(is_aside) {
        return resolve(spec, facts).err().unwrap_or_default();
    }
    let mut problems = rules::what_is_written(spec);
    problems.extend(spec.name.is_some().then(|| deployment_name(spec, facts).err()).flatten());
    problems
}

/// Whether a field can be missing without a consequence for any other: it has no say in which nodes
/// there are, where they are, and what else they need.
fn is_aside(path: &SpecPath) -> bool {
    const FIELDS: [&str; 7] = ["image", "access", "tls", "config", "data", "resources", "labels"];
    let segments: Vec<&str> = path.segments().iter().map(String::as_str).collect();
    match segments[..] {
        ["nodes", _, field, ..] | [field, ..] => FIELDS.contains(&field),
        [] => false,
    }
}

/// The name of the deployment that a spec describes.
///
/// # Errors
/// Where Docker would refuse it.
pub fn deployment_name(spec: &Spec, facts: &Facts) -> Result<DeploymentName, Problem> {
    let name = spec.name.clone().unwrap_or_else(|| facts.default_name.clone());
    DeploymentName::new(name).map_err(|error| {
        let hint = match spec.name {
            Some(_) => NameError::hint().to_owned(),
            None => format!("set `name`, which is the file's name otherwise: {}", NameError::hint()),
        };
        Problem::new(&["name"], error.to_string()).hint(hint)
    })
}

fn kind(kind: SpecKind) -> Kind {
    match kind {
        SpecKind::Standalone => Kind::Standalone,
        SpecKind::Replication => Kind::Replication,
        SpecKind::Sentinel => Kind::Sentinel,
        SpecKind::Cluster => Kind::Cluster,
    }
}

/// How many shards, and how many replicas each.
fn shape(spec: &Spec, kind: Kind) -> (usize, usize) {
    let count = |given: Option<u32>, default: u32| given.unwrap_or(default) as usize;
    match kind {
        Kind::Standalone => (1, 0),
        Kind::Replication | Kind::Sentinel => (1, count(spec.replicas, 1)),
        Kind::Cluster => (count(spec.shards, 3), count(spec.replicas, 1)),
    }
}

/// How many sentinels.
fn sentinels(spec: &Spec, kind: Kind) -> usize {
    match kind {
        Kind::Sentinel => spec.sentinels.unwrap_or(DEFAULT_SENTINELS) as usize,
        Kind::Standalone | Kind::Replication | Kind::Cluster => 0,
    }
}

/// The host that clients dial. Ports that are published on one address of this machine answer at no other.
fn endpoint_host(spec: &Spec, facts: &Facts) -> String {
    let bind = bind(spec);
    if address::is_loopback(&facts.endpoint_host) && !bind.is_unspecified() {
        bind.to_string()
    } else {
        facts.endpoint_host.clone()
    }
}

fn choose_subnet(spec: &Spec, facts: &Facts, nodes: usize) -> Result<Ipv4Net, Vec<Problem>> {
    if let Some(subnet) = addresses::written_subnet(spec) {
        return match addresses::subnet_has_room(subnet, nodes) {
            Some(problem) => Err(vec![problem]),
            None => Ok(subnet.trunc()),
        };
    }
    if let Some(current) = &facts.current {
        return Ok(current.subnet);
    }
    let taken: Vec<Ipv4Net> = facts.networks.iter().flat_map(|(_, subnets)| subnets.clone()).collect();
    address::first_free_subnet(nodes, &taken).ok_or_else(|| {
        vec![
            Problem::new(&["network"], "no free subnet was found in 172.30.0.0/16 and 10.231.0.0/16")
                .hint("name one with `network.subnet` or `--subnet`, or remove networks that nobody uses"),
        ]
    })
}

/// A port for each node: its own, the one it has already, or the base plus its position.
fn choose_ports(
    spec: &Spec,
    facts: &Facts,
    names: &[NodeName],
) -> Result<BTreeMap<NodeName, u16>, Vec<Problem>> {
    let base_field = spec.ports.as_ref().and_then(|ports| ports.base);
    let own = |name: &NodeName| node_spec(spec, name).and_then(|node| node.port);
    let base = match base_field {
        Some(PortBase::Port(port)) => port,
        None => DEFAULT_PORT_BASE,
        Some(PortBase::Word(_)) => return automatic_ports(facts, names, own),
    };
    let mut problems = Vec::new();
    let mut ports = BTreeMap::new();
    for (position, name) in names.iter().enumerate() {
        if let Some(port) = own(name) {
            ports.insert(name.clone(), port);
            continue;
        }
        let port = usize::from(base) + position;
        match u16::try_from(port) {
            Ok(port) if is_in_range(port) => {
                ports.insert(name.clone(), port);
            }
            // A base that is out of range itself has been told; and it is wrong once, not for each node.
            _ if problems.is_empty() && is_in_range(base) => problems.push(base_too_high(name, port)),
            _ => {}
        }
    }
    problems.extend(ports_are_free(spec, &ports, facts));
    if problems.is_empty() { Ok(ports) } else { Err(problems) }
}

/// Free ports in a row for the nodes that have none, from the default base on.
fn automatic_ports(
    facts: &Facts,
    names: &[NodeName],
    own: impl Fn(&NodeName) -> Option<u16>,
) -> Result<BTreeMap<NodeName, u16>, Vec<Problem>> {
    let mut ports: BTreeMap<NodeName, u16> = names
        .iter()
        .filter_map(|name| {
            let current = facts.current.as_ref().and_then(|current| current.ports.get(name).copied());
            Some((name.clone(), own(name).or(current)?))
        })
        .collect();
    let missing: Vec<&NodeName> = names.iter().filter(|name| !ports.contains_key(*name)).collect();
    let used: BTreeSet<u16> = ports.values().copied().collect();
    let free = |port: u16| !facts.busy_ports.contains_key(&port) && !used.contains(&port);
    let count = u16::try_from(missing.len()).unwrap_or(u16::MAX);
    let base =
        (DEFAULT_PORT_BASE..=HIGHEST_PORT.saturating_sub(count)).find(|base| (*base..base + count).all(free));
    match base {
        Some(base) => {
            ports.extend(missing.into_iter().cloned().zip(base..));
            Ok(ports)
        }
        None => Err(vec![
            Problem::new(&["ports", "base"], format!("no {count} free ports in a row were found"))
                .hint("name a range with `ports.base` or `--port-base`"),
        ]),
    }
}

/// A static IP for each node: its own, or the next one of the subnet.
fn place(
    spec: &Spec,
    subnet: Ipv4Net,
    names: &[NodeName],
) -> Result<BTreeMap<NodeName, Ipv4Addr>, Vec<Problem>> {
    let own: BTreeMap<&NodeName, Ipv4Addr> =
        names.iter().filter_map(|name| Some((name, node_spec(spec, name)?.ip?))).collect();
    if addresses::written_subnet(spec).is_none() {
        let hint = "name the subnet that it belongs to with `network.subnet`; otherwise a free one is chosen";
        let problems: Vec<Problem> =
            ips_fit(spec, subnet).into_iter().map(|problem| problem.hint(hint)).collect();
        if !problems.is_empty() {
            return Err(problems);
        }
    }
    let claimed: BTreeSet<Ipv4Addr> = own.values().copied().collect();
    // A node keeps the IP of its position where it can, so that one explicit IP moves no other node.
    let mut spare = (names.len()..).map_while(|position| address::static_ip(subnet, position));
    let mut ips = BTreeMap::new();
    for (position, name) in names.iter().enumerate() {
        let ip = own
            .get(name)
            .copied()
            .or_else(|| address::static_ip(subnet, position).filter(|ip| !claimed.contains(ip)))
            .or_else(|| spare.find(|ip| !claimed.contains(ip)));
        match ip {
            Some(ip) => ips.insert(name.clone(), ip),
            None => return Err(vec![subnet_too_small(subnet, names.len())]),
        };
    }
    Ok(ips)
}

fn node_spec<'a>(spec: &'a Spec, name: &NodeName) -> Option<&'a NodeSpec> {
    spec.nodes.as_ref()?.get(name.as_str())
}

fn text_map(map: Option<&BTreeMap<String, crate::spec::Scalar>>) -> BTreeMap<String, String> {
    map.into_iter().flatten().map(|(name, value)| (name.clone(), value.text())).collect()
}

/// How TLS is spoken, where it is.
fn tls(spec: &Spec) -> Option<Tls> {
    spec.tls.as_ref().and_then(TlsSpec::options).map(Tls::of)
}

fn auth(spec: &Spec) -> Option<Auth> {
    let auth = spec.auth.as_ref()?;
    let (default, users): (Vec<&UserSpec>, Vec<&UserSpec>) =
        auth.users.iter().flatten().partition(|user| user.name == DEFAULT);
    let default_rules = match auth.default {
        Some(Switch::Off) => None,
        Some(Switch::On) | None => Some(match default.first() {
            Some(limited) => limited.rules.clone(),
            None => EVERYTHING.map(str::to_owned).to_vec(),
        }),
    };
    let user = |user: &UserSpec| User { name: user.name.clone(), rules: user.rules.clone() };
    Some(Auth {
        default_password: auth.password.is_some(),
        replica_password: auth.replica_password.is_some(),
        default_rules,
        users: users.into_iter().map(user).collect(),
    })
}
