//! From spec to topology: sets defaults, checks all rules, and reports all problems at once.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use super::address;
use super::defaults::{
    DEFAULT_REPLICAS, DEFAULT_SENTINELS, DEFAULT_SHARDS, announced_host, bind, image_reference,
};
use super::modules::modules;
use super::name::NameError;
use super::rules::addresses::{subnet_is_free, subnet_leaves_own_networks, written_subnet};
use super::rules::engines::{
    engines_have_zones, nodes_stay_on_their_engines, ports_of_engines_can_be_reached,
};
use super::rules::host_ports::{engines_reach_each_other, reach};
use super::rules::nodes::nodes_exist;
use super::rules::ports::{endpoint_leaves_the_container, ports_can_be_reached};
use super::rules::sentinels::directives_fit_their_nodes;
use super::rules::tls::server_knows_client_auth;
use super::slot_division::{Share, divide_again};
use super::users::{DEFAULT, EVERYTHING};
use super::{
    Anchor, Auth, DeploymentName, Kind, NodeName, Placement, Platform, Reach, Server, Shard, SlotSet, Tls,
    Topology, User, rules, written_slots,
};
use crate::spec::{
    NodeSpec, Problem, ShardSpec, ShardsSpec, Spec, SpecKind, SpecPath, Switch, TlsSpec, UserSpec,
};

mod addresses;
mod nodes;
mod numbers;
mod places;

use addresses::{choose_ips, choose_ports, choose_subnet};
use nodes::Draft;
use numbers::{Numbers, Shape};
use places::{engines, ips_of_engines, places};

pub use super::facts::Facts;

/// Resolves a spec.
///
/// # Errors
/// All problems of the spec.
pub fn resolve(spec: &Spec, facts: &Facts) -> Result<Topology, Vec<Problem>> {
    let mut problems = problems_without_nodes(spec, facts);
    let name = deployment_name(spec, facts).map_err(|problem| problems.push(problem)).ok();
    // Without shape and name, the nodes are unknown. Later problems would only follow from this problem.
    let (Some(name), false) = (name, rules::shape_is_broken(spec)) else {
        return Err(problems);
    };
    let kind = kind(spec.kind);
    let shape = shape(spec, kind);
    let numbers = Numbers::assign(&shape, &name, kind, &facts.existing);
    let names = numbers.names(&name);
    // If the host's IP is unknown, loopback is assumed.
    let endpoint_ip = facts.ip_of(&endpoint_host(spec, facts)).unwrap_or(Ipv4Addr::LOCALHOST);
    let placement = Placement::choose(kind, spec.access.unwrap_or_default(), endpoint_ip, reach(spec));
    problems.extend(nodes_exist(spec, &names, |node| {
        !facts.existing_is_known && NodeName::from_label(node).number_in(&name).is_some()
    }));

    let sentinels: Vec<&NodeName> = numbers.sentinels.iter().filter_map(|number| names.get(number)).collect();
    problems.extend(directives_fit_their_nodes(spec, &sentinels));

    problems.extend(nodes_stay_on_their_engines(spec, facts, &names));
    let engines = engines(spec, facts);
    let places = places(spec, facts, &engines, &numbers, &names);

    let image = facts.image.clone().unwrap_or_else(|| image_reference(spec));
    let server = facts.server.unwrap_or_else(|| Server::assumed(&image));
    problems.extend(server_knows_client_auth(spec, server));

    let mut collect = |more: Vec<Problem>| problems.extend(more);
    let subnet = choose_subnet(spec, facts, &names).map_err(&mut collect).ok();
    let ports = choose_ports(spec, facts, &names).map_err(&mut collect).ok();
    let ips = subnet.and_then(|subnet| match placement {
        Placement::Apart => choose_ips(spec, facts, subnet, &names).map_err(&mut collect).ok(),
        Placement::Together { ip } => Some(names.values().map(|name| (name.clone(), ip)).collect()),
        Placement::AtEngines => Some(ips_of_engines(&places, &engines, facts)),
    });
    let (Some(subnet), Some(ports), Some(ips), true) = (subnet, ports, ips, problems.is_empty()) else {
        return Err(problems);
    };

    let sentinels = numbers.sentinels.len();
    let counts = || numbers.shards.iter().map(|shard| shard.replicas.len());
    let draft = Draft {
        spec,
        kind,
        has_lonely_primaries: counts().min() == Some(0) && counts().max() > Some(1),
        image: &image,
        server,
        facts,
        names: &names,
        ports: &ports,
        ips: &ips,
        places: &places,
        engines: &engines,
        sentinels,
    };
    let mut slots = slots(spec, kind, facts).into_iter();
    let shards = numbers.shards.iter().map(|shard| Shard {
        slots: slots.next().unwrap_or_default(),
        primary: draft.node(shard.primary, None),
        replicas: shard.replicas.iter().map(|replica| draft.node(*replica, Some(shard.primary))).collect(),
    });
    let shards: Vec<Shard> = shards.collect();
    let sentinels = numbers.sentinels.iter().map(|number| draft.sentinel(*number)).collect();
    let anchor =
        matches!(placement, Placement::Together { .. }).then(|| address::static_ip(subnet, 0)).flatten();
    Ok(Topology {
        seeded: spec.seed.is_some(),
        formed: spec.formed.unwrap_or(true),
        anchor: anchor.map(|ip| Anchor { name: name.anchor(), ip }),
        name,
        kind,
        image,
        server,
        subnet,
        mtu: spec.network.as_ref().and_then(|network| network.mtu),
        access: spec.access.unwrap_or_default(),
        bind: bind(spec),
        auth: auth(spec),
        tls: tls(spec),
        environment: facts.environment.clone(),
        modules: modules(spec, &facts.modules, &facts.module_files),
        data: spec.data.unwrap_or_default(),
        labels: text_map(spec.labels.as_ref()),
        sysctls: text_map(spec.sysctls.as_ref()),
        platform: platform(spec),
        slots_adopted: are_adopted(spec, kind, &shards, facts),
        shards,
        sentinels,
        engines,
        reach: reach(spec).unwrap_or_default(),
        spread: spec.spread.clone(),
        replaced: facts.existing.replaced(),
        replacements: facts.existing.replacements(),
    })
}

