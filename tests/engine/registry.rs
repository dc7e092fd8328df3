//! A registry of the test's own on this machine, which engines trust without TLS: images are pulled from it by
//! tag and by digest, and what it does not have is an error that says so.

use std::fs::File;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{Deployment, REDIS_7, docker, eventually, fail_with, output, redisctl, succeed, texts};

/// A registry, removed with all pulled images when it is dropped.
struct Registry {
    process: Child,
    address: String,
    folder: TempDir,
}

/// The user of a private registry, and the user's password. Its characters need the alphabet of base64 for URLs.
const LOGIN: [&str; 2] = ["somebody", "right~~~???>>>"];

/// User and password, as `htpasswd -B` writes them.
const HTPASSWD: &str = "somebody:$2y$05$abcdefghijklmnopqrstuud4wRd1DVD2rJpJqEWAP6no5YBtV244q\n";

/// User and password, as in `config.json`.
const AUTH: &str = "c29tZWJvZHk6cmlnaHR+fn4/Pz8+Pj4=";

impl Registry {
    /// A registry for everybody.
    fn start() -> Self {
        Self::start_in(tempfile::tempdir().expect("a folder"), "")
    }

    /// A registry for one user alone.
    fn start_private() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let users = folder.path().join("users");
        std::fs::write(&users, HTPASSWD).expect("it can be written");
        let more = format!("auth: {{htpasswd: {{realm: test, path: {}}}}}\n", users.display());
        Self::start_in(folder, &more)
    }

    fn start_in(folder: TempDir, more: &str) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("an address");
        let configuration = folder.path().join("registry.yml");
        let text = format!(
            "version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: {}}}}}\nhttp: {{addr: \"{free}\"}}\n{more}",
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

    /// Pushes an image with the content of another image, in a layer that the engine does not have afterwards.
    /// Returns its names in the registry, by tag and by digest.
    fn push(&self, image: &str) -> (String, String) {
        let tagged = format!("{}/redis:7", self.address);
        let archive = self.folder.path().join("root.tar");
        let archive = archive.to_str().expect("a path in UTF-8");
        let container = docker(&["create", image, "redis-server"]);
        docker(&["export", "--output", archive, &container]);
        docker(&["rm", &container]);
        docker(&["import", archive, &tagged]);
        docker(&["--config", &self.docker_folder(), "push", "--quiet", &tagged]);
        let digests = docker(&["image", "inspect", "--format", "{{json .RepoDigests}}", &tagged]);
        let digests: Vec<String> = serde_json::from_str(&digests).expect("a list");
        let digest = digests.into_iter().find(|digest| digest.starts_with(&self.address)).expect("a digest");
        self.forget();
        (tagged, digest)
    }

    /// A folder of Docker's configuration, of this test alone.
    fn docker_folder(&self) -> String {
        self.folder.path().join("docker").display().to_string()
    }

    /// `docker login`.
    fn log_in(&self) {
        let [user, password] = LOGIN;
        let file = self.folder.path().join("password");
        std::fs::write(&file, password).expect("it can be written");
        let login = Command::new("docker")
            .args([
                "--config",
                &self.docker_folder(),
                "login",
                "--username",
                user,
                "--password-stdin",
                &self.address,
            ])
            .stdin(File::open(file).expect("it is there"))
            .output();
        succeed(&login.expect("docker starts"));
    }

    /// A folder of Docker's configuration with this text, and a credential helper `redisctltest` that runs `script`.
    fn configuration(&self, name: &str, text: &str, script: &str) -> PathBuf {
        let folder = self.folder.path().join(name);
        std::fs::create_dir(&folder).expect("a folder");
        std::fs::write(folder.join("config.json"), text).expect("it can be written");
        let helper = folder.join("docker-credential-redisctltest");
        std::fs::write(&helper, format!("#!/bin/sh\n{script}\n")).expect("it can be written");
        std::fs::set_permissions(&helper, std::fs::Permissions::from_mode(0o755)).expect("it is ours");
        folder
    }

    /// Takes the registry's names from the engine.
    fn forget(&self) {
        let pattern = format!("{}/redis", self.address);
        let format = "{{.Repository}}:{{.Tag}} {{.Repository}}@{{.Digest}}";
        for line in docker(&["images", "--digests", "--format", format, &pattern]).lines() {
            for name in line.split(' ').filter(|name| !name.contains("<none>")) {
                // The removal of one name may have removed the other.
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

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn an_image_of_a_private_registry_is_pulled_with_the_users_login() {
    let registry = Registry::start_private();
    registry.log_in();
    let (tagged, pinned) = registry.push(REDIS_7);
    let deployment = Deployment::new("private");
    let run = |folder: &Path| {
        let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap_or_default());
        let mut up = deployment.command("up", "standalone", &["--image", tagged.as_str()]);
        let up = output(up.env("DOCKER_CONFIG", folder).env("PATH", path).env("REDISCTL_LOG", "trace"));
        let (stdout, stderr) = texts(&up);
        for secret in [LOGIN[1], AUTH] {
            assert!(!stdout.contains(secret) && !stderr.contains(secret), "a secret is told: {stderr}");
        }
        up
    };
    let hint = format!("hint: log in with `docker login {}`", registry.address);
    let (host, stores) = (registry.address.as_str(), r#"{"credsStore": "redisctltest"}"#);
    let wrong = format!(r#"{{"auths": {{"{host}": {{"auth": "c29tZWJvZHk6d3Jvbmc="}}}}}}"#);

    // Without a log-in, with another password, and with a helper that fails.
    for (folder, reason) in [
        (registry.configuration("empty", "{}", ""), ""),
        (registry.configuration("wrong", &wrong, ""), ""),
        (
            registry.configuration(
                "failing",
                stores,
                &format!("read -r server || true; echo '{}'; exit 1", LOGIN[1]),
            ),
            "`docker-credential-redisctltest` failed",
        ),
    ] {
        let said = fail_with(&run(&folder), 1);
        assert!(said.contains(&hint), "{said}");
        assert!(said.contains(reason), "{said}");
        assert_eq!(deployment.leftovers(), Vec::<String>::new());
    }

    // After `docker login`, and with helpers that answer for this registry alone.
    let [user, password] = LOGIN;
    let script = format!(
        r#"read -r server || true
[ "$1 $server" = "get {host}" ] || {{ echo 'credentials not found in native keychain'; exit 1; }}
echo '{{"ServerURL": "{host}", "Username": "{user}", "Secret": "{password}"}}'"#
    );
    let helpers = format!(r#"{{"credsStore": "nowhere", "credHelpers": {{"{host}": "redisctltest"}}}}"#);
    for folder in [
        PathBuf::from(registry.docker_folder()),
        registry.configuration("store", stores, &script),
        registry.configuration("helpers", &helpers, &script),
    ] {
        let stdout = succeed(&run(&folder));
        assert!(stdout.contains(&pinned), "{stdout}");
        succeed(&redisctl(&["down", &deployment.name]));
        registry.forget();
    }
}
