//! A registry of the test's own on this machine, which engines trust without TLS: images are pulled from it by
//! tag and by digest, and what it does not have is an error that says so.

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{Deployment, REDIS_7, docker, eventually, fail_with, redisctl, succeed, texts};

/// A registry; gone with all that was pulled from it when it goes out of scope.
struct Registry {
    process: Child,
    address: String,
    folder: TempDir,
}

impl Registry {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let free = TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("an address");
        let configuration = folder.path().join("registry.yml");
        let text = format!(
            "version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: {}}}}}\nhttp: {{addr: \"{free}\"}}\n",
            folder.path().join("images").display()
        );
        std::fs::write(&configuration, text).expect("it can be written");
        let mut process = Command::new("docker-registry")
            .arg("serve")
            .arg(configuration)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("`docker-registry` starts: `scripts/test` installs it");
        eventually("the registry listens", || {
            assert!(process.try_wait().expect("a child").is_none(), "the registry ended");
            TcpStream::connect(free).is_ok()
        });
        Self { process, address: free.to_string(), folder }
    }

    /// Pushes an image with the content of another one, in a layer that the engine does not have afterwards.
    /// Gives what the registry calls it by tag and by digest.
    fn push(&self, image: &str) -> (String, String) {
        let tagged = format!("{}/redis:7", self.address);
        let archive = self.folder.path().join("root.tar");
        let archive = archive.to_str().expect("a path in UTF-8");
        let container = docker(&["create", image, "redis-server"]);
        docker(&["export", "--output", archive, &container]);
        docker(&["rm", &container]);
        docker(&["import", archive, &tagged]);
        docker(&["push", "--quiet", &tagged]);
        let digests = docker(&["image", "inspect", "--format", "{{json .RepoDigests}}", &tagged]);
        let digests: Vec<String> = serde_json::from_str(&digests).expect("a list");
        let digest = digests.into_iter().find(|digest| digest.starts_with(&self.address)).expect("a digest");
        self.forget();
        (tagged, digest)
    }

    /// Takes the registry's names from the engine.
    fn forget(&self) {
        let pattern = format!("{}/redis", self.address);
        let format = "{{.Repository}}:{{.Tag}} {{.Repository}}@{{.Digest}}";
        for line in docker(&["images", "--digests", "--format", format, &pattern]).lines() {
            for name in line.split(' ').filter(|name| !name.contains("<none>")) {
                // One of the two may have taken the other with it.
                let _ = Command::new("docker").args(["rmi", name]).output();
            }
        }
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.forget();
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn an_image_is_pulled_by_tag_and_by_digest() {
    let registry = Registry::start();
    let deployment = Deployment::new("pulled");
    let (tagged, pinned) = registry.push(REDIS_7);
    for image in [&tagged, &pinned] {
        let absent = Command::new("docker").args(["image", "inspect", image]).output().expect("it starts");
        assert!(!absent.status.success(), "{image} is on the engine already");
        let up = deployment.run("up", "standalone", &["--image", image, "--output", "json"]);
        let (stdout, stderr) = texts(&up);
        assert!(up.status.success(), "{stderr}");
        let events = stderr.lines().map(|line| serde_json::from_str::<Value>(line).expect("an event"));
        let bytes =
            events.filter_map(|event| event["total"].as_u64().filter(|_| event["event"] == "pulling"));
        assert!(bytes.max().is_some_and(|most| most > 1_000_000), "no progress: {stderr}");
        assert!(stdout.contains(&pinned), "which digest ran is not said: {stdout}");
        deployment.verify();
        assert_eq!(deployment.changes("standalone", &["--image", image]), 0);
        succeed(&redisctl(&["down", &deployment.name]));
        registry.forget();
    }
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn what_a_registry_does_not_have_is_an_error_that_says_so() {
    let registry = Registry::start();
    let deployment = Deployment::new("not-pulled");
    let (tagged, pinned) = registry.push(REDIS_7);
    let (repository, digest) = pinned.split_once("@sha256:").expect("a digest");
    let wrong = format!("{repository}@sha256:{}", digest.chars().rev().collect::<String>());
    for image in [format!("{tagged}-nowhere"), wrong] {
        let said = fail_with(&deployment.run("up", "standalone", &["--image", &image]), 1);
        assert!(said.contains(&format!("the registry has no image `{image}`")), "{said}");
        assert_eq!(deployment.leftovers(), Vec::<String>::new());
    }
}