/// The problems of a spec before its nodes are known.
fn problems_without_nodes(spec: &Spec, facts: &Facts) -> Vec<Problem> {
    let mut problems = rules::what_is_written(spec);
    problems.extend(rules::what_is_left_out(spec));
    // A server that is assumed from the image's name causes no problems.
    problems.extend(facts.server.into_iter().flat_map(|server| rules::what_the_server_knows(spec, server)));
    problems.extend(rules::what_node_servers_know(spec, facts));
    // The name of an official image with its full version causes problems for directives.
    let official = facts.server.is_none().then(|| Server::named(&image_reference(spec))).flatten();
    problems
        .extend(official.into_iter().flat_map(|server| rules::directives::server_knows_them(spec, server)));
    let written = written_subnet(spec);
    problems.extend(written.into_iter().flat_map(|subnet| subnet_is_free(subnet, &facts.networks)));
    problems.extend(written.into_iter().flat_map(|subnet| subnet_leaves_own_networks(subnet, facts)));
    match reach(spec) {
        Some(Reach::HostPorts) => problems.extend(engines_reach_each_other(spec, facts)),
        Some(Reach::Overlay) => problems.extend(ports_of_engines_can_be_reached(spec, facts)),
        None => {
            problems.extend(ports_can_be_reached(spec, facts));
            problems.extend(endpoint_leaves_the_container(&endpoint_host(spec, facts), facts));
        }
    }
    problems.extend(engines_have_zones(spec, facts));
    problems
}

/// The problems of a spec whose entries at `left_out` cannot be read. Problems that may follow from their absence are
/// left out.
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

/// Whether the absence of this field cannot cause problems of other fields.
fn is_aside(path: &SpecPath) -> bool {
    const FIELDS: [&str; 11] = [
        "image",
        "access",
        "tls",
        "config",
        "config_file",
        "modules",
        "data",
        "resources",
        "sysctls",
        "platform",
        "labels",
    ];
    let segments: Vec<&str> = path.segments().iter().map(String::as_str).collect();
    match segments[..] {
        ["nodes", _, field, ..] | [field, ..] => FIELDS.contains(&field),
        [] => false,
    }
}

/// The name of the deployment that a spec describes.
///
/// # Errors
/// Docker would refuse the name.
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

/// The slots of each shard; none without a cluster. Slots that the spec does not list stay with their shards as far as
/// possible.
fn slots(spec: &Spec, kind: Kind, facts: &Facts) -> Vec<SlotSet> {
    if kind != Kind::Cluster || spec.formed == Some(false) {
        return Vec::new();
    }
    let held = held(facts);
    if keeps_adopted(spec, facts) { held } else { divide_again(&held, &shares(spec)) }
}

