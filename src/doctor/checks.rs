//! The checks of `redisctl doctor`, a small function for each.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::time::Duration;

use ipnet::Ipv4Net;

use super::{CLOCK_TOLERANCE, DoctorFinding, Holders, HostServer, ImageState, Limits, Neighbours};
use crate::topology::address::{first_free_subnet, is_in_pools, is_loopback};
use crate::topology::facts::ReachedNetwork;

/// The host at which clients dial the ports that the engine publishes.
///
/// `container`: the container in which redisctl runs.
#[must_use]
pub fn reachable(host: &str, container: Option<&str>) -> DoctorFinding {
    if let (true, Some(container)) = (is_loopback(host), container) {
        return DoctorFinding::problem(
            "reachable",
            format!(
                "redisctl runs in the container `{container}`, which does not reach ports at {host} of the engine"
            ),
            "run that container with `--network host`, or publish the ports at the gateway of its network with \
             `--set ports.bind=172.17.0.1`",
        );
    }
    if is_loopback(host) {
        return DoctorFinding::ok("reachable", format!("clients dial {host}"));
    }
    DoctorFinding::warning(
        "reachable",
        format!("clients dial {host}, and ports are published on 127.0.0.1 there if the spec says nothing"),
        "`redisctl up --set ports.bind=0.0.0.0` publishes them on all its addresses: let `auth.password` guard them",
    )
}

/// The ports that the cluster of `up` publishes, and processes that hold them.
#[must_use]
pub fn ports(wanted: &RangeInclusive<u16>, holders: &Holders) -> DoctorFinding {
    let range = format!("{}-{}", wanted.start(), wanted.end());
    let mut by_holder: BTreeMap<&str, BTreeSet<u16>> = BTreeMap::new();
    for (port, holder) in holders.iter().filter(|(port, _)| wanted.contains(port)) {
        by_holder.entry(holder).or_default().insert(*port);
    }
    if by_holder.is_empty() {
        return DoctorFinding::ok("ports", format!("{range} are free for `redisctl up`"));
    }
    let held = by_holder.iter().map(|(holder, ports)| {
        let ports: Vec<String> = ports.iter().map(ToString::to_string).collect();
        format!("{} by {holder}", ports.join(", "))
    });
    let detail = format!("some of {range} are held: {}", held.collect::<Vec<_>>().join("; "));
    DoctorFinding::warning("ports", detail, "`redisctl up --port-base auto` takes free ones")
}

/// A free subnet for `nodes` nodes, which overlaps no network of the engine and no network that this machine reaches.
#[must_use]
pub fn subnet(
    nodes: usize,
    networks: &[(String, Vec<Ipv4Net>)],
    reached: &[ReachedNetwork],
) -> DoctorFinding {
    let of_engine = networks.iter().flat_map(|(_, subnets)| subnets.clone());
    let taken: Vec<Ipv4Net> = of_engine.chain(reached.iter().map(|network| network.subnet)).collect();
    let in_pools = reached.iter().filter(|network| is_in_pools(network.subnet));
    let routes: Vec<String> =
        in_pools.map(|network| format!("{} ({})", network.subnet, network.interface)).collect();
    let beside = match routes.as_slice() {
        [] => String::new(),
        routes => format!("; this machine has routes to {}", routes.join(", ")),
    };
    match first_free_subnet(nodes, &taken) {
        Some(subnet) => DoctorFinding::ok("subnet", format!("{subnet} is free for `redisctl up`{beside}")),
        None => DoctorFinding::problem(
            "subnet",
            format!("no free subnet in 172.30.0.0/16 and 10.231.0.0/16{beside}"),
            "remove unused networks (`docker network prune`), or name a subnet with `--subnet`",
        ),
    }
}

