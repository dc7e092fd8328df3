//! The health checks of containers: a tool that waits until a container is healthy waits until its server answers.

use crate::composed::Composed;
use crate::made_image::{MadeImage, WITH_SHELL};
use crate::support::{Deployment, REDIS_7, REDIS_8, VALKEY_8, docker, eventually, redisctl, succeed};

fn health(container: &str) -> String {
    docker(&["inspect", "--format", "{{if .State.Health}}{{.State.Health.Status}}{{end}}", container])
}

#[track_caller]
fn become_healthy(shop: &Deployment, nodes: usize) {
    for number in 1..=nodes {
        let node = shop.node(number);
        eventually(&format!("{node} to become healthy"), || health(&node) == "healthy");
    }
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn every_node_becomes_healthy_and_a_server_that_hangs_unhealthy() {
    let image = MadeImage::with_shell("kinds", REDIS_7);
    let open = Deployment::new("health-open");
    open.up("standalone", &["--image", &image.name]);
    let secret = Deployment::new("health-secret");
    let limited = "auth.users=[{name: default, rules: [\"~*\", +info]}]";
    let more = ["--image", &image.name, "--set", limited];
    secret.up("standalone", &more);
    // The user may not send PING: the check leaves no error.
    let errors = || {
        let said = succeed(&redisctl(&["cli", &secret.name, "--", "INFO", "errorstats"]));
        said.lines().find(|line| line.contains("NOPERM")).map(str::to_owned)
    };
    let before = errors();
    let tls = Deployment::new("health-tls");
    let with_tls = ["--image", &image.name, "--set", "auth.password=secret", "--set", "tls.client_auth=true"];
    tls.up("replica", &with_tls);
    become_healthy(&open, 1);
    become_healthy(&secret, 1);
    become_healthy(&tls, 2);
    assert_eq!(errors(), before);

    // No label has the check.
    let containers = secret.containers();
    secret.up("standalone", &more);
    assert_eq!(secret.containers(), containers);

    docker(&["kill", "--signal", "STOP", &open.node(1)]);
    eventually("the server that hangs to be unhealthy", || health(&open.node(1)) == "unhealthy");
    assert_eq!(health(&secret.node(1)), "healthy");
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn sentinels_and_images_without_a_client_become_healthy() {
    let image = MadeImage::with_shell("sentinels", VALKEY_8);
    let shop = Deployment::new("health-sentinel");
    shop.up("sentinel", &["--image", &image.name, "--set", "auth.password=secret"]);
    let bare = Deployment::new("health-bare");
    bare.up("standalone", &["--image", WITH_SHELL]);
    let none = Deployment::new("health-none");
    none.up("standalone", &["--image", REDIS_8]);
    become_healthy(&shop, 5);
    become_healthy(&bare, 1);
    // An image without a shell has no health check, instead of a check that always fails.
    assert_eq!(health(&none.node(1)), "");
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn exported_compose_files_have_the_check() {
    let image = MadeImage::with_shell("compose", REDIS_7);
    let shop = Deployment::new("health-compose");
    let port = shop.port.to_string();
    let export = ["export", "compose", "replica", "--name", &shop.name, "--port-base", &port];
    let more = ["--image", &image.name, "--set", "auth.password=secret", "--subnet", "172.30.247.0/24"];
    let text = succeed(&redisctl(&[&export[..], &more].concat()));
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("compose.yaml");
    std::fs::write(&file, text).expect("a file");
    let composed = Composed::new(&file);
    succeed(&composed.run(&["up", "--detach"]));
    become_healthy(&shop, 2);
}
