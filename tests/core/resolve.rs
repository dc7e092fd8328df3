//! Topologies of specs, and facts about every valid topology.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use proptest::prelude::*;
use redisctl::spec::{PortBase, PortsSpec, ShardsSpec, Spec};
use redisctl::topology::container::containers;
use redisctl::topology::defaults::HIGHEST_PORT;
use redisctl::topology::facts::{Existing, Facts, ReachedNetwork};
use redisctl::topology::resolve::resolve;
use redisctl::topology::rules::addresses::subnet_hides_others;
use redisctl::topology::tls::names;
use redisctl::topology::warnings::warnings;
use redisctl::topology::{Address, Kind, Topology};

mod bad_specs;
mod engines;
mod hosts;
mod shards;

fn spec(yaml: &str) -> Spec {
    serde_yaml::from_str(yaml).expect("a spec")
}

fn try_resolve(yaml: &str, facts: &Facts) -> Result<Topology, Vec<String>> {
    resolve(&spec(yaml), facts).map_err(|problems| {
        problems.iter().map(|problem| format!("{}: {}", problem.path, problem.message)).collect()
    })
}

/// A machine with a taken network and a taken port.
fn busy() -> Facts {
    let mut facts = Facts::offline("shop");
    facts
        .networks
        .push(("the network `bridge`".to_owned(), vec!["172.17.0.0/16".parse().expect("a subnet")]));
    facts.busy_ports.insert(7002, "another process".to_owned());
    facts
}

#[test]
fn what_an_existing_deployment_has_is_kept() {
    let shop = try_resolve("{kind: replication, ports: {base: auto}}", &busy()).expect("it resolves");
    let ports: Vec<u16> = shop.nodes().iter().map(|node| node.address.port).collect();
    assert_eq!(ports, [7003, 7004]);
    let mut facts = busy();
    let containers = containers(&shop).into_iter().map(|container| (container.name.clone(), container));
    facts.existing = Existing {
        subnet: Some("172.30.9.0/24".parse().expect("a subnet")),
        containers: containers.collect(),
        stored: None,
        adopted: None,
        replacement: None,
    };
    // The deployment itself holds these ports.
    facts.busy_ports.extend([(7003, "itself".to_owned()), (7004, "itself".to_owned())]);
    let again = try_resolve("{kind: replication, ports: {base: auto}}", &facts).expect("it resolves");
    let ports: Vec<u16> = again.nodes().iter().map(|node| node.address.port).collect();
    assert_eq!(ports, [7003, 7004]);
    assert_eq!(again.subnet.to_string(), "172.30.9.0/24");
}

#[test]
fn an_explicit_ip_moves_no_other_node() {
    let yaml = "{kind: replication, replicas: 2, ports: {base: 7101}, network: {subnet: 10.1.0.0/24}, nodes: {shop-3: {ip: 10.1.0.12}}}";
    let topology = try_resolve(yaml, &busy()).expect("it resolves");
    let ips: Vec<String> = topology.nodes().iter().map(|node| node.address.ip.to_string()).collect();
    assert_eq!(ips, ["10.1.0.11", "10.1.0.14", "10.1.0.12"]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn resolving_never_panics_and_addresses_are_unique_and_inside(
        kind in prop_oneof![Just("standalone"), Just("replication"), Just("cluster"), Just("sentinel")],
        shards in proptest::option::of(prop_oneof![0_u32..30, Just(u32::MAX)]),
        replicas in proptest::option::of(prop_oneof![0_u32..5, Just(u32::MAX)]),
        base in proptest::option::of(prop_oneof![any::<u16>(), 7003_u16..=30_000]),
        subnet in proptest::option::of((any::<[u8; 2]>(), 8_u8..=32)),
        ip in proptest::option::of(any::<u8>()),
        name in "[a-z0-9_.-]{0,8}",
    ) {
        let mut spec = spec(&format!("kind: {kind}"));
        (spec.shards, spec.replicas, spec.name) = (shards.map(ShardsSpec::Count), replicas, Some(name.clone()));
        spec.ports = base.map(|base| PortsSpec { base: Some(PortBase::Port(base)), ..PortsSpec::default() });
        if let Some(([two, three], length)) = subnet {
            let subnet = format!("10.{two}.{three}.0/{length}");
            spec.network = Some(serde_yaml::from_str(&format!("subnet: {subnet}")).expect("a network"));
            let node = ip.map(|ip| format!("{{{name}-1: {{ip: 10.{two}.{three}.{ip}}}}}"));
            spec.nodes = node.and_then(|node| serde_yaml::from_str(&node).ok());
        }
        let Ok(topology) = resolve(&spec, &busy()) else {
            let is_plain = shards.is_none() && replicas.is_none() && subnet.is_none();
            let is_named = name.starts_with(|first: char| first.is_ascii_alphanumeric());
            let has_ports = base.is_some_and(|base| (7003..=30_000).contains(&base));
            prop_assert!(!(is_plain && is_named && has_ports), "this spec is good, and it is refused");
            return Ok(());
        };
        let nodes = topology.nodes();
        let addresses: Vec<Address> = nodes.iter().map(|node| node.address).collect();
        let ips = addresses.iter().map(|address| address.ip).collect::<BTreeSet<_>>().len();
        prop_assert_eq!(ips, if topology.anchor.is_some() { 1 } else { nodes.len() });
        prop_assert_eq!(addresses.iter().map(|address| address.port).collect::<BTreeSet<_>>().len(), nodes.len());
        let inside = |ip| topology.subnet.contains(&ip);
        match &topology.anchor {
            None => prop_assert!(addresses.iter().all(|address| inside(address.ip))),
            Some(anchor) => prop_assert!(inside(anchor.ip)),
        }
        prop_assert!(addresses.iter().all(|address| (1024..=HIGHEST_PORT).contains(&address.port) && address.port != 7002));
        prop_assert!(topology.kind != Kind::Cluster || topology.shards.iter().all(|shard| !shard.slots.is_empty()));
    }
}
