//! Drift: what was broken by hand is named by `plan` and mended by `up`.

use crate::support::{Deployment, docker, succeed, wanted};

/// Breaks a cluster, expects `plan` to say this of it, and `up` to mend it.
fn mends(test: &str, says: &str, break_it: impl FnOnce(&Deployment)) {
    if !wanted() {
        return;
    }
    let deployment = Deployment::new(test);
    deployment.up("cluster", &[]);
    break_it(&deployment);
    let plan = succeed(&deployment.run("plan", "cluster", &[]));
    assert!(plan.contains(says), "{plan}");
    deployment.up("cluster", &[]);
    deployment.verify();
    assert_eq!(deployment.changes("cluster", &[]), 0);
}

#[test]
fn a_stopped_node_is_started() {
    mends("stopped", "not running", |deployment| {
        docker(&["stop", &deployment.node(5)]);
    });
}

#[test]
fn a_paused_node_is_unpaused() {
    mends("paused", "paused", |deployment| {
        docker(&["pause", &deployment.node(4)]);
    });
}

#[test]
fn a_removed_container_is_made_again() {
    mends("removed", "not found", |deployment| {
        docker(&["rm", "-f", &deployment.node(6)]);
    });
}

#[test]
fn an_unassigned_slot_is_assigned() {
    mends("slot", "slots 100 unassigned", |deployment| {
        for number in 1..=6 {
            // Replicas refuse it, and do not matter.
            let _ = redis::cmd("CLUSTER").arg("DELSLOTS").arg(100).exec(&mut deployment.connect(number));
        }
    });
}

#[test]
fn a_setting_changed_at_run_time_is_set_back() {
    mends("setting", "cluster-node-timeout is `9000`, not `15000`", |deployment| {
        let mut set = redis::cmd("CONFIG");
        set.arg("SET").arg("cluster-node-timeout").arg(9000);
        set.exec(&mut deployment.connect(2)).expect("a setting");
    });
}

#[test]
fn a_reset_replica_is_met_again() {
    mends("reset", "not known", |deployment| {
        let mut reset = redis::cmd("CLUSTER");
        reset.arg("RESET").arg("HARD").exec(&mut deployment.connect(6)).expect("a reset");
    });
}

#[test]
fn swapped_roles_are_as_good_as_the_specs() {
    if !wanted() {
        return;
    }
    let deployment = Deployment::new("swapped");
    deployment.up("cluster", &[]);
    redis::cmd("CLUSTER").arg("FAILOVER").exec(&mut deployment.connect(4)).expect("a failover");
    // The failover goes on behind the reply; `up` waits for its end and changes no role.
    deployment.up("cluster", &[]);
    deployment.verify();
    let status = deployment.status();
    assert_eq!(status["nodes"][3]["role"], "primary", "{status:#}");
    assert_eq!(status["nodes"][0]["role"], "replica", "{status:#}");
}
