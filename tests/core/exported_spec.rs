//! A deployment as a spec: it resolves to the same topology.

use redisctl::export::spec;
use redisctl::spec::Spec;
use redisctl::topology::facts::{Existing, Facts};
use redisctl::topology::resolve::resolve;
use redisctl::topology::{SlotSet, Topology};

use crate::rig::{changed, topology};

/// The exported spec, which must resolve to the same topology.
#[track_caller]
fn exported(topology: &Topology) -> String {
    let text = spec::spec(topology, "127.0.0.1").expect("a spec").text().expect("YAML");
    assert_eq!(&changed(topology, &text), topology, "{text}");
    text
}

#[test]
fn the_spec_of_a_deployment_resolves_to_the_same_topology() {
    for yaml in [
        "kind: standalone",
        "{kind: standalone, data: volume, resources: {memory: 64mb, cpus: 0.5, files: 65536}}",
        "{kind: standalone, config: {appendonly: true, save: '900 1'}, resources: {memory: unlimited}}",
        "{kind: replication, replicas: 3, ports: {base: 7100, bind: 0.0.0.0}, labels: {team: '7'}}",
        "{kind: sentinel, sentinels: 5, config: {down-after-milliseconds: 1500, maxmemory: 1gb}}",
        "{kind: cluster, access: network, sysctls: {net.core.somaxconn: 1024}, platform: linux/amd64}",
        "{kind: cluster, tls: {client_auth: optional}, image: 'redis:8'}",
        "{kind: cluster, nodes: {shop-2: {port: 7200, config: {maxmemory: 1mb}, resources: {cpus: 2}}}}",
        "{kind: cluster, config: {save: ['900 1', '300 10'], client-output-buffer-limit: ['replica 512mb 128mb 60', 'pubsub 64mb 16mb 30']}}",
        "{kind: replication, ports: {announce: 10.1.2.3, bind: 0.0.0.0}, auth: {}}",
    ] {
        exported(&topology(yaml));
    }
}

#[test]
fn no_password_is_in_an_exported_spec() {
    let yaml = "{kind: cluster, auth: {password: hunter2, users: [
        {name: app, password: hunter4, rules: ['~app:*', '+@all']}, {name: open, rules: [nopass, '+@read']}]},
        config: {maxmemory: 100mb, appendfsync: 'no'}, nodes: {shop-4: {config: {replica-priority: 0}}}}";
    let text = exported(&topology(yaml));
    assert!(!text.contains("hunter") && text.matches("password: generate").count() == 2, "{text}");
}

#[test]
fn adopted_slots_stay_until_the_number_of_shards_changes() {
    let before = topology("kind: cluster");
    let sets = |topology: &Topology| -> Vec<String> {
        topology.shards.iter().map(|shard| shard.slots.to_string()).collect()
    };
    let mut division: Vec<SlotSet> = before.shards.iter().map(|shard| shard.slots.clone()).collect();
    let moved: SlotSet = (0..100).collect();
    division[0] = division[0].without(&moved);
    division[2] = division[2].joined_with(&moved);
    let existing = Existing {
        subnet: Some(before.subnet),
        stored: Some(Box::new(before.clone())),
        adopted: Some(division),
        ..Existing::default()
    };
    let spec: Spec = serde_yaml::from_str("kind: cluster").expect("a spec");
    let adopted = resolve(&spec, &Facts { existing, ..Facts::offline("shop") }).expect("a good spec");
    assert_eq!(sets(&adopted), ["100-5460", "5461-10922", "0-99,10923-16383"]);
    assert_eq!(changed(&adopted, "kind: cluster"), adopted);
    let fourth = changed(&adopted, "{kind: cluster, shards: 4}");
    assert!(fourth.shards.iter().all(|shard| shard.slots.len() == 4096), "{:?}", sets(&fourth));
    assert!(!fourth.slots_adopted);
}
