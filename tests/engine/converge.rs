//! Drift: `plan` names manual changes, and `up` repairs them.

use redis::Commands as _;

use crate::moment::{is_step, meanwhile};
use crate::support::{Deployment, REDIS_8, VALKEY_8, docker};

/// A manual change: its name, its words in the plan, and the change itself.
type Drift = (&'static str, &'static str, fn(&Deployment));

fn cluster(deployment: &Deployment, node: u16, words: &[&str]) {
    let mut command = redis::cmd("CLUSTER");
    command.arg(words);
    command.exec(&mut deployment.connect(node)).unwrap_or_else(|error| panic!("{words:?}: {error}"));
}

fn configure(deployment: &Deployment, node: u16, directive: &str, value: &str) {
    let mut set = redis::cmd("CONFIG");
    set.arg("SET").arg(directive).arg(value);
    set.exec(&mut deployment.connect(node)).unwrap_or_else(|error| panic!("{directive}: {error}"));
}

const DRIFTS: [Drift; 11] = [
    ("stopped", "not running", |deployment| drop(docker(&["stop", &deployment.node(5)]))),
    ("killed", "not running", |deployment| drop(docker(&["kill", &deployment.node(1)]))),
    ("paused", "paused", |deployment| drop(docker(&["pause", &deployment.node(4)]))),
    ("removed", "not found", |deployment| drop(docker(&["rm", "-f", &deployment.node(6)]))),
    ("detached", "detached from the network", |deployment| {
        docker(&["network", "disconnect", &deployment.name, &deployment.node(3)]);
    }),
    ("slot", "slots 6000 unassigned", |deployment| {
        for number in 1..=6 {
            // Replicas refuse it, which does not matter.
            let _ = redis::cmd("CLUSTER").arg("DELSLOTS").arg(6000).exec(&mut deployment.connect(number));
        }
    }),
    ("setting", "cluster-node-timeout is `9000`, not `15000`", |deployment| {
        configure(deployment, 2, "cluster-node-timeout", "9000");
    }),
    ("setting that the spec does not have", "maxmemory is `10485760`, not `0`", |deployment| {
        configure(deployment, 4, "maxmemory", "10mb");
    }),
    ("reset hard", "not known", |deployment| cluster(deployment, 6, &["RESET", "HARD"])),
    ("reset soft", "not known", |deployment| cluster(deployment, 6, &["RESET", "SOFT"])),
    ("forgotten", "forgotten by others", |deployment| {
        let id: String = redis::cmd("CLUSTER").arg("MYID").query(&mut deployment.connect(6)).expect("an id");
        for number in 1..=5 {
            // Redis 7.2 and later tell each other.
            let _ = redis::cmd("CLUSTER").arg("FORGET").arg(&id).exec(&mut deployment.connect(number));
        }
    }),
];

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn what_drifted_is_named_and_mended() {
    let deployment = Deployment::new("drift");
    deployment.up("cluster", &[]);
    // The tag's slot is 0, which is the first primary's.
    let () = deployment.connect(1).set("{06S}kept", "yes").expect("a write");
    for (what, says, break_it) in DRIFTS {
        break_it(&deployment);
        let plan = deployment.plan("cluster", &[]);
        assert!(plan.contains(says), "{what}: {plan}");
        deployment.up("cluster", &[]);
        assert_eq!(deployment.changes("cluster", &[]), 0, "{what}");
    }
    deployment.verify();
    // Only the killed primary's memory had it, so its replica has replaced the primary.
    let kept: Option<String> = deployment.connect(4).get("{06S}kept").expect("a read");
    assert_eq!(kept.as_deref(), Some("yes"));
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn replicas_that_drifted_follow_again() {
    let deployment = Deployment::new("drift-replica");
    deployment.up("replica", &[]);
    let () = deployment.connect(1).set("kept", "yes").expect("a write");
    let mut promote = redis::cmd("REPLICAOF");
    promote.arg("NO").arg("ONE").exec(&mut deployment.connect(2)).expect("a promotion");
    let plan = deployment.plan("replica", &[]);
    assert!(plan.contains("is a primary of its own"), "{plan}");
    deployment.up("replica", &[]);
    // The primary ends, and only its replica has its keys.
    docker(&["kill", &deployment.node(1)]);
    let plan = deployment.plan("replica", &[]);
    assert!(plan.contains("would come back without its keys"), "{plan}");
    deployment.up("replica", &[]);
    deployment.verify();
    let kept: Option<String> = deployment.connect(2).get("kept").expect("a read");
    assert_eq!(kept.as_deref(), Some("yes"));
    // The old primary's file already names its new primary.
    docker(&["restart", &deployment.node(1)]);
    deployment.up("replica", &[]);
    let kept: Option<String> = deployment.connect(1).get("kept").expect("a read");
    assert_eq!(kept.as_deref(), Some("yes"));
    assert_eq!(deployment.status()["nodes"][1]["role"], "primary");
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn swapped_roles_are_as_good_as_the_specs() {
    let deployment = Deployment::new("swapped");
    deployment.up("cluster", &[]);
    redis::cmd("CLUSTER").arg("FAILOVER").exec(&mut deployment.connect(4)).expect("a failover");
    // The failover continues after the reply. `up` waits for its end and changes no role.
    deployment.up("cluster", &[]);
    deployment.verify();
    let status = deployment.status();
    assert_eq!(status["nodes"][3]["role"], "primary", "{status:#}");
    assert_eq!(status["nodes"][0]["role"], "replica", "{status:#}");
}

/// Since 7.2, servers refuse a forgotten node for a minute.
fn a_forgotten_primary_is_succeeded_by_its_replica(image: &str) {
    let server = image.rsplit('/').next().unwrap_or(image).replace(':', "-");
    let deployment = Deployment::new(&format!("forgotten-{server}"));
    let image = ["--image", image];
    deployment.up("cluster", &image);
    // The tag's slot is 0, which is the first primary's.
    let () = deployment.connect(1).set("{06S}kept", "yes").expect("a write");
    let id: String = redis::cmd("CLUSTER").arg("MYID").query(&mut deployment.connect(1)).expect("an id");
    cluster(&deployment, 2, &["FORGET", &id]);
    let plan = deployment.plan("cluster", &image);
    let says =
        |what: &str| plan.lines().any(|line| line.contains(what) && line.ends_with("# forgotten by others"));
    assert!(says("hand over to") && says("reset"), "{plan}");
    deployment.up("cluster", &image);
    assert_eq!(deployment.changes("cluster", &image), 0);
    deployment.verify();
    assert_eq!(deployment.status()["nodes"][0]["role"], "replica");
    let kept: Option<String> = deployment.connect(4).get("{06S}kept").expect("a read");
    assert_eq!(kept.as_deref(), Some("yes"));
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_primary_that_redis_8_forgot_is_succeeded_by_its_replica() {
    a_forgotten_primary_is_succeeded_by_its_replica(REDIS_8);
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_primary_that_valkey_forgot_is_succeeded_by_its_replica() {
    a_forgotten_primary_is_succeeded_by_its_replica(VALKEY_8);
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_node_that_is_reset_while_up_waits_for_it_is_let_in_again() {
    let deployment = Deployment::new("reset-meanwhile");
    // The wait for the replicas comes soon after the writes, and is short.
    let write = |event: &serde_json::Value| is_step(event, "step-finished", "make its replicas known");
    let ended = meanwhile(&deployment, &["cluster"], (3, write), |_| {
        cluster(&deployment, 6, &["RESET", "HARD"]);
    });
    assert!(ended.status.success(), "{}", ended.stderr);
    assert!(ended.stderr.contains("another plan is needed"), "{}", ended.stderr);
    assert_eq!(deployment.changes("cluster", &[]), 0);
    deployment.verify();
}
