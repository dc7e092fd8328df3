//! Rules of `engines`: the engines of a deployment on several machines, and the engines of its nodes.

use std::collections::BTreeMap;

use crate::spec::{Access, EngineSpec, NetworkDriver, Problem, Spec, SpecKind, nearest};
use crate::topology::defaults::bind;
use crate::topology::facts::Facts;
use crate::topology::rules::host_ports::{fields_fit_host_ports, has_host_ports, host_of, no_common_host};
use crate::topology::{EngineName, EngineReference, NodeName};

const ENGINES: [&str; 1] = ["engines"];

/// How the spec names the address of an engine; `None`: it does not, or twice.
pub(in crate::topology) fn reference(engine: &EngineSpec) -> Option<EngineReference> {
    match (&engine.host, &engine.context) {
        (Some(address), None) => Some(EngineReference::Host(address.clone())),
        (None, Some(name)) => Some(EngineReference::Context(name.clone())),
        (Some(_), Some(_)) | (None, None) => None,
    }
}

/// Each engine has a name and an address of its own.
pub(super) fn engines_are_named(spec: &Spec) -> Vec<Problem> {
    let Some(engines) = &spec.engines else { return Vec::new() };
    if engines.is_empty() {
        return vec![
            Problem::new(&ENGINES, "`engines` names no engine")
                .hint("name the engines, or remove the field: `--host` names a single engine"),
        ];
    }
    let mut problems = Vec::new();
    let mut seen: BTreeMap<EngineReference, &String> = BTreeMap::new();
    for (name, engine) in engines {
        let at = ["engines", name];
        let allowed = |character: char| character.is_ascii_alphanumeric() || "_.-".contains(character);
        if name.is_empty() || !name.chars().all(allowed) {
            problems.push(
                Problem::new(&at, format!("`{name}` is not a name of an engine"))
                    .hint("use letters, digits, `_`, `.` and `-`"),
            );
        }
        let Some(reference) = reference(engine) else {
            let (message, hint) = if engine.host.is_some() {
                (format!("engine `{name}` has two addresses"), "keep `host` or `context`")
            } else {
                (format!("engine `{name}` has no address"), "name it with `host: ADDRESS` or `context: NAME`")
            };
            problems.push(Problem::new(&at, message).hint(hint));
            continue;
        };
        if let Some(other) = seen.get(&reference) {
            let field = if engine.host.is_some() { "host" } else { "context" };
            let message = format!("engine `{name}` is engine `{other}` under another name: {reference}");
            problems.push(
                Problem::new(&["engines", name, field], message).hint("an engine has one name in a spec"),
            );
        } else {
            seen.insert(reference, name);
        }
    }
    problems
}

/// Each node's engine is one of `engines`.
pub(super) fn nodes_are_on_engines(spec: &Spec) -> Vec<Problem> {
    let engines: Vec<&str> = spec.engines.iter().flatten().map(|(name, _)| name.as_str()).collect();
    let pins = spec.nodes.iter().flatten().filter_map(|(node, own)| Some((node, own.engine.as_ref()?)));
    let unknown = pins.filter(|(_, engine)| !engines.contains(&engine.as_str()));
    let problem = |(node, engine): (&String, &String)| {
        let hint = match nearest(engine, &engines) {
            Some(near) => format!("did you mean `{near}`?"),
            None if engines.is_empty() => "name the engines in `engines`".to_owned(),
            None => format!("the engines are `{}`", engines.join("`, `")),
        };
        Problem::new(&["nodes", node, "engine"], format!("there is no engine `{engine}`")).hint(hint)
    };
    unknown.map(problem).collect()
}

/// The other fields fit a deployment on several engines, or on a single engine.
pub(super) fn fields_fit_the_engines(spec: &Spec) -> Vec<Problem> {
    let mut problems = Vec::new();
    let driver = spec.network.as_ref().and_then(|network| network.driver);
    let at_driver = ["network", "driver"];
    match (&spec.engines, driver) {
        (None, Some(NetworkDriver::Overlay)) => problems.push(
            Problem::new(&at_driver, "an overlay network is for several engines, and the spec names none")
                .hint("name the engines in `engines`, or remove `driver`"),
        ),
        (None, Some(NetworkDriver::HostPorts)) => problems.push(
            Problem::new(&at_driver, "`host-ports` is for several engines, and the spec names none")
                .hint("name the engines in `engines`, or remove `driver`"),
        ),
        (Some(_), Some(NetworkDriver::Bridge)) => problems.push(
            Problem::new(&at_driver, "a bridge network does not reach other engines")
                .hint(
                    "write `driver: overlay`, which is the default with `engines`, or `driver: host-ports` for engines \
                     that are no swarm",
                ),
        ),
        _ => {}
    }
    if spec.engines.is_none() {
        problems.extend(spec.spread.is_some().then(|| {
            Problem::new(&["spread"], "`spread` is for several engines, and the spec names none")
                .hint("name the engines in `engines`, or remove `spread`")
        }));
        return problems;
    }
    let with_zone = spec.engines.iter().flatten().find(|(_, engine)| engine.zone.is_some());
    problems.extend(with_zone.filter(|_| spec.spread.is_none()).map(|(name, _)| {
        Problem::new(&["engines", name, "zone"], "zones have no effect without `spread`")
            .hint("write `spread: zone`, which places the nodes of a shard in different zones")
    }));
    if has_host_ports(spec) {
        problems.extend(fields_fit_host_ports(spec));
        return problems;
    }
    if spec.kind == SpecKind::Sentinel && spec.access.unwrap_or_default() == Access::Host {
        problems.push(
            Problem::new(
                &ENGINES,
                "sentinels on several engines can tell clients only the addresses inside the network",
            )
            .hint(
                "set `access: network`, for clients in the deployment's network; or `network: {driver: host-ports}`, \
                 where one address leads to a node from everywhere",
            ),
        );
    }
    problems.extend(no_common_host(spec));
    let bind = bind(spec);
    if !bind.is_unspecified() && !bind.is_loopback() {
        problems.push(
            Problem::new(&["ports", "bind"], format!("`{bind}` is an address of one engine at most"))
                .hint("publish the ports on all addresses with `ports.bind: 0.0.0.0`"),
        );
    }
    problems
}

