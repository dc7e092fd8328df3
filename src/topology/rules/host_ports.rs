//! Rules of `host-ports`: nodes on several engines reach each other through published ports.

use crate::spec::{Access, EngineSpec, NetworkDriver, Problem, Spec};
use crate::topology::Reach;
use crate::topology::defaults::announced_host;
use crate::topology::facts::Facts;
use crate::topology::rules::announce::host_is_a_host;

/// How nodes on several engines reach each other; `None`: the spec names no engines.
pub(in crate::topology) fn reach(spec: &Spec) -> Option<Reach> {
    spec.engines.as_ref()?;
    let driver = spec.network.as_ref().and_then(|network| network.driver);
    Some(if driver == Some(NetworkDriver::HostPorts) { Reach::HostPorts } else { Reach::Overlay })
}

/// Whether nodes on several engines reach each other through published ports.
pub(in crate::topology) fn has_host_ports(spec: &Spec) -> bool {
    reach(spec) == Some(Reach::HostPorts)
}

/// The other fields fit nodes that reach each other through published ports.
pub(super) fn fields_fit_host_ports(spec: &Spec) -> Vec<Problem> {
    let mut problems: Vec<Problem> = no_common_host(spec).into_iter().collect();
    if spec.access == Some(Access::Network) {
        problems.push(
            Problem::new(&["access"], "with `host-ports`, there is no network for clients of all nodes")
                .hint("remove `access`: clients reach the nodes at the addresses of their engines"),
        );
    }
    let written = spec.ports.as_ref().and_then(|ports| ports.bind);
    if let Some(bind) = written.filter(|bind| !bind.is_unspecified()) {
        problems.push(
            Problem::new(
                &["ports", "bind"],
                format!("the nodes on other engines cannot reach ports on `{bind}`"),
            )
            .hint("remove `bind`: ports are published on the address of each engine; or write `0.0.0.0`"),
        );
    }
    let with_ip = spec.nodes.iter().flatten().filter(|(_, node)| node.ip.is_some());
    problems.extend(with_ip.map(|(name, _)| {
        Problem::new(&["nodes", name, "ip"], "with `host-ports`, a node has the address of its engine")
            .hint("remove `ip`")
    }));
    problems
}

/// Each engine has an address that the other engines reach. An engine that was not asked counts as reachable.
pub(in crate::topology) fn engines_reach_each_other(spec: &Spec, facts: &Facts) -> Vec<Problem> {
    let judge = |(name, engine): (&String, &EngineSpec)| {
        let host = host_of(facts, name, engine)?;
        let message = match facts.ip_of(host) {
            Some(ip) if ip.is_loopback() => format!("other engines cannot reach engine `{name}` at `{host}`"),
            // Another rule reports a text that is no host.
            None if facts.engine_hosts.contains_key(name) && host_is_a_host(&[], host).is_none() => {
                format!("`{host}` of engine `{name}` has no IPv4 address on this machine")
            }
            Some(_) | None => return None,
        };
        let hint = format!("write the address of its machine: `engines.{name}.address`");
        Some(Problem::new(&["engines", name], message).hint(hint))
    };
    spec.engines.iter().flatten().filter_map(judge).collect()
}

/// The host at which an engine's ports are reached: as written, otherwise that of its address, if the engine answered.
pub(in crate::topology) fn host_of<'a>(
    facts: &'a Facts,
    name: &str,
    engine: &'a EngineSpec,
) -> Option<&'a String> {
    engine.address.as_ref().or_else(|| facts.engine_hosts.get(name))
}

/// The spec announces no host for all engines.
pub(super) fn no_common_host(spec: &Spec) -> Option<Problem> {
    announced_host(spec).map(|_| {
        Problem::new(
            &["ports", "announce"],
            "one host does not lead to the ports of several engines: each announces its own",
        )
        .hint("remove `announce`: the host of each engine is that of its address, or its `address` in `engines`")
    })
}
