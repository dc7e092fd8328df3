//! The rules that a spec must keep beyond its types, each one a small function that gives problems.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use super::address::{gateway, overlap, static_ip};
use super::resolve::{Facts, HIGHEST_PORT};
use super::settings::{memory_bytes, owned};
use super::slots::SLOT_COUNT;
use super::{DeploymentName, NodeName};
use crate::spec::{AuthSpec, Problem, ResourcesSpec, Scalar, Spec, SpecKind};

/// The most nodes that one deployment may have: far beyond any use on one engine, and within the
/// pools' room.
const MOST_NODES: u32 = 1000;

/// Every rule that needs nothing but the spec.
pub(super) fn of_the_spec_alone(spec: &Spec) -> Vec<Problem> {
    let mut problems = Vec::new();
    problems.extend(kind_can_be_built(spec));
    problems.extend(fields_fit_the_kind(spec));
    problems.extend(counts_are_sane(spec));
    problems.extend(directives_are_the_users(&["config"], spec.config.as_ref()));
    for (name, node) in spec.nodes.iter().flatten() {
        problems.extend(directives_are_the_users(&["nodes", name, "config"], node.config.as_ref()));
        problems.extend(limits_can_be_read(&["nodes", name, "resources"], node.resources.as_ref()));
    }
    problems.extend(limits_can_be_read(&["resources"], spec.resources.as_ref()));
    problems.extend(users_are_sane(spec.auth.as_ref()));
    problems.extend(labels_are_the_users(spec));
    problems
}

/// Whether counts or kind are wrong, so that placing nodes makes no sense.
pub(super) fn shape_is_broken(spec: &Spec) -> bool {
    kind_can_be_built(spec).is_some() || !counts_are_sane(spec).is_empty()
}

fn kind_can_be_built(spec: &Spec) -> Option<Problem> {
    (spec.kind == SpecKind::Sentinel).then(|| {
        Problem::new(&["kind"], "kind `sentinel` cannot be built yet")
            .hint("use `replication` for a primary with replicas without automatic failover")
    })
}

fn fields_fit_the_kind(spec: &Spec) -> Vec<Problem> {
    let kind = match spec.kind {
        SpecKind::Standalone => "standalone",
        SpecKind::Replication => "replication",
        SpecKind::Sentinel => "sentinel",
        SpecKind::Cluster => "cluster",
    };
    let misfit = |field: &str, fits: &str| {
        Problem::new(&[field], format!("`{field}` does not fit kind `{kind}`"))
            .hint(format!("it fits {fits}"))
    };
    let mut problems = Vec::new();
    if spec.shards.is_some() && spec.kind != SpecKind::Cluster {
        problems.push(misfit("shards", "kind `cluster`"));
    }
    if spec.replicas.is_some() && spec.kind == SpecKind::Standalone {
        problems.push(misfit("replicas", "kinds `replication`, `sentinel` and `cluster`"));
    }
    if spec.sentinels.is_some() && spec.kind != SpecKind::Sentinel {
        problems.push(misfit("sentinels", "kind `sentinel`"));
    }
    if spec.tls == Some(true) {
        problems.push(
            Problem::new(&["tls"], "TLS cannot be switched on yet")
                .hint("remove `tls`, or set it to `false`"),
        );
    }
    let replica_password = spec.auth.as_ref().is_some_and(|auth| auth.replica_password.is_some());
    if replica_password && spec.kind != SpecKind::Replication {
        let problem = Problem::new(
            &["auth", "replica_password"],
            format!("`auth.replica_password` does not fit kind `{kind}`"),
        );
        problems
            .push(problem.hint("it fits kind `replication`: in a cluster any replica may become primary"));
    }
    problems
}

