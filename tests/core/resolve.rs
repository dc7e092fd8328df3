//! Problems of specs, with their texts and places; and facts about every valid topology.

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
    facts.networks.push(("bridge".to_owned(), vec!["172.17.0.0/16".parse().expect("a subnet")]));
    facts.busy_ports.insert(7002, "another process".to_owned());
    facts
}

/// Bad specs with all their problems.
const BAD: [(&str, &[&str]); 60] = [
    ("{kind: standalone, name: sh op}", &["name: `sh op` is not a name that Docker accepts"]),
    ("{kind: standalone, name: ''}", &["name: a deployment's name must not be empty"]),
    ("{kind: standalone, name: bridge}", &["name: `bridge` is the name of a network of Docker's own"]),
    (
        "{kind: cluster, ports: {base: 7101}, network: {subnet: 172.30.0.0/29}}",
        &["network.subnet: `172.30.0.0/29` is too small for 6 nodes"],
    ),
    (
        "{kind: cluster, ports: {base: 7101}, network: {subnet: 172.30.0.0/28}}",
        &["network.subnet: `172.30.0.0/28` is too small for 6 nodes"],
    ),
    (
        "{kind: standalone, network: {subnet: 8.8.8.0/24}}",
        &["network.subnet: `8.8.8.0/24` is not a private subnet"],
    ),
    (
        "{kind: standalone, network: {subnet: 172.17.5.0/24}}",
        &["network.subnet: `172.17.5.0/24` overlaps `172.17.0.0/16` of the network `bridge`"],
    ),
    (
        "{kind: standalone, network: {subnet: 10.1.0.0/24}, nodes: {shop-1: {ip: 10.2.0.5}}}",
        &["nodes.shop-1.ip: `10.2.0.5` is not in the subnet `10.1.0.0/24`"],
    ),
    (
        "{kind: standalone, network: {subnet: 10.1.0.0/24}, nodes: {shop-1: {ip: 10.1.0.1}}}",
        &["nodes.shop-1.ip: `10.1.0.1` is the network's gateway"],
    ),
    (
        "{kind: standalone, network: {subnet: 10.1.0.0/24}, nodes: {shop-1: {ip: 10.1.0.255}}}",
        &["nodes.shop-1.ip: `10.1.0.255` is the network or broadcast address of `10.1.0.0/24`"],
    ),
    (
        "{kind: replication, ports: {base: 7101}, network: {subnet: 10.1.0.0/24}, nodes: {shop-1: {ip: 10.1.0.9}, shop-2: {ip: 10.1.0.9}}}",
        &["nodes.shop-2.ip: `10.1.0.9` is used by `shop-1` too"],
    ),
    ("{kind: replication}", &["ports.base: port 7002 of `shop-2` is taken by another process"]),
    (
        "{kind: standalone, nodes: {shop-1: {port: 7002}}}",
        &["nodes.shop-1.port: port 7002 of `shop-1` is taken by another process"],
    ),
    (
        "{kind: replication, ports: {base: 7101}, nodes: {shop-1: {port: 7102}}}",
        &["nodes.shop-1.port: port 7102 is the port of `shop-2`, counted up from the first node's"],
    ),
    ("{kind: standalone, ports: {base: 55536}}", &["ports.base: port 55536 is not between 1024 and 55535"]),
    (
        "{kind: cluster, ports: {base: 55534}}",
        &["ports.base: `shop-3` would get port 55536, and the highest is 55535"],
    ),
    ("{kind: standalone, ports: {base: 80}}", &["ports.base: port 80 is not between 1024 and 55535"]),
    (
        "{kind: standalone, nodes: {shop-1: {port: 60000}}}",
        &["nodes.shop-1.port: port 60000 is not between 1024 and 55535"],
    ),
    ("{kind: cluster, shards: 0}", &["shards: a cluster needs at least one shard"]),
    ("{kind: cluster, shards: 16385}", &["shards: 16385 shards are more than the 16384 slots"]),
    (
        "{kind: cluster, shards: 4294967295, replicas: 4294967295}",
        &["shards: 4294967295 shards are more than the 16384 slots"],
    ),
    (
        "{kind: standalone, image: 'redis:7.2.4', config: {busy-reply-threshold: 8}, nodes: {shop-1: {image: 'redis:6.2.1'}}}",
        &["config.busy-reply-threshold: redis 6.2.1 does not know the directive `busy-reply-threshold`"],
    ),
    (
        "{kind: standalone, nodes: {shop-1: {image: 'redis@sha256:12'}}}",
        &["nodes.shop-1.image: `sha256:12` is not a digest"],
    ),
    ("{kind: standalone, formed: false}", &["formed: `formed` does not fit kind `standalone`"]),
    (
        "{kind: cluster, ports: {base: 7101}, formed: false, seed: x.redis}",
        &["seed: a seed needs slots, and `formed: false` gives none to the nodes"],
    ),
    ("{kind: cluster, shards: []}", &["shards: a cluster needs at least one shard"]),
    (
        "{kind: cluster, ports: {base: 7101}, shards: [{replicas: 999}, {}]}",
        &["shards: that makes 1002 nodes, and a deployment has 1000 at most"],
    ),
    (
        "{kind: cluster, ports: {base: 7101}, shards: [{slots: 0-99}]}",
        &["shards: slots 100-16383 are in no shard"],
    ),
    (
        "{kind: cluster, ports: {base: 7101}, shards: [{slots: 1-99}, {slots: '101-200,202-16383'}]}",
        &["shards: slots 0,100,201 are in no shard"],
    ),
    (
        "{kind: cluster, ports: {base: 7101}, shards: [{slots: 0-9000}, {slots: [8000, 9000-16383]}]}",
        &["shards.1.slots: slots 8000,9000 are in shard 1 too"],
    ),
    (
        "{kind: cluster, ports: {base: 7101}, shards: [{slots: 9-0}, {slots: [7, 16384]}, {slots: all}]}",
        &[
            "shards.0.slots: the range `9-0` ends before it begins",
            "shards.1.slots.1: `16384` is beyond the last slot",
            "shards.2.slots: `all` is not a slot or a range of slots",
        ],
    ),
    (
        "{kind: cluster, ports: {base: 7101}, shards: [{slots: [5, 0-9]}, {}]}",
        &["shards.0.slots.1: slot 5 is written twice"],
    ),
    (
        "{kind: cluster, ports: {base: 7101}, shards: [{slots: ''}, {}]}",
        &["shards.0.slots: a shard needs at least one slot"],
    ),
    (
        "{kind: cluster, ports: {base: 7101}, shards: [{slots: []}, {}]}",
        &["shards.0.slots: a shard needs at least one slot"],
    ),
    (
        "{kind: cluster, ports: {base: 7101}, shards: [{slots: 0-99, weight: 2}, {}]}",
        &["shards.0.weight: a shard has `slots` or a `weight`, not both"],
    ),
    (
        "{kind: cluster, ports: {base: 7101}, shards: [{slots: 0-16383}, {}]}",
        &["shards.1: no slot is left for shard 2: 0 slots for 1 shard without `slots`"],
    ),
    (
        "{kind: cluster, ports: {base: 7101}, shards: [{slots: 0-16382}, {}, {weight: 3}]}",
        &["shards.1: no slot is left for shard 2: 1 slot for 2 shards without `slots`"],
    ),
    (
        "{kind: cluster, ports: {base: 7101}, shards: [{weight: 100000}, {}]}",
        &["shards.1: no slot is left for shard 2: 16384 slots for 2 shards without `slots`"],
    ),
    ("{kind: cluster, shards: 2000}", &["shards: that makes 4000 nodes, and a deployment has 1000 at most"]),
    (
        "{kind: replication, replicas: 1000}",
        &["replicas: that makes 1001 nodes, and a deployment has 1000 at most"],
    ),
    ("{kind: standalone, config: {port: 1}}", &["config.port: redisctl owns the directive `port`"]),
    (
        "{kind: standalone, config: {Cluster-Enabled: yes}}",
        &["config.Cluster-Enabled: redisctl owns the directive `Cluster-Enabled`"],
    ),
    (
        "{kind: standalone, nodes: {shop-1: {config: {requirepass: x}}}}",
        &["nodes.shop-1.config.requirepass: redisctl owns the directive `requirepass`"],
    ),
    ("{kind: standalone, image: ''}", &["image: `` is not an image"]),
    (
        "{kind: standalone, nodes: {shop-1: {image: 'redis 8'}}}",
        &["nodes.shop-1.image: `redis 8` is not an image"],
    ),
    ("{kind: standalone, image: 'redis:8@sha256:abc'}", &["image: `sha256:abc` is not a digest"]),
    ("{kind: standalone, config: {'a b': 1}}", &["config.a b: `a b` is not the name of a directive"]),
    (
        "{kind: standalone, config: {maxmemory: \"1\\nport 1\"}}",
        &["config.maxmemory: the value of `maxmemory` has a line break or a zero byte in it"],
    ),
    ("{kind: standalone, shards: 2}", &["shards: `shards` does not fit kind `standalone`"]),
    ("{kind: standalone, replicas: 2}", &["replicas: `replicas` does not fit kind `standalone`"]),
    (
        "{kind: cluster, ports: {base: 7101}, sentinels: 3}",
        &["sentinels: `sentinels` does not fit kind `cluster`"],
    ),
    (
        "{kind: cluster, ports: {base: 7101}, auth: {password: a, replica_password: b}}",
        &["auth.replica_password: `auth.replica_password` does not fit kind `cluster`"],
    ),
    (
        "{kind: standalone, nodes: {shop-2: {port: 7100}, other-1: {}}}",
        &["nodes.other-1: there is no node `other-1`", "nodes.shop-2: there is no node `shop-2`"],
    ),
    (
        "{kind: standalone, resources: {memory: much}}",
        &["resources.memory: `much` is not an amount of memory"],
    ),
    (
        "{kind: standalone, resources: {memory: 1mb}}",
        &["resources.memory: `1mb` is less than Docker's minimum, `6mb`"],
    ),
    ("{kind: standalone, resources: {cpus: -1}}", &["resources.cpus: `cpus` must be between 0.01 and 1024"]),
    (
        "{kind: standalone, auth: {users: [{name: u, rules: ['>secret']}]}}",
        &["auth.users.0.rules.0: a password does not belong in a rule: set the user's `password`"],
    ),
    (
        "{kind: standalone, auth: {users: [{name: u, rules: []}, {name: u, rules: []}]}}",
        &["auth.users.1.name: two users have the name `u`"],
    ),
    (
        "{kind: standalone, labels: {io.redisctl.x: 1}}",
        &["labels.\"io.redisctl.x\": the label `io.redisctl.x` is redisctl's own"],
    ),
    (
        "{kind: standalone, shards: 2, config: {port: 1}, network: {subnet: 8.8.8.0/24}}",
        &[
            "shards: `shards` does not fit kind `standalone`",
            "config.port: redisctl owns the directive `port`",
            "network.subnet: `8.8.8.0/24` is not a private subnet",
        ],
    ),
];

