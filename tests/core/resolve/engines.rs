//! Deployments on several engines: the engine of each node, and the specs that do not fit.

use redisctl::topology::EngineName;

use super::*;

const THREE: &str =
    "engines: {a: {host: 'tcp://one:2375'}, b: {host: 'tcp://two:2375'}, c: {context: three}}";

/// The engines answered: these are their hosts.
fn reached() -> Facts {
    let hosts = [("a", "one"), ("b", "two"), ("c", "three")];
    let engine_hosts = hosts.map(|(name, host)| (name.to_owned(), host.to_owned())).into();
    Facts { engine_hosts, ..Facts::offline("shop") }
}

fn places(topology: &Topology) -> String {
    let engine = |node: &redisctl::topology::Node| {
        node.engine.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string)
    };
    topology.nodes().into_iter().map(engine).collect::<Vec<_>>().join(" ")
}

fn cluster(more: &str) -> String {
    format!("{{kind: cluster, ports: {{bind: 0.0.0.0}}, {THREE}{more}}}")
}

/// The facts of a deployment that is up.
fn after(stored: &Topology) -> Facts {
    let existing = Existing { stored: Some(Box::new(stored.clone())), ..Existing::default() };
    Facts { existing, ..reached() }
}

#[test]
fn each_node_is_at_the_endpoint_of_its_engine() {
    let shop = try_resolve(&cluster(""), &reached()).expect("it resolves");
    assert_eq!(places(&shop), "a b c b c a");
    let endpoints: Vec<String> = shop.nodes().iter().map(|node| node.endpoint.to_string()).collect();
    assert_eq!(endpoints, ["one:7001", "two:7002", "three:7003", "two:7004", "three:7005", "one:7006"]);
    let announced: Vec<_> =
        shop.nodes().iter().map(|node| node.settings.get("cluster-announce-hostname")).collect();
    assert_eq!(announced[..2], [Some("one"), Some("two")]);
    let containers = containers(&shop);
    assert_eq!(containers[1].engine.as_ref().map(EngineName::as_str), Some("b"));
    // Without engines, no node has one.
    assert_eq!(
        places(&try_resolve("{kind: replication}", &Facts::offline("shop")).expect("it resolves")),
        "- -"
    );
}

#[test]
fn nodes_stay_on_their_engines_and_new_ones_fill_the_others() {
    let shop = try_resolve(&cluster(", nodes: {shop-1: {engine: c}}"), &reached()).expect("it resolves");
    assert_eq!(places(&shop), "c a b a b c");
    let more = try_resolve(&cluster(", shards: 4"), &after(&shop)).expect("it resolves");
    assert_eq!(places(&more), "c a b a b c a b");
    let moved = try_resolve(&cluster(", nodes: {shop-1: {engine: a}}"), &after(&shop));
    assert_eq!(
        moved.expect_err("a move"),
        ["nodes.shop-1.engine: `shop-1` is on engine `c` and cannot move to `a`"]
    );
    let two = "{kind: cluster, ports: {bind: 0.0.0.0}, engines: {a: {host: 'tcp://one:2375'}, b: {host: 'tcp://two:2375'}}}";
    assert_eq!(
        try_resolve(two, &after(&shop)).expect_err("a lost engine"),
        ["engines: engine `c` has `shop-1`, `shop-6` and is not in the spec"]
    );
    assert_eq!(
        try_resolve("{kind: cluster}", &after(&shop)).expect_err("no engines"),
        ["engines: `shop` stands on the engines `a`, `b`, `c`, and the spec names none"]
    );
    let alone = try_resolve("{kind: cluster}", &Facts::offline("shop")).expect("it resolves");
    assert_eq!(
        try_resolve(&cluster(""), &after(&alone)).expect_err("engines"),
        ["engines: `shop` stands on a single engine, and its nodes cannot move"]
    );
}

#[test]
fn an_engine_whose_loss_stops_the_deployment_is_named() {
    let said = |yaml: &str| -> Vec<String> {
        let topology = try_resolve(yaml, &reached()).expect("it resolves");
        let all = warnings(&spec(yaml), &topology).into_iter().map(|warning| warning.message);
        all.filter(|message| message.starts_with("the loss of engine")).collect()
    };
    assert_eq!(said(&cluster("")), [""; 0]);
    let two = "engines: {a: {host: 'tcp://one:2375'}, b: {host: 'tcp://two:2375'}}";
    assert_eq!(
        said(&format!("{{kind: cluster, ports: {{bind: 0.0.0.0}}, {two}}}")),
        ["the loss of engine `a` stops failovers: it has 2 of 3 primaries, and the others are no majority"]
    );
    assert_eq!(
        said(&format!("{{kind: sentinel, access: network, ports: {{bind: 0.0.0.0}}, {two}}}")),
        ["the loss of engine `a` stops failovers: it has 2 of 3 sentinels, and the others are no majority"]
    );
    assert_eq!(
        said(&cluster(", replicas: 0")),
        [
            "the loss of engine `a` stops the deployment: it has shop-1",
            "the loss of engine `b` stops the deployment: it has shop-2",
            "the loss of engine `c` stops the deployment: it has shop-3"
        ]
    );
}