/// The slots of the existing shards.
fn held(facts: &Facts) -> Vec<SlotSet> {
    let stored = facts.existing.stored.as_deref();
    let stored = stored.filter(|stored| stored.kind == Kind::Cluster && stored.formed);
    let stored = stored.into_iter().flat_map(|stored| &stored.shards).map(|shard| shard.slots.clone());
    facts.existing.adopted.clone().unwrap_or_else(|| stored.collect())
}

/// Whether the shards keep slots that the user has adopted. A list of shards, or another number of shards, divides the
/// slots again.
fn keeps_adopted(spec: &Spec, facts: &Facts) -> bool {
    let existing = &facts.existing;
    let were_adopted = existing.stored.as_deref().is_some_and(|stored| stored.slots_adopted);
    let is_list = spec.shards.as_ref().is_some_and(|shards| shards.list().is_some());
    let count = spec.shards.as_ref().map_or(DEFAULT_SHARDS as usize, ShardsSpec::count);
    (existing.adopted.is_some() || were_adopted) && !is_list && held(facts).len() == count
}

/// Whether the slots of the shards are those that the user has adopted, also if the spec lists them.
fn are_adopted(spec: &Spec, kind: Kind, shards: &[Shard], facts: &Facts) -> bool {
    let stored = facts.existing.stored.as_deref().filter(|stored| stored.slots_adopted);
    let are_equal = |stored: &Topology| {
        let theirs = stored.shards.iter().map(|shard| &shard.slots);
        theirs.eq(shards.iter().map(|shard| &shard.slots))
    };
    kind == Kind::Cluster
        && spec.formed != Some(false)
        && (keeps_adopted(spec, facts) || stored.is_some_and(are_equal))
}

/// What each shard of a cluster gets of the slots.
fn shares(spec: &Spec) -> Vec<Share> {
    let share = |shard: &ShardSpec| match &shard.slots {
        Some(slots) => Share::Slots(written_slots::read(slots).0),
        None => Share::Weight(shard.weight.unwrap_or(1)),
    };
    match spec.shards.as_ref().unwrap_or(&ShardsSpec::Count(DEFAULT_SHARDS)) {
        ShardsSpec::Count(count) => vec![Share::Weight(1); *count as usize],
        ShardsSpec::List(list) => list.iter().map(share).collect(),
    }
}

/// The number of nodes of each role.
fn shape(spec: &Spec, kind: Kind) -> Shape {
    let count = |given: Option<u32>, default: u32| given.unwrap_or(default) as usize;
    let replicas = count(spec.replicas, DEFAULT_REPLICAS);
    let (replicas, sentinels) = match (kind, &spec.shards) {
        (Kind::Standalone, _) => (vec![0], 0),
        (Kind::Replication, _) => (vec![replicas], 0),
        (Kind::Sentinel, _) => (vec![replicas], count(spec.sentinels, DEFAULT_SENTINELS)),
        (Kind::Cluster, Some(ShardsSpec::List(list))) => {
            let of_shard = |shard: &ShardSpec| shard.replicas.map_or(replicas, |own| own as usize);
            (list.iter().map(of_shard).collect(), 0)
        }
        (Kind::Cluster, shards) => {
            let shards = shards.as_ref().map_or(DEFAULT_SHARDS as usize, ShardsSpec::count);
            (vec![replicas; shards], 0)
        }
    };
    Shape { replicas, sentinels }
}

/// The host that clients dial: the announced host. A port that is published on one address of this machine answers
/// only at that address.
fn endpoint_host(spec: &Spec, facts: &Facts) -> String {
    let bind = bind(spec);
    if let Some(host) = announced_host(spec) {
        host.to_owned()
    } else if address::is_loopback(&facts.endpoint_host) && !bind.is_unspecified() {
        bind.to_string()
    } else {
        facts.endpoint_host.clone()
    }
}

fn node_spec<'a>(spec: &'a Spec, name: &NodeName) -> Option<&'a NodeSpec> {
    spec.nodes.as_ref()?.get(name.as_str())
}

fn text_map(map: Option<&BTreeMap<String, crate::spec::Scalar>>) -> BTreeMap<String, String> {
    map.into_iter().flatten().map(|(name, value)| (name.clone(), value.text())).collect()
}

/// The platform of the image, if the spec has it. A rule reports other texts.
fn platform(spec: &Spec) -> Option<Platform> {
    spec.platform.as_ref().and_then(|text| text.parse().ok())
}

/// The use of TLS, if the spec has it.
fn tls(spec: &Spec) -> Option<Tls> {
    spec.tls.as_ref().and_then(TlsSpec::options).map(Tls::from_options)
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