#[test]
fn ports_that_count_up_and_are_taken_are_one_problem_for_each_who_has_them() {
    let mut facts = Facts::offline("shop");
    facts.busy_ports.extend([7001, 7002, 7003, 7006].map(|port| (port, "another process".to_owned())));
    facts.busy_ports.insert(7005, "deployment `other`".to_owned());
    let problems = try_resolve("kind: cluster", &facts).expect_err("most ports are taken");
    assert_eq!(
        problems,
        [
            "ports.base: ports 7001-7003, 7006 are taken by another process",
            "ports.base: port 7005 of `shop-5` is taken by deployment `other`",
        ]
    );
}

#[test]
fn bad_specs_are_refused_where_they_are_bad() {
    for (yaml, expected) in BAD {
        let problems = try_resolve(yaml, &busy()).expect_err(yaml);
        assert_eq!(problems, expected, "{yaml}");
    }
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
    };
    // The deployment itself holds these ports.
    facts.busy_ports.extend([(7003, "itself".to_owned()), (7004, "itself".to_owned())]);
    let again = try_resolve("{kind: replication, ports: {base: auto}}", &facts).expect("it resolves");
    let ports: Vec<u16> = again.nodes().iter().map(|node| node.address.port).collect();
    assert_eq!(ports, [7003, 7004]);
    assert_eq!(again.subnet.to_string(), "172.30.9.0/24");
}