#[test]
fn ports_of_all_engines_must_be_reached() {
    let closed = format!("{{kind: cluster, {THREE}}}");
    assert_eq!(
        try_resolve(&closed, &reached()).expect_err("closed ports"),
        ["ports.bind: an engine is on `one`, where ports on 127.0.0.1 cannot be reached from here"]
    );
}

/// The engines answered with these zones as labels.
fn in_zones(zones: [(&str, Option<&str>); 3]) -> Facts {
    let labels =
        |zone: Option<&str>| zone.map(|zone| ("zone".to_owned(), zone.to_owned())).into_iter().collect();
    let engine_labels = zones.map(|(name, zone)| (name.to_owned(), labels(zone))).into();
    Facts { engine_labels, ..reached() }
}

#[test]
fn zones_are_labels_of_engines_or_written() {
    let labelled = in_zones([("a", Some("eu1")), ("b", Some("eu1")), ("c", Some("eu2"))]);
    let shop = try_resolve(&cluster(", spread: zone"), &labelled).expect("it resolves");
    assert_eq!(places(&shop), "a c b c a c");
    // Without `spread`, labels have no effect.
    assert_eq!(places(&try_resolve(&cluster(""), &labelled).expect("it resolves")), "a b c b c a");
    // A node stays where it is, also if its engine gets another label.
    let moved = in_zones([("a", Some("eu2")), ("b", Some("eu1")), ("c", Some("eu1"))]);
    let later = Facts { existing: after(&shop).existing, ..moved };
    assert_eq!(places(&try_resolve(&cluster(", spread: zone"), &later).expect("it resolves")), "a c b c a c");

    let unlabelled = in_zones([("a", Some("eu1")), ("b", None), ("c", None)]);
    assert_eq!(
        try_resolve(&cluster(", spread: zone"), &unlabelled).expect_err("no zones"),
        ["spread: engines `b`, `c` have no label `zone`, so the zone is not known"]
    );
    let written = "{kind: cluster, ports: {bind: 0.0.0.0}, spread: zone, engines: {a: {host: 'tcp://one:2375', zone: x}, \
                   b: {host: 'tcp://two:2375', zone: x}, c: {context: three, zone: y}}}";
    let shop = try_resolve(written, &unlabelled).expect("it resolves");
    assert_eq!(places(&shop), "a c b c a c");
    assert_eq!(
        try_resolve("{kind: cluster, spread: zone}", &Facts::offline("shop")).expect_err("no engines"),
        ["spread: `spread` is for several engines, and the spec names none"]
    );
}

#[test]
fn a_zone_whose_loss_stops_the_deployment_is_named() {
    let said = |yaml: &str, zones: [&str; 3]| -> Vec<String> {
        let [a, b, c] = zones.map(Some);
        let facts = in_zones([("a", a), ("b", b), ("c", c)]);
        let topology = try_resolve(yaml, &facts).expect("it resolves");
        let all = warnings(&spec(yaml), &topology).into_iter().map(|warning| warning.message);
        all.filter(|message| message.starts_with("the loss of")).collect()
    };
    let spread = cluster(", spread: zone");
    assert_eq!(said(&spread, ["x", "y", "z"]), [""; 0]);
    assert_eq!(
        said(&spread, ["x", "x", "y"]),
        ["the loss of zone `x` stops failovers: it has 2 of 3 primaries, and the others are no majority"]
    );
    assert_eq!(
        said(&cluster(", spread: zone, replicas: 0"), ["x", "y", "y"]),
        [
            "the loss of zone `x` stops the deployment: it has shop-1",
            "the loss of zone `y` stops the deployment: it has shop-2"
        ]
    );
    // The nodes of a deployment that is up stay on their engines.
    let sentinels =
        format!("{{kind: sentinel, access: network, ports: {{bind: 0.0.0.0}}, {THREE}, spread: zone}}");
    assert_eq!(
        said(&sentinels, ["x", "x", "y"]),
        ["the loss of zone `x` stops failovers: it has 2 of 3 sentinels, and the others are no majority"]
    );
}

fn host_ports(kind: &str, more: &str) -> String {
    format!("{{kind: {kind}, network: {{driver: host-ports}}, {THREE}{more}}}")
}