/// The image that `up` runs by default.
#[must_use]
pub fn image(reference: &str, state: &ImageState, host: &HostServer) -> DoctorFinding {
    match (state, host) {
        (ImageState::Present, _) => DoctorFinding::ok("image", format!("`{reference}` is on the engine")),
        (ImageState::InRegistry, _) => {
            DoctorFinding::ok("image", format!("`{reference}` is in its registry; the first `up` pulls it"))
        }
        (ImageState::OutOfReach(why), HostServer::Usable) => DoctorFinding::warning(
            "image",
            format!("`{reference}` is not on the engine, and cannot be pulled: {why}"),
            "`--image host` makes one from this machine's own server",
        ),
        (ImageState::OutOfReach(why), HostServer::Unusable(..)) => DoctorFinding::problem(
            "image",
            format!("`{reference}` is not on the engine, and cannot be pulled: {why}"),
            "load it with `docker load`, name an image of the engine with `--image`, or give the engine a \
             proxy or a registry mirror",
        ),
    }
}

/// This machine's own server. It is needed only if the image cannot be pulled.
#[must_use]
pub fn host_server(host: &HostServer, image: &ImageState) -> DoctorFinding {
    match (host, image) {
        (HostServer::Usable, _) => {
            DoctorFinding::ok("host server", "`--image host` can be made from this machine's server")
        }
        (HostServer::Unusable(why, Some(hint)), ImageState::OutOfReach(_)) => {
            DoctorFinding::warning("host server", why, *hint)
        }
        (HostServer::Unusable(why, _), _) => {
            DoctorFinding::ok("host server", format!("{why}; only `--image host` needs one"))
        }
    }
}

/// The limits that a spec's `resources` need.
#[must_use]
pub fn limits(limits: Limits) -> DoctorFinding {
    let missing = match (limits.memory, limits.cpu) {
        (true, true) => return DoctorFinding::ok("limits", "memory and CPUs can be limited"),
        (false, true) => "`resources.memory` has",
        (true, false) => "`resources.cpus` has",
        (false, false) => "`resources` have",
    };
    DoctorFinding::warning(
        "limits",
        format!("{missing} no effect on this engine"),
        "give the engine's machine the memory and cpu controllers of cgroups (on Debian and Raspberry Pi: \
         `cgroup_enable=memory` on the kernel's command line)",
    )
}

/// Makes room in the kernel's neighbour table.
pub const MORE_NEIGHBOURS: &str = "`sysctl net.ipv4.neigh.default.gc_thresh3=8192` makes room; so does `redisctl down` of what is not needed";

/// Room in the kernel's neighbour table for `nodes` nodes that each talk to all others.
#[must_use]
pub fn neighbours(nodes: usize, neighbours: Neighbours) -> DoctorFinding {
    // Each node knows the other nodes and its gateway, and this machine knows each node.
    let needed = nodes * (nodes + 1);
    let Neighbours { known, most } = neighbours;
    let detail =
        format!("{known} of the kernel's {most} entries for the neighbours of all containers are taken");
    if known + needed <= most {
        return DoctorFinding::ok("neighbours", detail);
    }
    DoctorFinding::warning(
        "neighbours",
        format!("{detail}, and {nodes} nodes need {needed} more: some nodes may never meet"),
        MORE_NEIGHBOURS,
    )
}