/// A shard's slots and the numbers of its nodes.
fn shape(topology: &Topology) -> Vec<String> {
    let number = |node: &redisctl::topology::Node| node.name.as_str().replace("shop-", "");
    let shards = topology.shards.iter();
    shards
        .map(|shard| {
            let nodes: Vec<String> = shard.nodes().map(number).collect();
            format!("{}: {}", shard.slots, nodes.join(" "))
        })
        .collect()
}

#[test]
fn shards_have_the_slots_and_replicas_of_the_list() {
    let resolved = |shards: &str, facts: &Facts| {
        let yaml = format!("{{kind: cluster, ports: {{base: 7101}}, shards: {shards}}}");
        try_resolve(&yaml, facts).expect(shards)
    };
    for (shards, expected) in [
        (
            "[{slots: 0-11999, replicas: 1}, {slots: 12000-16383, replicas: 0}]",
            &["0-11999: 1 3", "12000-16383: 2"][..],
        ),
        ("[{replicas: 0}, {replicas: 2}, {}]", &["0-5460: 1", "5461-10922: 2 4 6", "10923-16383: 3 5"]),
        ("[{weight: 3, replicas: 0}, {replicas: 0}]", &["0-12287: 1", "12288-16383: 2"]),
        ("[{slots: [5, 7-9]}, {}]", &["5,7-9: 1 3", "0-4,6,10-16383: 2 4"]),
    ] {
        assert_eq!(shape(&resolved(shards, &busy())), expected, "{shards}");
    }
    assert_eq!(
        resolved("[{replicas: 0}, {}]", &busy()).summary(),
        "cluster, 2 shards with 0 to 1 replicas each"
    );
}