fn counts_are_sane(spec: &Spec) -> Vec<Problem> {
    let mut problems = Vec::new();
    match spec.shards {
        Some(0) => problems.push(Problem::new(&["shards"], "a cluster needs at least one shard")),
        Some(shards) if shards > u32::from(SLOT_COUNT) => problems.push(Problem::new(
            &["shards"],
            format!("{shards} shards are more than the {SLOT_COUNT} slots that there are to share"),
        )),
        _ => {}
    }
    let shards = spec.shards.unwrap_or(3).min(u32::from(SLOT_COUNT));
    let shards = if spec.kind == SpecKind::Cluster { shards } else { 1 };
    let nodes = u64::from(shards) * (1 + u64::from(spec.replicas.unwrap_or(1)));
    if problems.is_empty() && spec.kind != SpecKind::Standalone && nodes > u64::from(MOST_NODES) {
        let field =
            if spec.shards.is_some_and(|shards| shards > MOST_NODES / 2) { "shards" } else { "replicas" };
        problems.push(Problem::new(
            &[field],
            format!("that makes {nodes} nodes, and one deployment has {MOST_NODES} at most"),
        ));
    }
    problems
}

fn directives_are_the_users(path: &[&str], config: Option<&BTreeMap<String, Scalar>>) -> Vec<Problem> {
    let plain = |name: &str| {
        !name.is_empty()
            && name.chars().all(|character| character.is_ascii_alphanumeric() || "-_.".contains(character))
    };
    let mut problems = Vec::new();
    for (name, value) in config.into_iter().flatten() {
        let at: Vec<&str> = path.iter().copied().chain([name.as_str()]).collect();
        if let Some(advice) = owned(name) {
            problems.push(Problem::new(&at, format!("redisctl owns the directive `{name}`")).hint(advice));
        } else if !plain(name) {
            problems.push(Problem::new(&at, format!("`{name}` is not the name of a directive")));
        } else if value.text().contains(['\n', '\r', '\0']) {
            problems.push(Problem::new(
                &at,
                format!("the value of `{name}` has a line break or a zero byte in it"),
            ));
        }
    }
    problems
}

fn limits_can_be_read(path: &[&str], resources: Option<&ResourcesSpec>) -> Vec<Problem> {
    /// Docker's own lower bound for a container's memory.
    const LEAST_MEMORY: u64 = 6 * 1024 * 1024;
    let Some(resources) = resources else { return Vec::new() };
    let at = |field: &'static str| path.iter().copied().chain([field]).collect::<Vec<&str>>();
    let mut problems = Vec::new();
    if let Some(memory) = resources.memory.as_ref().map(Scalar::text) {
        match memory_bytes(&memory) {
            None => problems.push(
                Problem::new(&at("memory"), format!("`{memory}` is not an amount of memory"))
                    .hint("write bytes, or a number with a unit: `128mb`, `1gb`"),
            ),
            Some(bytes) if bytes < LEAST_MEMORY => {
                problems.push(Problem::new(
                    &at("memory"),
                    format!("`{memory}` is less than Docker's minimum, `6mb`"),
                ));
            }
            Some(_) => {}
        }
    }
    if resources.cpus.is_some_and(|cpus| !(0.01..=1024.0).contains(&cpus)) {
        problems.push(Problem::new(&at("cpus"), "`cpus` must be between 0.01 and 1024"));
    }
    problems
}

