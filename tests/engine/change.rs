//! Changes of a spec: their effects on a serving deployment, without a loss of keys.

use redis::Commands as _;
use redisctl::topology::slot_division::divide;
use redisctl::topology::slots::key_in;

use crate::moment::{is_step, meanwhile};
use crate::support::{
    Deployment, REDIS_6, REDIS_7, REDIS_8, VALKEY_8, connect, docker, eventually, fail_with, redisctl,
    succeed,
};

/// The number of the primary of a slot's shard, which holds the shard's keys.
fn primary_of(deployment: &Deployment, slot: u16) -> u16 {
    let status = deployment.status();
    let serves = |node: &serde_json::Value| {
        let slots = node["slots"].as_array().cloned().unwrap_or_default();
        slots
            .iter()
            .any(|range| range[0].as_u64() <= Some(slot.into()) && Some(slot.into()) <= range[1].as_u64())
    };
    let nodes = status["nodes"].as_array().expect("nodes");
    let position =
        nodes.iter().position(serves).unwrap_or_else(|| panic!("nobody serves {slot}: {status:#}"));
    u16::try_from(position + 1).expect("a few nodes")
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_cluster_keeps_its_keys_through_every_change() {
    let deployment = Deployment::new("change");
    deployment.up("cluster", &["--image", REDIS_7]);
    let keys: Vec<(u16, String)> =
        divide(3).into_iter().map(|range| (range.start(), key_in(&range.into(), "kept:"))).collect();
    for (slot, key) in &keys {
        let () = deployment.connect(primary_of(&deployment, *slot)).set(key, "yes").expect("a write");
    }
    let finds_its_keys = |what: &str| {
        for (slot, key) in &keys {
            let kept: Option<String> =
                deployment.connect(primary_of(&deployment, *slot)).get(key).expect("a read");
            assert_eq!(kept.as_deref(), Some("yes"), "{key} after {what}");
        }
    };
    let before = deployment.containers();
    let mut sets = vec!["--image", REDIS_7, "--set", "config.maxmemory=100mb"];
    deployment.up("cluster", &sets);
    assert_eq!(deployment.containers(), before, "a setting is changed live");
    finds_its_keys("a live change");

    // Endpoints for clients change live. The verification checks the announced endpoints.
    for access in ["access=network", "access=host"] {
        let to = [&sets[..], &["--set", access]].concat();
        deployment.up("cluster", &to);
        assert_eq!(deployment.containers(), before, "{access} is applied live");
        assert_eq!(deployment.changes("cluster", &to), 0, "{access}");
    }

    sets.extend(["--set", "resources.memory=192mb"]);
    let said = deployment.plan("cluster", &sets);
    assert!(
        said.contains("spec changed: resources") && said.contains("become primary by a failover"),
        "{said}"
    );
    deployment.up("cluster", &sets);
    finds_its_keys("new limits");
    assert_eq!(primary_of(&deployment, 0), 4, "the roles are swapped");
    assert!(deployment.plan("cluster", &sets).contains("roles are swapped, and stay so"));

    // The present primaries leave.
    let fewer: Vec<&str> = sets.iter().copied().chain(["--set", "replicas=0"]).collect();
    deployment.up("cluster", &fewer);
    finds_its_keys("fewer replicas");
    assert_eq!(deployment.containers().lines().count(), 3);
    assert_eq!(deployment.changes("cluster", &fewer), 0);
    deployment.up("cluster", &sets);
    finds_its_keys("more replicas");

    sets[1] = REDIS_8;
    deployment.up("cluster", &sets);
    finds_its_keys("another image");
    deployment.verify();
    assert_eq!(deployment.changes("cluster", &sets), 0);
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn primaries_without_replicas_keep_their_keys_in_volumes_under_newer_servers() {
    let deployment = Deployment::new("change-volume");
    let shape = ["--set", "data=volume", "--set", "replicas=0"];
    let with = |image: &'static str| [&shape[..], &["--image", image]].concat();
    deployment.up("cluster", &with(REDIS_6));
    let cli = |words: &[&str]| redisctl(&[&["cli", &deployment.name, "--"], words].concat());
    let keys = ["a", "b", "c"];
    for key in keys {
        succeed(&cli(&["SET", key, "yes"]));
    }
    // Redis 6.0 and 7.0 have no shard ids, Valkey has.
    for image in [REDIS_7, VALKEY_8] {
        deployment.up("cluster", &with(image));
        deployment.verify();
        assert_eq!(deployment.changes("cluster", &with(image)), 0, "{image}");
        for key in keys {
            assert_eq!(succeed(&cli(&["GET", key])), "yes\n", "{image}: {key}");
        }
    }
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_failover_while_nodes_are_replaced_is_taken_up() {
    let deployment = Deployment::new("change-failover");
    deployment.up("cluster", &[]);
    let limit = ["--set", "resources.memory=192mb"];
    let started = |event: &serde_json::Value| {
        is_step(event, "step-started", "wait until it answers") && event["subject"] == deployment.node(5)
    };
    let ended = meanwhile(&deployment, &[&["cluster"], &limit[..]].concat(), (1, started), |_| {
        let port = deployment.port + 4;
        let fail_over = || redis::cmd("CLUSTER").arg("FAILOVER").exec(&mut connect(("127.0.0.1", port))?);
        // It must start first, and get its link to its primary.
        eventually("the replica can take its primary's place", || fail_over().is_ok());
        eventually("the replica takes its primary's place", || primary_of(&deployment, 8000) == 5);
    });
    assert!(ended.status.success(), "{}", ended.stderr);
    assert!(ended.stderr.contains("is primary by now"), "{}", ended.stderr);
    deployment.verify();
    assert_eq!(deployment.changes("cluster", &limit), 0);
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn replicas_and_their_primary_keep_their_keys_through_every_change() {
    let deployment = Deployment::new("change-replicas");
    deployment.up("replica", &["--image", REDIS_6, "--set", "replicas=2"]);
    let () = deployment.connect(1).set("kept", "yes").expect("a write");
    // Servers before 6.2 do not have FAILOVER.
    for (image, replicas, primary) in
        [(REDIS_7, "replicas=2", 2), (REDIS_8, "replicas=2", 1), (REDIS_8, "replicas=1", 1)]
    {
        let sets = ["--image", image, "--set", replicas];
        deployment.up("replica", &sets);
        let kept: Option<String> = deployment.connect(primary).get("kept").expect("a read");
        assert_eq!(kept.as_deref(), Some("yes"), "{image}, {replicas}");
        let () = deployment.connect(primary).set("written", image).expect("a write on the primary");
        assert_eq!(deployment.changes("replica", &sets), 0);
    }
    deployment.verify();
    // With the user's consent, the data of the newer server is removed.
    let older = ["--image", REDIS_7];
    let said = fail_with(&deployment.run("up", "replica", &older), 1);
    assert!(said.contains("an older server cannot read the files of a newer server"), "{said}");
    deployment.up("replica", &[&older[..], &["--recreate"]].concat());
    deployment.verify();
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn sentinels_and_servers_are_replaced_under_clients_and_keep_their_keys() {
    let deployment = Deployment::new("change-sentinel");
    deployment.up("sentinel", &["--image", REDIS_7]);
    let () = deployment.connect(1).set("kept", "yes").expect("a write");
    let new = ["--image", REDIS_8];
    let plan = deployment.plan("sentinel", &new);
    assert!(plan.contains("hand over to the replica that the sentinels choose"), "{plan}");
    deployment.up("sentinel", &new);
    assert_eq!(deployment.changes("sentinel", &new), 0);
    deployment.verify();
    let status = deployment.status();
    let nodes = status["nodes"].as_array().expect("nodes");
    let primary = nodes.iter().position(|node| node["role"] == "primary").expect("a primary");
    assert_ne!(primary, 0, "the former primary was replaced while another one served");
    let number = u16::try_from(primary + 1).expect("a few nodes");
    let kept: Option<String> = deployment.connect(number).get("kept").expect("a read");
    assert_eq!(kept.as_deref(), Some("yes"));
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn replicas_and_sentinels_come_and_go_and_keys_stay() {
    // Live in the network; with volumes, the container that publishes all ports is replaced.
    for (test, fixed, rounds) in
        [("counts-network", "access=network", 3), ("counts-volume", "data=volume", 1)]
    {
        let deployment = Deployment::new(test);
        let shape = |counts: [&'static str; 2]| ["--set", fixed, "--set", counts[0], "--set", counts[1]];
        let first = shape(["replicas=1", "sentinels=3"]);
        deployment.up("sentinel", &first);
        let node = deployment.node(1);
        succeed(&redisctl(&["cli", &deployment.name, &node, "--", "SET", "kept", "yes"]));
        let started = || docker(&["inspect", "--format", "{{.State.StartedAt}}", &node]);
        let before = started();
        let shapes =
            [["replicas=2", "sentinels=3"], ["replicas=1", "sentinels=5"], ["replicas=1", "sentinels=3"]];
        for counts in shapes.into_iter().take(rounds) {
            let more = shape(counts);
            deployment.up("sentinel", &more);
            deployment.verify();
            assert_eq!(deployment.changes("sentinel", &more), 0, "{fixed}, {counts:?}");
            let kept = redisctl(&["cli", &deployment.name, &node, "--", "GET", "kept"]);
            assert!(succeed(&kept).contains("yes"), "{fixed}, {counts:?}");
        }
        assert_eq!(started() == before, fixed == "access=network", "{fixed}");
    }
}
