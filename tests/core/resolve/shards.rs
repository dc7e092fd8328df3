//! Shards as a list: their slots, their replicas, and the numbers of their nodes.

use super::*;

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
