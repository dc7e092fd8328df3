//! Deployments of an older and of a newer redisctl.

use serde_json::Value;

use crate::support::{Deployment, docker, fail_with, redisctl, succeed};

/// Changes the stored file of a deployment with one node.
fn rewrite(deployment: &Deployment, change: impl FnOnce(&mut serde_json::Map<String, Value>)) {
    let folder = tempfile::tempdir().expect("a folder");
    let here = folder.path().join("deployment.json");
    let here = here.to_str().expect("a path in UTF-8");
    let there = format!("{}:/redisctl/deployment.json", deployment.node(1));
    docker(&["cp", &there, here]);
    let mut stored: Value =
        serde_json::from_str(&std::fs::read_to_string(here).expect("the file")).expect("the file is JSON");
    change(stored.as_object_mut().expect("an object"));
    std::fs::write(here, stored.to_string()).expect("the file");
    docker(&["cp", here, &there]);
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_deployment_of_an_older_redisctl_is_kept_and_one_of_a_newer_is_left_alone() {
    let deployment = Deployment::new("stored");
    deployment.up("standalone", &[]);
    let before = deployment.containers();
    rewrite(&deployment, |stored| drop(stored.remove("version").expect("a version")));
    assert_eq!(deployment.changes("standalone", &[]), 0);

    rewrite(&deployment, |stored| drop(stored.insert("version".to_owned(), 99.into())));
    let name = &deployment.name;
    for ended in [
        deployment.run("up", "standalone", &["--set", "config.maxmemory=1mb"]),
        deployment.run("plan", "standalone", &[]),
        redisctl(&["status", name]),
        redisctl(&["env", name]),
    ] {
        let said = fail_with(&ended, 1);
        assert!(
            said.contains(&format!("a newer redisctl made or changed the deployment `{name}`")),
            "{said}"
        );
        assert!(said.contains("its stored format is version 99"), "{said}");
        assert!(said.contains("hint: upgrade redisctl"), "{said}");
    }
    assert_eq!(deployment.containers(), before);
    succeed(&redisctl(&["down", name]));
    assert_eq!(deployment.leftovers(), Vec::<String>::new());
}