/// Each engine that answers has a zone, if the spec spreads nodes over zones.
pub(in crate::topology) fn engines_have_zones(spec: &Spec, facts: &Facts) -> Option<Problem> {
    let label = spec.spread.as_ref()?;
    let has_none = |(name, engine): &(&String, &EngineSpec)| {
        let labels = facts.engine_labels.get(*name);
        engine.zone.is_none() && labels.is_some_and(|labels| !labels.contains_key(label))
    };
    let without: Vec<&str> =
        spec.engines.iter().flatten().filter(has_none).map(|(name, _)| name.as_str()).collect();
    let verb = if without.len() == 1 { "has" } else { "have" };
    (!without.is_empty()).then(|| {
        Problem::new(&["spread"], format!("{} {verb} no label `{label}`, so the zone is not known", list(&without))).hint(format!(
            "write `zone` at the engine, or start its daemon with `dockerd --label {label}=ZONE`: a label of the daemon, not of the swarm's node"
        ))
    })
}

/// The engines with these names.
fn list(names: &[&str]) -> String {
    let noun = if names.len() == 1 { "engine" } else { "engines" };
    format!("{noun} `{}`", names.join("`, `"))
}

/// This machine reaches the published ports of every engine.
pub(in crate::topology) fn ports_of_engines_can_be_reached(spec: &Spec, facts: &Facts) -> Option<Problem> {
    let bind = bind(spec);
    let engines = spec.engines.iter().flatten();
    let hosts = engines.filter_map(|(name, engine)| host_of(facts, name, engine));
    let host = hosts.into_iter().find(|host| !crate::topology::address::is_loopback(host))?;
    bind.is_loopback().then(|| {
        let message = format!("an engine is on `{host}`, where ports on {bind} cannot be reached from here");
        Problem::new(&["ports", "bind"], message).hint(
            "publish them on all addresses with `--set ports.bind=0.0.0.0`, and let `auth.password` guard them",
        )
    })
}

/// Existing nodes stay on their engines. Two copies of a node would be worse than a missing node.
pub(in crate::topology) fn nodes_stay_on_their_engines(
    spec: &Spec,
    facts: &Facts,
    names: &BTreeMap<usize, NodeName>,
) -> Vec<Problem> {
    let Some(stored) = facts.existing.stored.as_deref() else { return Vec::new() };
    let list = |names: Vec<&str>| format!("`{}`", names.join("`, `"));
    let known = || list(stored.engines.keys().map(EngineName::as_str).collect());
    let other_name = "remove the deployment first (`redisctl down`), or give this one another name";
    match (&spec.engines, stored.engines.is_empty()) {
        (None, true) => return Vec::new(),
        (None, false) => {
            let message =
                format!("`{}` stands on the engines {}, and the spec names none", stored.name, known());
            return vec![Problem::new(&ENGINES, message).hint("name its engines in `engines`")];
        }
        (Some(_), true) => {
            let message = format!("`{}` stands on a single engine, and its nodes cannot move", stored.name);
            return vec![Problem::new(&ENGINES, message).hint(other_name)];
        }
        (Some(_), false) => {}
    }
    if stored.has_host_ports() != has_host_ports(spec) {
        let driver = if stored.has_host_ports() { "host-ports" } else { "overlay" };
        let message = format!(
            "`{}` has the driver `{driver}`, and its nodes have their addresses from it",
            stored.name
        );
        return vec![Problem::new(&["network", "driver"], message).hint(other_name)];
    }
    let mut problems = Vec::new();
    let mut gone: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for node in stored.nodes() {
        let Some(engine) = facts.existing.engine_of(&node.name).map(EngineName::as_str) else { continue };
        if !spec.engines.iter().flatten().any(|(name, _)| name == engine) {
            gone.entry(engine).or_default().push(node.name.as_str());
        }
        let pin = spec.nodes.as_ref().and_then(|nodes| nodes.get(node.name.as_str())?.engine.as_ref());
        let stays = names.values().any(|name| *name == node.name);
        let was_there = |pin: &str| {
            let replaced = facts.existing.replaced();
            replaced.get(&EngineName::new(pin)).is_some_and(|engine| engine.ips.contains_key(&node.name))
        };
        if let Some(pin) = pin.filter(|pin| stays && *pin != engine && !was_there(pin)) {
            let message = format!("`{}` is on engine `{engine}` and cannot move to `{pin}`", node.name);
            problems.push(
                Problem::new(&["nodes", node.name.as_str(), "engine"], message)
                    .hint("a node stays where it is: remove the line, or name its engine"),
            );
        }
    }
    problems.extend(gone.into_iter().map(|(engine, nodes)| {
        let message = format!("engine `{engine}` has {} and is not in the spec", list(nodes));
        Problem::new(&ENGINES, message).hint(format!("name the engines {}", known()))
    }));
    problems
}