/// The difference between the engine's clock and this machine's clock, both as time since 1970.
#[must_use]
pub fn clock(engine: Option<Duration>, own: Duration) -> DoctorFinding {
    let Some(engine) = engine else {
        return DoctorFinding::ok("clock", "the engine does not tell its time");
    };
    let difference = engine.abs_diff(own);
    if difference <= CLOCK_TOLERANCE {
        return DoctorFinding::ok("clock", "the engine's clock agrees with this machine's");
    }
    let (seconds, direction) = (difference.as_secs(), if engine > own { "ahead of" } else { "behind" });
    DoctorFinding::warning(
        "clock",
        format!("the engine's clock is {seconds} s {direction} this machine's"),
        "keys with an absolute expiry time expire too early or too late: let both follow NTP (Docker \
         Desktop: restart it)",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Severity;

    #[test]
    fn ports_of_others_are_named_with_their_holders() {
        let holders = Holders::from([
            (7002, "container `x`".to_owned()),
            (7003, "container `x`".to_owned()),
            (7006, "another process".to_owned()),
            (7007, "container `y`".to_owned()),
        ]);
        let finding = ports(&(7001..=7006), &holders);
        assert_eq!(finding.severity, Severity::Warning);
        assert_eq!(
            finding.detail,
            "some of 7001-7006 are held: 7006 by another process; 7002, 7003 by container `x`"
        );
        assert_eq!(ports(&(7001..=7006), &Holders::new()).severity, Severity::Ok);
    }

    #[test]
    fn a_remote_engine_is_one_whose_ports_must_be_opened() {
        assert_eq!(reachable("127.0.0.1", None).severity, Severity::Ok);
        assert_eq!(reachable("127.0.0.1", Some("build")).severity, Severity::Problem);
        assert_eq!(reachable("engine.example", Some("build")).severity, Severity::Warning);
    }

    #[test]
    fn an_image_out_of_reach_is_a_problem_only_without_a_server_to_make_one_from() {
        let gone = ImageState::OutOfReach("no route".to_owned());
        let none = HostServer::Unusable("there is none".to_owned(), Some("install one"));
        for (state, host, image_severity, host_severity) in [
            (&ImageState::Present, &none, Severity::Ok, Severity::Ok),
            (&ImageState::InRegistry, &none, Severity::Ok, Severity::Ok),
            (&gone, &HostServer::Usable, Severity::Warning, Severity::Ok),
            (&gone, &none, Severity::Problem, Severity::Warning),
        ] {
            assert_eq!(image("redis:8", state, host).severity, image_severity, "{state:?} {host:?}");
            assert_eq!(host_server(host, state).severity, host_severity, "{state:?} {host:?}");
        }
    }

    #[test]
    fn a_full_pool_is_a_problem() {
        assert_eq!(subnet(6, &[], &[]).detail, "172.30.0.0/24 is free for `redisctl up`");
        let all = [("vpn".to_owned(), vec!["0.0.0.0/0".parse().unwrap()])];
        assert_eq!(subnet(6, &all, &[]).severity, Severity::Problem);
    }

    #[test]
    fn a_subnet_that_this_machine_reaches_is_not_free() {
        let route = |subnet: &str, interface: &str| ReachedNetwork {
            subnet: subnet.parse().unwrap(),
            interface: interface.to_owned(),
            is_own: false,
        };
        let reached = [route("172.30.0.0/16", "tun0"), route("192.168.2.0/24", "wlan0")];
        assert_eq!(
            subnet(6, &[], &reached).detail,
            "10.231.0.0/24 is free for `redisctl up`; this machine has routes to 172.30.0.0/16 (tun0)"
        );
        let all = [route("172.16.0.0/12", "tun0"), route("10.0.0.0/8", "tun0")];
        assert_eq!(subnet(6, &[], &all).severity, Severity::Problem);
    }

    #[test]
    fn limits_that_have_no_effect_are_named() {
        assert_eq!(limits(Limits { memory: true, cpu: true }).severity, Severity::Ok);
        let finding = limits(Limits { memory: false, cpu: true });
        assert_eq!(finding.severity, Severity::Warning);
        assert_eq!(finding.detail, "`resources.memory` has no effect on this engine");
    }

    #[test]
    fn every_node_has_every_other_one_for_a_neighbour() {
        let known = |known| Neighbours { known, most: 1024 };
        assert_eq!(neighbours(6, known(982)).severity, Severity::Ok);
        let finding = neighbours(6, known(983));
        assert_eq!(finding.severity, Severity::Warning);
        assert!(finding.detail.contains("6 nodes need 42 more"), "{}", finding.detail);
    }

    #[test]
    fn clocks_may_differ_by_a_little() {
        let at = Duration::from_secs;
        assert_eq!(clock(Some(at(100)), at(102)).severity, Severity::Ok);
        assert_eq!(clock(Some(at(100)), at(103)).detail, "the engine's clock is 3 s behind this machine's");
        assert_eq!(clock(Some(at(100)), at(10)).detail, "the engine's clock is 90 s ahead of this machine's");
        assert_eq!(clock(None, at(10)).severity, Severity::Ok);
    }
}