/// The engines answered, and these are their addresses.
fn with_addresses() -> Facts {
    let ips = [("one", [10, 0, 0, 1]), ("two", [10, 0, 0, 2]), ("three", [10, 0, 0, 3])];
    Facts { host_ips: ips.map(|(host, ip)| (host.to_owned(), ip.into())).into(), ..reached() }
}

#[test]
fn with_host_ports_nodes_have_the_addresses_of_their_engines() {
    let shop = try_resolve(&host_ports("cluster", ""), &with_addresses()).expect("it resolves");
    let lines: Vec<String> = containers(&shop)
        .iter()
        .map(|container| format!("{} bind {}", container.network, container.bind))
        .collect();
    assert_eq!(lines[0], "address 10.0.0.1:7001, bus 17001 bind 10.0.0.1");
    assert_eq!(lines[3], "address 10.0.0.2:7004, bus 17004 bind 10.0.0.2");
    let first = shop.nodes()[0].clone();
    assert_eq!(first.endpoint.to_string(), "one:7001");
    let announced = ["cluster-announce-ip", "replica-announce-ip", "cluster-announce-hostname"];
    assert_eq!(
        announced.map(|directive| first.settings.get(directive)),
        [Some("10.0.0.1"), Some("10.0.0.1"), Some("one")]
    );
    let open = try_resolve(&host_ports("cluster", ", ports: {bind: 0.0.0.0}"), &with_addresses());
    assert_eq!(containers(&open.expect("it resolves"))[0].bind.to_string(), "0.0.0.0");
    // Sentinels need no `access: network`: one address leads to a node from everywhere.
    let watch = try_resolve(&host_ports("sentinel", ""), &with_addresses()).expect("it resolves");
    let addresses: Vec<String> = watch.nodes().iter().map(|node| node.address.to_string()).collect();
    assert_eq!(addresses[..3], ["10.0.0.1:7001", "10.0.0.2:7002", "10.0.0.3:7003"]);
    assert!(watch.anchor.is_none() && watch.told_instead_of_endpoints().is_none());
    assert_eq!(containers(&watch)[0].network.to_string(), "address 10.0.0.1:7001");
}

#[test]
fn fields_that_do_not_fit_host_ports_are_named() {
    let said = |yaml: &str, facts: &Facts| try_resolve(yaml, facts).expect_err("a problem");
    assert_eq!(
        said(
            &host_ports(
                "cluster",
                ", access: network, ports: {bind: 127.0.0.1}, nodes: {shop-1: {ip: 10.0.0.1}}"
            ),
            &with_addresses()
        ),
        [
            "access: with `host-ports`, there is no network for clients of all nodes",
            "ports.bind: the nodes on other engines cannot reach ports on `127.0.0.1`",
            "nodes.shop-1.ip: with `host-ports`, a node has the address of its engine"
        ]
    );
    assert_eq!(
        said("{kind: cluster, network: {driver: host-ports}}", &Facts::offline("shop")),
        ["network.driver: `host-ports` is for several engines, and the spec names none"]
    );
    let hosts = [("a", "one"), ("b", "127.0.0.1"), ("c", "nowhere")];
    let local = Facts {
        engine_hosts: hosts.map(|(name, host)| (name.to_owned(), host.to_owned())).into(),
        ..with_addresses()
    };
    assert_eq!(
        said(&host_ports("cluster", ""), &local),
        [
            "engines.b: other engines cannot reach engine `b` at `127.0.0.1`",
            "engines.c: `nowhere` of engine `c` has no IPv4 address on this machine"
        ]
    );
    let written = "{kind: standalone, network: {driver: host-ports}, engines: {a: {host: 'unix:///a', address: 10.0.0.1}, \
                   b: {host: 'tcp://two:2375', address: box_1}}}";
    assert_eq!(said(written, &local), ["engines.b.address: `box_1` is not a host name or an IPv4 address"]);
    let busy = Facts { busy_ports: [(17_002, "container `db`".to_owned())].into(), ..with_addresses() };
    assert_eq!(
        said(&host_ports("cluster", ""), &busy),
        ["ports.base: port 17002 for the cluster bus of `shop-2` is taken by container `db`"]
    );
    assert!(try_resolve(&host_ports("replication", ""), &busy).is_ok());
    let shop = try_resolve(&cluster(""), &reached()).expect("it resolves");
    let existing = after(&shop).existing;
    assert_eq!(
        said(&host_ports("cluster", ""), &Facts { existing, ..with_addresses() }),
        ["network.driver: `shop` has the driver `overlay`, and its nodes have their addresses from it"]
    );
}
