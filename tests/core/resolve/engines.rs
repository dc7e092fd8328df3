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
