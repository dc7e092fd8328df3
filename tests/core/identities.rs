//! A node keeps its number, address and port through all changes of the spec.

use redisctl::spec::Spec;
use redisctl::topology::container::containers;
use redisctl::topology::facts::{Existing, Facts};
use redisctl::topology::resolve::resolve;
use redisctl::topology::{NodeName, Topology};

use crate::rig::{changed, topology};

/// Numbers of a topology's nodes. `1+4 2+5 3+6` is three shards, each with a primary and its replica. Sentinels are
/// behind a bar.
fn numbers(topology: &Topology) -> String {
    let number = |name: &NodeName| name.number_in(&topology.name).expect("a number").to_string();
    let join = |numbers: Vec<String>, separator: &str| numbers.join(separator);
    let shards = topology.shards.iter();
    let shards = join(
        shards.map(|shard| join(shard.nodes().map(|node| number(&node.name)).collect(), "+")).collect(),
        " ",
    );
    let sentinels: Vec<String> = topology.sentinels.iter().map(|node| number(&node.name)).collect();
    if sentinels.is_empty() { shards } else { format!("{shards} | {}", sentinels.join(" ")) }
}

/// Successive specs of one deployment, each with the numbers of its nodes.
const CHANGES: [&[(&str, &str)]; 5] = [
    &[
        ("{kind: cluster}", "1+4 2+5 3+6"),
        ("{kind: cluster, replicas: 2}", "1+4+7 2+5+8 3+6+9"),
        ("{kind: cluster}", "1+4 2+5 3+6"),
        ("{kind: cluster, replicas: 0}", "1 2 3"),
        ("{kind: cluster}", "1+4 2+5 3+6"),
    ],
    &[
        ("{kind: cluster}", "1+4 2+5 3+6"),
        ("{kind: cluster, shards: 4}", "1+4 2+5 3+6 7+8"),
        ("{kind: cluster, shards: 4, replicas: 2}", "1+4+9 2+5+10 3+6+11 7+8+12"),
        ("{kind: cluster, shards: 2, replicas: 2}", "1+4+9 2+5+10"),
        ("{kind: cluster, shards: 2, replicas: 3}", "1+3+4+9 2+5+6+10"),
    ],
    &[
        ("{kind: replication}", "1+2"),
        ("{kind: replication, replicas: 3}", "1+2+3+4"),
        ("{kind: replication}", "1+2"),
    ],
    &[
        ("{kind: sentinel}", "1+2 | 3 4 5"),
        ("{kind: sentinel, replicas: 2}", "1+2+6 | 3 4 5"),
        ("{kind: sentinel, replicas: 2, sentinels: 5}", "1+2+6 | 3 4 5 7 8"),
        ("{kind: sentinel, replicas: 1, sentinels: 5}", "1+2 | 3 4 5 7 8"),
        ("{kind: sentinel, replicas: 2, sentinels: 3}", "1+2+6 | 3 4 5"),
        ("{kind: sentinel, replicas: 0, sentinels: 1}", "1 | 3"),
        ("{kind: sentinel, replicas: 2, sentinels: 3}", "1+2+4 | 3 5 6"),
    ],
    // Nothing of another kind is kept.
    &[("{kind: sentinel}", "1+2 | 3 4 5"), ("{kind: cluster, shards: 2}", "1+3 2+4")],
];

#[test]
fn nodes_keep_their_numbers_and_the_highest_leave() {
    for specs in CHANGES {
        let mut before: Option<Topology> = None;
        for (yaml, expected) in specs {
            let after = before.as_ref().map_or_else(|| topology(yaml), |before| changed(before, yaml));
            assert_eq!(numbers(&after), *expected, "{yaml}");
            for node in after.nodes() {
                let same_kind = before.as_ref().filter(|before| before.kind == after.kind);
                let kept = same_kind.and_then(|before| before.node(&node.name));
                assert!(kept.is_none_or(|kept| kept.address == node.address), "{yaml}: {}", node.name);
            }
            assert_eq!(changed(&after, yaml), after, "{yaml}: nothing changed");
            before = Some(after);
        }
    }
}

/// The topology of a spec, with these existing containers and this stored topology.
fn beside(stored: Option<&Topology>, standing: &Topology, yaml: &str) -> Topology {
    let spec: Spec = serde_yaml::from_str(yaml).expect("a spec");
    let made_from = containers(standing).into_iter().map(|container| (container.name.clone(), container));
    let existing = Existing {
        subnet: Some(standing.subnet),
        stored: stored.cloned().map(Box::new),
        containers: made_from.collect(),
        adopted: None,
        replacement: None,
    };
    resolve(&spec, &Facts { existing, ..Facts::offline("shop") }).expect("a topology")
}

