//! Cut off at any moment: the next `up` finishes the job, and the next `down` removes all of it.

use crate::moment::{at, is_step};
use crate::support::{Deployment, REDIS_7, docker, redisctl, succeed, wanted};

/// A moment of making a cluster, and the signal that comes then: after so many steps have ended whose
/// action begins like this.
struct Cut(usize, &'static str, &'static str);

/// A sample, from the first object to the last step.
const CUTS: [Cut; 6] = [
    Cut(1, "create network", "KILL"),
    Cut(2, "create container", "KILL"),
    Cut(1, "write files", "KILL"),
    Cut(3, "start container", "INT"),
    Cut(2, "assign slots", "KILL"),
    Cut(1, "take over", "TERM"),
];

/// Runs `up cluster` until the moment of the cut.
fn cut_off(deployment: &Deployment, Cut(count, action, signal): &Cut) {
    let is_moment = |event: &serde_json::Value| is_step(event, "step-finished", action);
    let ended = at(deployment, &["cluster"], (*count, is_moment), |process, _| process.signal(signal));
    // A killed process says nothing more, and has no exit code.
    let expected = if *signal == "KILL" { None } else { Some(130) };
    assert_eq!(ended.status.code(), expected, "{}", ended.stderr);
    assert_eq!(ended.stderr.contains("what was done stays"), expected.is_some(), "{}", ended.stderr);
}

#[test]
fn an_up_that_was_cut_off_is_finished_by_the_next_one() {
    if !wanted() {
        return;
    }
    let deployment = Deployment::new("cut-up");
    for cut in &CUTS {
        cut_off(&deployment, cut);
        deployment.up("cluster", &[]);
        deployment.verify();
        assert_eq!(deployment.changes("cluster", &[]), 0, "after `{}`", cut.1);
        succeed(&redisctl(&["down", &deployment.name]));
    }
}

/// Everything of the deployment's on the engine, by label and by name.
fn remains(deployment: &Deployment) -> Vec<String> {
    let mut all = deployment.leftovers();
    let name = format!("name={}", deployment.name);
    for list in [&["ps", "-aq"][..], &["network", "ls", "-q"], &["volume", "ls", "-q"]] {
        let arguments: Vec<&str> = list.iter().copied().chain(["--filter", &name]).collect();
        all.extend(docker(&arguments).lines().map(str::to_owned));
    }
    all
}

#[test]
fn what_an_up_leaves_that_was_cut_off_is_removed_by_the_next_down() {
    if !wanted() {
        return;
    }
    let deployment = Deployment::new("cut-down");
    for cut in &CUTS {
        cut_off(&deployment, cut);
        succeed(&redisctl(&["down", &deployment.name]));
        assert_eq!(remains(&deployment), Vec::<String>::new(), "after `{}`", cut.1);
    }
}

/// An image that does not say which server it holds, and wants a volume; gone when it goes out of scope.
struct SilentImage(&'static str);

impl SilentImage {
    fn new(name: &'static str) -> Self {
        let container = docker(&["create", REDIS_7, "redis-server"]);
        let changes = ["LABEL org.opencontainers.image.version=", "VOLUME /data"];
        docker(&["commit", "--change", changes[0], "--change", changes[1], &container, name]);
        docker(&["rm", &container]);
        Self(name)
    }
}

impl Drop for SilentImage {
    fn drop(&mut self) {
        docker(&["rmi", self.0]);
    }
}

#[test]
fn what_an_image_leaves_that_was_asked_for_its_version_is_removed_too() {
    if !wanted() {
        return;
    }
    // Before the deployment, so that it is dropped after it.
    let image = SilentImage::new("redisctl-test/silent:1");
    let deployment = Deployment::new("cut-probe");
    // As if `up` had been killed while the container was there that is asked for the version.
    let label = format!("io.redisctl.deployment={}", deployment.name);
    let probe = docker(&["create", "--label", &label, image.0, "redis-server", "--version"]);
    let volumes_of =
        |container: &str| docker(&["inspect", "--format", "{{range .Mounts}}{{.Name}} {{end}}", container]);
    let unnamed = volumes_of(&probe);
    assert!(!unnamed.is_empty(), "the image wants a volume");
    deployment.up("standalone", &["--image", image.0]);
    let all = format!("{unnamed} {}", volumes_of(&deployment.node(1)));
    succeed(&redisctl(&["down", &deployment.name]));
    assert_eq!(remains(&deployment), Vec::<String>::new());
    let volumes = docker(&["volume", "ls", "-q"]);
    for volume in all.split_whitespace() {
        assert!(!volumes.contains(volume), "{volume} is left");
    }
}