fn users_are_sane(auth: Option<&AuthSpec>) -> Vec<Problem> {
    let mut problems = Vec::new();
    let Some(auth) = auth else { return problems };
    if auth.replica_password.is_some() && auth.password.is_none() {
        problems.push(
            Problem::new(
                &["auth", "replica_password"],
                "`auth.replica_password` is set, but `auth.password` is not",
            )
            .hint("set `auth.password` for the primary"),
        );
    }
    let users = auth.users.as_deref().unwrap_or_default();
    for (position, user) in users.iter().enumerate() {
        let at = ["auth", "users", &position.to_string(), "name"].map(str::to_owned);
        let name = &user.name;
        if name == "default" {
            problems.push(
                Problem::new(&at, "`default` is the user that `auth.password` belongs to")
                    .hint("choose another name"),
            );
        } else if name == super::credentials::OPERATOR {
            problems.push(
                Problem::new(&at, format!("`{name}` is the user as which redisctl connects"))
                    .hint("choose another name"),
            );
        } else if name.is_empty()
            || name.contains(|character: char| character.is_whitespace() || character == '\0')
        {
            problems.push(Problem::new(&at, "a user's name must not be empty or have spaces in it"));
        } else if users[..position].iter().any(|other| other.name == *name) {
            problems.push(Problem::new(&at, format!("there are two users of the name `{name}`")));
        }
        for (rule_position, rule) in user.rules.iter().enumerate() {
            if let Some(message) = rule_problem(rule) {
                let at = ["auth", "users", &position.to_string(), "rules", &rule_position.to_string()]
                    .map(str::to_owned);
                problems.push(Problem::new(&at, message));
            }
        }
    }
    problems
}

/// What is wrong with one ACL rule. Passwords have a field of their own, because rules are printed.
fn rule_problem(rule: &str) -> Option<String> {
    match rule.chars().next() {
        Some('>' | '<' | '#' | '!') => {
            Some("a rule must not hold a password: set `password` of the user".to_owned())
        }
        Some('~' | '%' | '&' | '+' | '-' | '(') => {
            let broken = rule.contains(['\n', '\r', '\0'])
                || (rule.contains(char::is_whitespace) && !rule.starts_with('('));
            broken.then(|| format!("`{rule}` is more than one rule: write each as an entry of its own"))
        }
        _ if [
            "allkeys",
            "resetkeys",
            "allchannels",
            "resetchannels",
            "allcommands",
            "nocommands",
            "on",
            "off",
            "clearselectors",
        ]
        .contains(&rule) =>
        {
            None
        }
        _ => Some(format!("`{rule}` is not an ACL rule")),
    }
}

fn labels_are_the_users(spec: &Spec) -> Vec<Problem> {
    let names = spec.labels.iter().flatten().map(|(name, _)| name);
    names
        .filter(|name| name.starts_with(crate::observed::LABEL_PREFIX) || name.is_empty())
        .map(|name| Problem::new(&["labels", name], format!("the label `{name}` is redisctl's own")))
        .collect()
}

/// Every entry of `nodes` names a node that there is.
pub(super) fn nodes_exist(spec: &Spec, deployment: &DeploymentName, count: usize) -> Vec<Problem> {
    let exists = |name: &str| (1..=count).any(|number| deployment.node(number).as_str() == name);
    let names = spec.nodes.iter().flatten().map(|(name, _)| name);
    names
        .filter(|name| !exists(name))
        .map(|name| {
            let (first, last) = (deployment.node(1), deployment.node(count));
            let hint = if count == 1 {
                format!("the node is `{first}`")
            } else {
                format!("nodes are `{first}` to `{last}`")
            };
            Problem::new(&["nodes", name], format!("there is no node `{name}`")).hint(hint)
        })
        .collect()
}

/// An explicit subnet is private, large enough, and overlaps no network of the engine.
pub(super) fn subnet_fits(
    subnet: Ipv4Net,
    nodes: usize,
    networks: &[(String, Vec<Ipv4Net>)],
) -> Vec<Problem> {
    const AT: [&str; 2] = ["network", "subnet"];
    let private = [
        Ipv4Net::new(Ipv4Addr::new(10, 0, 0, 0), 8),
        Ipv4Net::new(Ipv4Addr::new(172, 16, 0, 0), 12),
        Ipv4Net::new(Ipv4Addr::new(192, 168, 0, 0), 16),
        Ipv4Net::new(Ipv4Addr::new(100, 64, 0, 0), 10),
        Ipv4Net::new(Ipv4Addr::new(198, 18, 0, 0), 15),
    ];
    let mut problems = Vec::new();
    if !private.iter().flatten().any(|range| range.contains(&subnet)) {
        problems.push(
            Problem::new(&AT, format!("`{subnet}` is not a private subnet"))
                .hint("choose one inside 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16"),
        );
    }
    if nodes > 0 && static_ip(subnet, 0).is_none() {
        problems.push(subnet_too_small(subnet, nodes));
    }
    for (name, others) in networks {
        for other in others.iter().filter(|other| overlap(subnet, **other)) {
            problems.push(
                Problem::new(&AT, format!("`{subnet}` overlaps `{other}` of the network `{name}`"))
                    .hint("choose another subnet, or leave it out to get a free one"),
            );
        }
    }
    problems
}