#[test]
fn a_new_server_takes_no_number_of_a_sentinel_that_has_not_left_yet() {
    let five = topology("{kind: sentinel, sentinels: 5}");
    let three = changed(&five, "{kind: sentinel}");
    let two_replicas = "{kind: sentinel, replicas: 2}";
    assert_eq!(numbers(&beside(Some(&three), &five, two_replicas)), "1+2+8 | 3 4 5");
    assert_eq!(numbers(&beside(Some(&three), &three, two_replicas)), "1+2+6 | 3 4 5");
}

#[test]
fn containers_tell_servers_from_sentinels_where_the_stored_topology_cannot_be_read() {
    let grown = changed(&topology("{kind: sentinel}"), "{kind: sentinel, replicas: 2}");
    assert_eq!(numbers(&beside(None, &grown, "{kind: sentinel, replicas: 2}")), "1+2+6 | 3 4 5");
}

#[test]
fn a_node_that_made_way_for_an_explicit_ip_stays_where_it_is() {
    let ips = |topology: &Topology| -> Vec<u8> {
        topology.nodes().iter().map(|node| node.address.ip.octets()[3]).collect()
    };
    let explicit = |replicas: u32| {
        let nodes = "{shop-3: {ip: 10.1.0.12}}";
        format!(
            "{{kind: replication, replicas: {replicas}, network: {{subnet: 10.1.0.0/24}}, nodes: {nodes}}}"
        )
    };
    let before = topology(&explicit(2));
    assert_eq!(ips(&before), [11, 14, 12]);
    assert_eq!(ips(&changed(&before, &explicit(3))), [11, 14, 12, 15]);
    // The spec takes precedence.
    let taken = "{kind: replication, network: {subnet: 10.1.0.0/24}, nodes: {shop-1: {ip: 10.1.0.14}}}";
    assert_eq!(ips(&changed(&before, taken)), [14, 12]);
}

#[test]
fn automatic_ports_stay_and_new_nodes_get_free_ones() {
    let ports =
        |topology: &Topology| -> Vec<u16> { topology.nodes().iter().map(|node| node.address.port).collect() };
    let yaml = |replicas: u32| format!("{{kind: sentinel, replicas: {replicas}, ports: {{base: auto}}}}");
    let before = topology(&yaml(1));
    assert_eq!(ports(&before), [7001, 7002, 7003, 7004, 7005]);
    assert_eq!(ports(&changed(&before, &yaml(2))), [7001, 7002, 7006, 7003, 7004, 7005]);
    // A run was interrupted after it had made the anchor, which publishes a port for each node.
    let spec: Spec = serde_yaml::from_str(&yaml(1)).expect("a spec");
    let mut facts = Facts::offline("shop");
    facts.busy_ports = (7001..=7010).map(|port| (port, "another process".to_owned())).collect();
    let cut_off = resolve(&spec, &facts).expect("a topology");
    assert_eq!(ports(&cut_off), [7011, 7012, 7013, 7014, 7015]);
    let anchor = containers(&cut_off).swap_remove(0);
    facts.busy_ports.clear();
    facts.existing.containers.insert(anchor.name.clone(), anchor);
    assert_eq!(ports(&resolve(&spec, &facts).expect("a topology")), ports(&cut_off));
}

#[test]
fn an_entry_of_nodes_is_judged_once_the_existing_nodes_are_known() {
    let grown =
        changed(&topology("{kind: sentinel, sentinels: 5}"), "{kind: sentinel, replicas: 2, sentinels: 5}");
    let yaml = "{kind: sentinel, replicas: 2, sentinels: 3, nodes: {shop-8: {config: {maxmemory: 1mb}}}}";
    let own = changed(&grown, yaml);
    assert_eq!(numbers(&own), "1+2+8 | 3 4 5");
    assert_eq!(own.node(&own.name.node(8)).and_then(|node| node.settings.get("maxmemory")), Some("1mb"));
    let spec: Spec = serde_yaml::from_str(yaml).expect("a spec");
    assert!(resolve(&spec, &Facts::before_asking("shop")).is_ok());
    let other: Spec = serde_yaml::from_str("{kind: sentinel, nodes: {other-1: {}}}").expect("a spec");
    assert!(resolve(&other, &Facts::before_asking("shop")).is_err());
    let problems = resolve(&spec, &Facts::offline("shop")).expect_err("a new deployment has six nodes");
    assert_eq!(problems[0].message, "there is no node `shop-8`");
}
