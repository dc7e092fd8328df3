//! Images: one that cannot be had, one made from this machine's own server.

use crate::support::{Deployment, docker, fail_with, succeed, wanted};

#[test]
fn an_image_that_cannot_be_pulled_is_an_error_with_ways_out() {
    if !wanted() {
        return;
    }
    let deployment = Deployment::new("no-image");
    let said = fail_with(&deployment.run("up", "standalone", &["--image", "redisctl-test/absent:1"]), 1);
    assert!(said.contains("redisctl-test/absent:1") && said.contains("--image"), "{said}");
    assert_eq!(deployment.leftovers(), Vec::<String>::new());
}

#[test]
fn an_image_of_this_machines_own_server_is_made_once() {
    if !wanted() {
        return;
    }
    let deployment = Deployment::new("host-image");
    let host = ["--image", "host"];
    deployment.up("replica", &host);
    deployment.verify();
    let images = || docker(&["images", "-q", "--no-trunc", "redisctl-host"]);
    let before = images();
    assert!(!before.is_empty());
    deployment.up("replica", &host);
    assert_eq!(images(), before, "the image was made again");
    assert_eq!(deployment.changes("replica", &host), 0);
    succeed(&deployment.run("plan", "replica", &host));
}