pub(super) fn subnet_too_small(subnet: Ipv4Net, nodes: usize) -> Problem {
    Problem::new(&["network", "subnet"], format!("`{subnet}` is too small for {nodes} nodes"))
        .hint("static IPs count from .11: leave room for ten addresses below the nodes', or use a /24")
}

/// Explicit IPs are inside the subnet, each used once, and none is the network's own.
pub(super) fn ips_fit(ips: &BTreeMap<&NodeName, Ipv4Addr>, subnet: Ipv4Net) -> Vec<Problem> {
    let mut seen: BTreeMap<Ipv4Addr, &NodeName> = BTreeMap::new();
    let mut problems = Vec::new();
    for (name, ip) in ips {
        let problem = |message: String| Problem::new(&["nodes", name.as_str(), "ip"], message);
        if !subnet.contains(ip) {
            problems.push(problem(format!("`{ip}` is not in the subnet `{subnet}`")));
        } else if *ip == gateway(subnet) {
            problems.push(problem(format!("`{ip}` is the network's gateway")));
        } else if *ip == subnet.network() || *ip == subnet.broadcast() {
            problems.push(problem(format!("`{ip}` is the network or broadcast address of `{subnet}`")));
        } else if let Some(other) = seen.insert(*ip, name) {
            problems.push(problem(format!("`{ip}` is used by `{other}` too")));
        }
    }
    problems
}

pub(super) fn port_out_of_range(path: &[&str], port: usize) -> Problem {
    let problem = Problem::new(path, format!("port {port} is not between 1024 and {HIGHEST_PORT}"));
    if port > usize::from(HIGHEST_PORT) {
        problem.hint("the cluster bus listens on the port 10000 above")
    } else {
        problem.hint("servers do not run as root, and ports below 1024 are root's")
    }
}

/// No port is used twice, and none is held by somebody else.
pub(super) fn ports_are_free(spec: &Spec, ports: &BTreeMap<NodeName, u16>, facts: &Facts) -> Vec<Problem> {
    let mut seen: BTreeMap<u16, &NodeName> = BTreeMap::new();
    let mut problems = Vec::new();
    for (name, port) in ports {
        let explicit = spec.nodes.as_ref().and_then(|nodes| nodes.get(name.as_str())?.port).is_some();
        let own = ["nodes", name.as_str(), "port"];
        let at: &[&str] = if explicit { &own } else { &["ports", "base"] };
        let held_already =
            facts.current.as_ref().is_some_and(|current| current.ports.get(name) == Some(port));
        if let Some(other) = seen.insert(*port, name) {
            problems.push(Problem::new(at, format!("port {port} of `{name}` is used by `{other}` too")));
        } else if let Some(holder) = facts.busy_ports.get(port).filter(|_| !held_already) {
            let flag = if explicit {
                format!("set `nodes.{name}.port` to another one")
            } else {
                "choose another range with `--port-base PORT`, or let free ones be picked with `--port-base auto`".to_owned()
            };
            problems
                .push(Problem::new(at, format!("port {port} of `{name}` is taken by {holder}")).hint(flag));
        }
    }
    problems
}
