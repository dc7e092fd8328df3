//! Bad specs, each with all its problems and their places.

use super::*;

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
