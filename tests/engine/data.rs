//! The place of data: `volume` keeps data after `down`.

use redis::Commands as _;

use crate::support::{Deployment, REDIS_6, REDIS_7, REDIS_8, docker, fail_with, redisctl, succeed};

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn data_in_volumes_outlives_down() {
    let deployment = Deployment::new("volume");
    let volume = ["--set", "data=volume"];
    deployment.up("replica", &volume);
    let () = deployment.connect(1).set("kept", "yes").expect("a write");
    // The effect of `docker system prune` on a stopped deployment.
    docker(&["stop", &deployment.node(1), &deployment.node(2)]);
    docker(&["rm", &deployment.node(1), &deployment.node(2)]);
    docker(&["network", "rm", &deployment.name]);
    let said = fail_with(&redisctl(&["status", &deployment.name]), 1);
    assert!(said.contains("brings it back with its data"), "{said}");
    deployment.up("replica", &volume);
    let kept: Option<String> = deployment.connect(1).get("kept").expect("a read");
    assert_eq!(kept.as_deref(), Some("yes"));
    let said = succeed(&redisctl(&["down", &deployment.name]));
    assert!(said.contains("-data"), "`down` says what it kept: {said}");
    for verb in ["status", "verify"] {
        let said = fail_with(&redisctl(&[verb, &deployment.name]), 1);
        let kept = format!("its data is kept in `{0}-1-data`, `{0}-2-data`\n", deployment.name);
        assert!(said.contains(&kept) && said.contains("brings it back with its data"), "{said}");
    }
    refuses_what_the_kept_data_does_not_fit(&deployment);
    deployment.up("replica", &volume);
    let kept: Option<String> = deployment.connect(1).get("kept").expect("a read");
    assert_eq!(kept.as_deref(), Some("yes"));
    let said = succeed(&redisctl(&["down", &deployment.name]));
    let (first, second) = (format!("{}-1-data", deployment.name), format!("{}-2-data", deployment.name));
    assert!(said.contains(&format!("kept the data in {first}, {second}")), "the record has no data: {said}");
    docker(&["volume", "rm", &first, &second]);
    succeed(&redisctl(&["down", &deployment.name]));
    assert_eq!(deployment.leftovers(), Vec::<String>::new(), "the record goes with the data");
    deployment.up("replica", &volume);
    succeed(&redisctl(&["down", &deployment.name, "--volumes"]));
    assert_eq!(deployment.leftovers(), Vec::<String>::new());
}

fn refuses_what_the_kept_data_does_not_fit(deployment: &Deployment) {
    let left = deployment.leftovers();
    let cases: [(&str, &[&str], &str); 3] = [
        ("cluster", &["--set", "data=volume"], "data of kind replication, and the spec has kind cluster"),
        ("replica", &["--set", "data=volume", "--image", REDIS_6], "which redis 6.0"),
        ("replica", &[], "the spec without `data: volume` would not use it"),
    ];
    for (topology, more, reason) in cases {
        for verb in ["plan", "up"] {
            let said = fail_with(&deployment.run(verb, topology, more), 1);
            assert!(said.contains(reason) && said.contains("--volumes"), "{said}");
        }
    }
    assert_eq!(deployment.leftovers(), left, "nothing is made of a spec that is refused");
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_cluster_with_volumes_comes_back_with_its_data() {
    let deployment = Deployment::new("volume-cluster");
    let volume = ["--set", "data=volume"];
    deployment.up("cluster", &volume);
    // The tag's slot is 0, which is the first primary's.
    let () = deployment.connect(1).set("{06S}kept", "yes").expect("a write");
    succeed(&redisctl(&["down", &deployment.name]));
    deployment.up("cluster", &volume);
    deployment.verify();
    let kept: Option<String> = deployment.connect(1).get("{06S}kept").expect("a read");
    assert_eq!(kept.as_deref(), Some("yes"));
}

/// Volumes of redisctl 0.1 have no label that says what is in them: their files say it.
#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn data_of_an_older_redisctl_is_refused_before_a_server_ends_on_it() {
    let deployment = Deployment::new("volume-old");
    let volume = |image: &'static str| ["--set", "data=volume", "--image", image];
    for (topology, other) in [("standalone", "cluster"), ("cluster", "replica")] {
        deployment.up(topology, &volume(REDIS_8));
        succeed(&redisctl(&["down", &deployment.name]));
        make_labels_old(&deployment);
        let left = deployment.leftovers();
        for (topology, image, reason) in [
            (topology, REDIS_7, "its kept volumes hold data of RDB format 12, which redis 7.0"),
            (other, REDIS_8, "cluster, and the spec has kind"),
        ] {
            for verb in ["plan", "up"] {
                let said = fail_with(&deployment.run(verb, topology, &volume(image)), 1);
                assert!(said.contains(reason) && said.contains("--volumes"), "{verb} {topology}: {said}");
            }
        }
        assert_eq!(deployment.leftovers(), left, "nothing is made of a spec that is refused");
        succeed(&redisctl(&["down", &deployment.name, "--volumes"]));
    }
}

/// Copies each data volume into a volume with the labels of redisctl 0.1.
fn make_labels_old(deployment: &Deployment) {
    let prefix = format!("{}-", deployment.name);
    let volumes = docker(&["volume", "ls", "--quiet", "--filter", &format!("name={prefix}")]);
    for volume in volumes.lines().filter(|volume| volume.ends_with("-data")) {
        let files = tempfile::tempdir().expect("a folder");
        let folder = files.path().to_str().expect("a path in UTF-8");
        let container = || docker(&["create", "--volume", &format!("{volume}:/files"), REDIS_8, "none"]);
        let old = container();
        docker(&["cp", &format!("{old}:/files/."), folder]);
        docker(&["rm", &old]);
        docker(&["volume", "rm", volume]);
        // The record has no data.
        if volume == format!("{prefix}data") {
            continue;
        }
        let name = format!("io.redisctl.deployment={}", deployment.name);
        docker(&["volume", "create", "--label", &name, "--label", "io.redisctl.keeps-data=yes", volume]);
        let new = container();
        docker(&["cp", &format!("{folder}/."), &format!("{new}:/files")]);
        docker(&["rm", &new]);
    }
}
