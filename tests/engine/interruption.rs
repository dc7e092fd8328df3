//! Interruptions at any moment: the next `up` completes the deployment, and the next `down` removes all of it.

use redis::Commands as _;

use crate::moment::{at, is_step};
use crate::support::{
    Deployment, REDIS_7, REDIS_8, clean_up, docker, eventually, own_image, redisctl, succeed,
};

/// A moment of `up`, and the signal at that moment: after this number of finished steps whose actions begin with the
/// text.
struct Cut(usize, &'static str, &'static str);

/// Examples, from the first object to the last step.
const CUTS: [Cut; 6] = [
    Cut(1, "create network", "KILL"),
    Cut(2, "create container", "KILL"),
    Cut(1, "write files", "KILL"),
    Cut(3, "start container", "INT"),
    Cut(2, "assign slots", "KILL"),
    Cut(1, "take over", "TERM"),
];

/// Runs `up cluster`, interrupted at the moment.
fn cut_off(deployment: &Deployment, Cut(count, action, signal): &Cut) {
    let is_moment = |event: &serde_json::Value| is_step(event, "step-finished", action);
    let ended = at(deployment, &["cluster"], (*count, is_moment), |process, _| process.signal(signal));
    // A killed process prints nothing more, and has no exit code.
    let expected = if *signal == "KILL" { None } else { Some(130) };
    assert_eq!(ended.status.code(), expected, "{}", ended.stderr);
    assert_eq!(ended.stderr.contains("what was done stays"), expected.is_some(), "{}", ended.stderr);
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn an_up_that_was_cut_off_is_finished_by_the_next_one() {
    let deployment = Deployment::new("cut-up");
    for cut in &CUTS {
        cut_off(&deployment, cut);
        deployment.up("cluster", &[]);
        deployment.verify();
        assert_eq!(deployment.changes("cluster", &[]), 0, "after `{}`", cut.1);
        succeed(&redisctl(&["down", &deployment.name]));
    }
}

/// After the hand-over, the old server is a replica, and cannot read the newer primary's data.
#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_newer_server_that_was_cut_off_after_the_hand_over_is_finished() {
    for (topology, handed_over) in
        [("replica", "hand over to"), ("sentinel", "hand over to"), ("cluster", "become primary")]
    {
        let deployment = Deployment::new(&format!("cut-upgrade-{topology}"));
        upgrade_in_two(&deployment, topology, ("step-finished", handed_over), || ());
    }
}

/// The server continues its hand-over, and refuses another.
#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_newer_server_that_was_cut_off_during_the_hand_over_is_finished() {
    let deployment = Deployment::new("cut-hand-over");
    upgrade_in_two(&deployment, "replica", ("step-started", "hand over to"), || {
        let mut primary = deployment.connect(1);
        eventually("the hand-over begins", || {
            let said: String =
                redis::cmd("INFO").arg("replication").query(&mut primary).expect("what it says");
            !said.contains("master_failover_state:no-failover") || said.contains("role:slave")
        });
    });
}

/// The engine continues the call: a silent server is about to end.
#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_newer_server_that_was_cut_off_while_a_container_stopped_is_finished() {
    let deployment = Deployment::new("cut-stop");
    upgrade_in_two(&deployment, "replica", ("step-started", "stop container"), || ());
}

/// Upgrades a server with an `up` that is killed once `until` has returned, and with a second `up` that completes the
/// upgrade.
fn upgrade_in_two(
    deployment: &Deployment,
    topology: &str,
    (kind, action): (&str, &str),
    until: impl FnOnce(),
) {
    deployment.up(topology, &["--image", REDIS_7]);
    // The tag's slot is 0, which is the first primary's.
    let () = deployment.connect(1).set("{06S}kept", "yes").expect("a write");
    let newer = ["--image", REDIS_8];
    let is_moment = |event: &serde_json::Value| is_step(event, kind, action);
    at(deployment, &[&[topology][..], &newer].concat(), (1, is_moment), |process, _| {
        until();
        process.signal("KILL");
    });
    deployment.up(topology, &newer);
    deployment.verify();
    assert_eq!(deployment.changes(topology, &newer), 0, "{topology}");
    let status = deployment.status();
    let nodes = status["nodes"].as_array().expect("nodes");
    assert_eq!(nodes[0]["role"], "replica", "{status:#}");
    // In a cluster, the numbers of replicas follow those of all primaries.
    let replicas = if topology == "cluster" { 3 } else { 1 };
    let heir = (replicas..nodes.len()).find(|position| nodes[*position]["role"] == "primary");
    let number = u16::try_from(heir.expect("a primary") + 1).expect("a few nodes");
    let kept: Option<String> = deployment.connect(number).get("{06S}kept").expect("a read");
    assert_eq!(kept.as_deref(), Some("yes"), "{topology}");
}

/// All parts of the deployment on the engine, by label and by name.
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
#[ignore = "needs a Docker engine: bash scripts/test"]
fn what_an_up_leaves_that_was_cut_off_is_removed_by_the_next_down() {
    let deployment = Deployment::new("cut-down");
    for cut in &CUTS {
        cut_off(&deployment, cut);
        succeed(&redisctl(&["down", &deployment.name]));
        assert_eq!(remains(&deployment), Vec::<String>::new(), "after `{}`", cut.1);
    }
}

/// An image that does not name its server, and has a volume. It is removed when it is dropped.
struct SilentImage(String);

impl SilentImage {
    fn new(name: String) -> Self {
        let container = docker(&["create", REDIS_7, "redis-server"]);
        let changes = ["LABEL org.opencontainers.image.version=", "VOLUME /data"];
        docker(&["commit", "--change", changes[0], "--change", changes[1], &container, &name]);
        docker(&["rm", &container]);
        Self(name)
    }
}

impl Drop for SilentImage {
    fn drop(&mut self) {
        clean_up(&["rmi", &self.0]);
    }
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn what_an_image_leaves_that_was_asked_for_its_version_is_removed_too() {
    // It is made before the deployment, so it is dropped after it.
    let image = SilentImage::new(own_image("silent"));
    let deployment = Deployment::new("cut-probe");
    // Like an `up` that was killed while it asked the image for its version.
    let label = format!("io.redisctl.deployment={}", deployment.name);
    let probe = docker(&["create", "--label", &label, &image.0, "redis-server", "--version"]);
    let volumes_of =
        |container: &str| docker(&["inspect", "--format", "{{range .Mounts}}{{.Name}} {{end}}", container]);
    let unnamed = volumes_of(&probe);
    assert!(!unnamed.is_empty(), "the image wants a volume");
    deployment.up("standalone", &["--image", &image.0]);
    let all = format!("{unnamed} {}", volumes_of(&deployment.node(1)));
    succeed(&redisctl(&["down", &deployment.name]));
    assert_eq!(remains(&deployment), Vec::<String>::new());
    let volumes = docker(&["volume", "ls", "-q"]);
    for volume in all.split_whitespace() {
        assert!(!volumes.contains(volume), "{volume} is left");
    }
}
