//! Failovers on purpose: a replica takes over without the loss of a write, and `up` keeps the new roles.

use serde_json::Value;

use crate::support::{Deployment, REDIS_8, fail_with, redisctl, succeed};

/// Fails over, and returns the only swap.
#[track_caller]
fn swap(deployment: &Deployment, more: &[&str]) -> Value {
    let arguments = [&["failover", &deployment.name][..], more, &["--output", "json"]].concat();
    let text = succeed(&redisctl(&arguments));
    let done: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert_eq!(done["swapped"].as_array().map(Vec::len), Some(1), "{done:#}");
    done["swapped"][0].clone()
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_shard_swaps_its_primary_and_up_keeps_the_roles() {
    let deployment = Deployment::new("failover");
    let image = ["--image", REDIS_8];
    deployment.up("cluster", &image);
    // Servers would use the votes of an earlier election again: each node is elected once, and then takes over.
    for (from, to) in [(3, 6), (6, 3), (3, 6)] {
        let swapped = swap(&deployment, &["--key", "foo"]);
        assert_eq!([&swapped["from"], &swapped["to"]], [&*deployment.node(from), &*deployment.node(to)]);
        assert_eq!((&swapped["shard"], &swapped["linked"]), (&3.into(), &true.into()), "{swapped:#}");
        let seen = &swapped["clients"];
        assert!(seen["accepted"].as_u64() > Some(1) && seen["redirected"].as_u64() > Some(0), "{swapped:#}");
        assert_eq!(deployment.changes("cluster", &image), 0);
    }
    let plan = deployment.plan("cluster", &image);
    assert!(plan.contains("roles are swapped, and stay so"), "{plan}");
    let status = deployment.status();
    let keys = status["nodes"].as_array().into_iter().flatten().map(|node| &node["keys"]);
    assert!(keys.clone().count() == 6 && keys.clone().all(|keys| *keys == 0), "a key is left: {status:#}");
    deployment.verify();

    succeed(&redisctl(&["kill", &deployment.name, "4", "5"]));
    let told = fail_with(&redisctl(&["failover", &deployment.name]), 2);
    assert!(told.contains("shard 1 is not failed over: no replica of") && told.contains("hint: "), "{told}");
}
