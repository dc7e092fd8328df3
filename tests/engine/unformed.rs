//! Nodes in cluster mode that a test makes a cluster of.

use redis::cmd;
use serde_json::Value;

use crate::support::{Deployment, REDIS_7, eventually, fail_with, redisctl, succeed};

/// The notes of `status`, as one text.
fn notes(deployment: &Deployment) -> String {
    let status = deployment.status();
    assert_eq!(status["state"], "ready", "{status:#}");
    status["notes"].to_string()
}

/// Forms a cluster as a test of a client would.
fn form(deployment: &Deployment) {
    for (number, slots) in [(1, (0, 99)), (2, (100, 16_383))] {
        let mut connection = deployment.connect(number);
        cmd("CLUSTER").arg("ADDSLOTSRANGE").arg(slots).exec(&mut connection).expect("slots");
    }
    let status = deployment.status();
    let address = status["nodes"][1]["address"].as_str().expect("an address");
    let (ip, port) = address.split_once(':').expect("a port");
    cmd("CLUSTER").arg("MEET").arg(ip).arg(port).exec(&mut deployment.connect(1)).expect("a meeting");
    eventually("the cluster is formed", || {
        [1, 2].iter().all(|number| {
            let info: String =
                cmd("CLUSTER").arg("INFO").query(&mut deployment.connect(*number)).expect("a reply");
            info.contains("cluster_state:ok") && info.contains("cluster_known_nodes:2")
        })
    });
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_test_forms_the_cluster_itself() {
    let deployment = Deployment::new("unformed");
    let formed = ["--image", REDIS_7, "--set", "shards=2", "--set", "replicas=0"];
    let unformed = [&formed[..], &["--set", "formed=false"]].concat();
    deployment.up("cluster", &unformed);
    let found = |report: &Value| report["checks"].to_string();
    assert!(found(&deployment.verify()).contains("knows no other node and owns no slots"));
    assert_eq!(deployment.changes("cluster", &unformed), 0);
    assert!(notes(&deployment).contains("not formed"));

    form(&deployment);
    deployment.up("cluster", &unformed);
    assert_eq!(deployment.changes("cluster", &unformed), 0);
    assert!(
        notes(&deployment).contains("formed by clients: 2 of 2 nodes know others, and 16384 of 16384 slots")
    );
    assert!(
        found(&deployment.verify())
            .contains("clients formed a cluster: knows 1 other node and owns 100 slots")
    );
    succeed(&redisctl(&["cli", &deployment.name, "--", "SET", "key", "value"]));

    succeed(&redisctl(&["reset", &deployment.name]));
    assert!(notes(&deployment).contains("not formed"));
    form(&deployment);
    deployment.up("cluster", &formed);
    deployment.verify();
    assert_eq!(deployment.changes("cluster", &formed), 0);
    let refused = fail_with(&deployment.run("up", "cluster", &unformed), 1);
    assert!(refused.contains("the cluster is formed"), "{refused}");
}