/// Redis gives a primary without replicas a replica of another shard.
#[test]
fn replicas_stay_in_their_shards() {
    let barrier = |spec: &str| {
        let topology = try_resolve(&format!("{{kind: cluster, ports: {{base: 7101}}, {spec}}}"), &busy());
        let topology = topology.expect(spec);
        let settings = topology.nodes().into_iter().map(|node| &node.settings);
        let mut values =
            settings.map(|settings| settings.get("cluster-migration-barrier").map(str::to_owned));
        let first = values.next().flatten();
        assert!(values.all(|other| other == first), "{spec}");
        first
    };
    for even in ["replicas: 0", "replicas: 3", "shards: [{replicas: 0}, {}]", "shards: [{}, {replicas: 2}]"] {
        assert_eq!(barrier(even), None, "{even}");
    }
    let uneven = "shards: [{replicas: 0}, {replicas: 2}]";
    assert_eq!(barrier(uneven).as_deref(), Some("1000"));
    let chosen = format!("{uneven}, config: {{cluster-migration-barrier: 1}}");
    assert_eq!(barrier(&chosen).as_deref(), Some("1"));
}

#[test]
fn another_list_moves_slots_as_it_says_and_nodes_keep_their_numbers() {
    let resolved = |shards: &str, facts: &Facts| {
        let yaml = format!("{{kind: cluster, ports: {{base: 7101}}, shards: {shards}}}");
        try_resolve(&yaml, facts).expect(shards)
    };
    let mut facts = busy();
    for (shards, expected) in [
        ("3", &["0-5460: 1 4", "5461-10922: 2 5", "10923-16383: 3 6"][..]),
        ("[{replicas: 2}, {replicas: 0}, {}]", &["0-5460: 1 4 7", "5461-10922: 2", "10923-16383: 3 6"]),
        (
            "[{slots: 0-99}, {replicas: 1}, {}]",
            &["0-99: 1 4", "100-2779,5461-10922: 2 5", "2780-5460,10923-16383: 3 6"],
        ),
        ("[{slots: 0-9999, replicas: 0}, {}]", &["0-9999: 1", "10000-16383: 2 5"]),
        ("2", &["0-8191: 1 3", "8192-16383: 2 5"]),
    ] {
        let topology = resolved(shards, &facts);
        assert_eq!(shape(&topology), expected, "{shards}");
        facts.existing.stored = Some(Box::new(topology));
    }
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

/// An engine on another machine.
fn remote(host: &str) -> Facts {
    Facts { endpoint_host: host.to_owned(), ..Facts::offline("shop") }
}

#[test]
fn ports_of_a_remote_engine_are_published_where_they_can_be_reached() {
    let hosts = |yaml: &str, facts: &Facts| {
        let topology = try_resolve(yaml, facts)?;
        Ok::<_, Vec<String>>(topology.nodes()[0].endpoint.host.clone())
    };
    for yaml in
        ["{kind: cluster}", "{kind: cluster, access: network}", "{kind: cluster, ports: {bind: 127.0.0.2}}"]
    {
        let problems = hosts(yaml, &remote("engine.example")).expect_err("closed ports");
        assert!(problems[0].starts_with("ports.bind: the engine is on `engine.example`"), "{problems:?}");
    }
    let open = "{kind: cluster, ports: {bind: 0.0.0.0}}";
    assert_eq!(hosts(open, &remote("engine.example")).as_deref(), Ok("engine.example"));
    assert_eq!(hosts("{kind: cluster, ports: {bind: 10.0.0.5}}", &remote("b")).as_deref(), Ok("b"));
    let problems = hosts(open, &remote("fe80::1")).expect_err("an IPv6 address");
    assert!(problems[0].contains("`fe80::1`"), "{problems:?}");
}

#[test]
fn networks_that_this_machine_reaches_are_left_alone() {
    let reached = |subnet: &str, is_own| ReachedNetwork {
        subnet: subnet.parse().expect("a subnet"),
        interface: "eth0".to_owned(),
        is_own,
    };
    let facts = Facts {
        reached: vec![reached("172.30.0.0/16", false), reached("192.168.1.0/24", true)],
        ..Facts::offline("shop")
    };
    let subnet =
        |yaml: &str, facts: &Facts| Ok::<_, Vec<String>>(try_resolve(yaml, facts)?.subnet.to_string());
    let written = |subnet: &str| format!("{{kind: standalone, network: {{subnet: {subnet}}}}}");
    assert_eq!(subnet("{kind: standalone}", &facts).as_deref(), Ok("10.231.0.0/24"));
    // A spec may hide a VPN, but not this machine's own network.
    assert_eq!(subnet(&written("172.30.7.0/24"), &facts).as_deref(), Ok("172.30.7.0/24"));
    let remark = |yaml: &str| subnet_hides_others(&spec(yaml), &facts).map(|remark| remark.message);
    assert!(remark(&written("172.30.7.0/24")).is_some_and(|text| text.contains("through `eth0`")));
    assert_eq!(remark(&written("172.29.7.0/24")), None);
    for own in ["192.168.1.0/24", "192.168.0.0/16", "192.168.1.128/25"] {
        let problems = subnet(&written(own), &facts).expect_err("the LAN");
        assert!(problems[0].contains("the network of this machine at `eth0`"), "{problems:?}");
    }
    // An existing deployment keeps its subnet.
    let existing = Existing { subnet: "192.168.1.0/24".parse().ok(), ..Existing::default() };
    let facts = Facts { existing, ..facts };
    assert_eq!(subnet(&written("192.168.1.0/24"), &facts).as_deref(), Ok("192.168.1.0/24"));
}

#[test]
fn a_container_does_not_reach_the_loopback_address_of_the_engine() {
    let facts = Facts { own_container: Some("0123456789ab".to_owned()), ..Facts::offline("shop") };
    for ports in ["{}", "{bind: 0.0.0.0}", "{announce: localhost}"] {
        let problems = try_resolve(&format!("{{kind: cluster, ports: {ports}}}"), &facts).expect_err(ports);
        assert!(problems[0].starts_with("ports.bind: redisctl runs in the container"), "{problems:?}");
    }
    for ports in ["{bind: 172.17.0.1}", "{bind: 0.0.0.0, announce: box.lan}"] {
        assert!(try_resolve(&format!("{{kind: cluster, ports: {ports}}}"), &facts).is_ok(), "{ports}");
    }
}

#[test]
fn clients_are_told_the_announced_host() {
    let told = |yaml: &str, facts: &Facts| {
        let topology = try_resolve(yaml, facts)?;
        let node = topology.nodes()[0];
        let host = node.endpoint.host.clone();
        assert!(topology.tls.is_none() || names(&topology, node).contains(&host));
        Ok::<_, Vec<String>>(format!("{host} {}", topology.advertised(node).host))
    };
    let known = |ip| Facts { host_ips: [("box.lan".to_owned(), ip)].into(), ..Facts::offline("shop") };
    let far = Ipv4Addr::new(10, 0, 0, 5);
    let spec =
        |kind: &str, bind: &str| format!("{{kind: {kind}, ports: {{bind: {bind}, announce: box.lan}}}}");
    assert_eq!(told(&spec("cluster, tls: true", "0.0.0.0"), &known(far)).as_deref(), Ok("box.lan box.lan"));
    assert_eq!(told(&spec("sentinel", "0.0.0.0"), &known(far)).as_deref(), Ok("box.lan 10.0.0.5"));
    assert_eq!(
        told(&spec("cluster", "127.0.0.1"), &known(Ipv4Addr::LOCALHOST)).as_deref(),
        Ok("box.lan box.lan")
    );
    // An engine on another machine behind a tunnel.
    let tunnel = "{kind: cluster, ports: {announce: 127.0.0.1}}";
    assert_eq!(told(tunnel, &remote("engine.example")).as_deref(), Ok("127.0.0.1 127.0.0.1"));
    let problems = told(&spec("cluster", "127.0.0.1"), &known(far)).expect_err("closed ports");
    assert_eq!(problems, ["ports.announce: ports on 127.0.0.1 cannot be reached at `box.lan` (10.0.0.5)"]);
}

#[test]
fn an_announced_host_is_a_name_or_an_ipv4_address() {
    for host in ["dev-box.lan", "DEV", "10.0.0.5", "a.b-c.1x"] {
        let yaml = format!("{{kind: cluster, ports: {{bind: 0.0.0.0, announce: '{host}'}}}}");
        assert!(try_resolve(&yaml, &Facts::offline("shop")).is_ok(), "{host}");
    }
    for host in
        ["", "a b", "a:7001", "redis://a", "fe80::1", "0.0.0.0", "10.0.0.256", "1.2.3", "a_b", "-a", "a..b"]
    {
        let yaml = format!("{{kind: cluster, ports: {{bind: 0.0.0.0, announce: '{host}'}}}}");
        let problems = try_resolve(&yaml, &Facts::offline("shop")).expect_err(host);
        assert!(
            problems.iter().all(|problem| problem.starts_with("ports.announce: ")),
            "{host}: {problems:?}"
        );
    }
}

#[test]
fn open_ports_that_are_announced_as_loopback_are_a_warning() {
    let warned = |yaml: &str, facts: &Facts| -> Vec<String> {
        let spec = spec(yaml);
        let topology = resolve(&spec, facts).expect("a topology");
        let all = warnings(&spec, &topology)
            .into_iter()
            .filter(|warning| warning.message.contains("the announced host"));
        all.map(|warning| warning.path.to_string()).collect()
    };
    let offline = Facts::offline("shop");
    for (yaml, places) in [
        ("{kind: cluster, ports: {bind: 0.0.0.0}}", &["ports.bind"][..]),
        ("{kind: sentinel, ports: {bind: 0.0.0.0}}", &["ports.bind"]),
        ("{kind: standalone, tls: true, ports: {bind: 0.0.0.0}}", &["ports.bind"]),
        ("{kind: cluster, ports: {bind: 0.0.0.0, announce: localhost}}", &["ports.announce"]),
        ("{kind: standalone, ports: {bind: 0.0.0.0}}", &[]),
        ("{kind: cluster, ports: {bind: 10.0.0.5}}", &[]),
        ("{kind: cluster, ports: {bind: 0.0.0.0, announce: box.lan}}", &[]),
        ("{kind: cluster, access: network, ports: {bind: 0.0.0.0}}", &[]),
    ] {
        assert_eq!(warned(yaml, &offline), places, "{yaml}");
    }
    assert!(warned("{kind: cluster, ports: {bind: 0.0.0.0}}", &remote("engine.example")).is_empty());
}

#[test]
fn ports_on_one_address_of_this_machine_are_dialled_there() {
    for (bind, host) in [
        ("0.0.0.0", "127.0.0.1"),
        ("127.0.0.1", "127.0.0.1"),
        ("127.0.0.2", "127.0.0.2"),
        ("192.168.1.2", "192.168.1.2"),
    ] {
        let yaml = format!("{{kind: standalone, ports: {{bind: {bind}}}}}");
        let topology = try_resolve(&yaml, &Facts::offline("shop")).expect("a topology");
        assert_eq!(topology.nodes()[0].endpoint.host, host);
    }
}
