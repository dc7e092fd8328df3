//! Podman instead of Docker, through its socket for Docker's API.

use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::private_engine::{Network, as_root, remove_files, run};
use crate::support::{REDIS_7, command, docker, eventually, fail_with, output, succeed};

/// A service with its own storage and network, removed when it is dropped.
struct Podman {
    folder: TempDir,
    network: Network,
    service: Option<Child>,
}

impl Podman {
    fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("redisctl-podman-").tempdir().expect("a folder");
        // Podman's default limits exceed those of a machine that is itself a container.
        let limits = r#"["nofile=4096:4096", "nproc=4096:4096"]"#;
        let networks = folder.path().join("networks");
        let settings = format!(
            "[containers]\ndefault_ulimits={limits}\n[network]\nnetwork_config_dir=\"{}\"\n",
            networks.display()
        );
        std::fs::write(folder.path().join("containers.conf"), settings).expect("a file");
        let mut podman = Self { folder, network: Network::make(), service: None };
        let image = podman.path("image.tar");
        docker(&["save", "--output", &image, REDIS_7]);
        run(podman.podman().args(["load", "--quiet", "--input", &image]));
        podman.serve();
        podman
    }

    fn serve(&mut self) {
        let service = self.podman().args(["system", "service", "--time=0", &self.host()]).spawn();
        self.service = Some(service.expect("podman starts"));
        eventually("podman answers", || {
            Command::new("docker")
                .args(["--host", &self.host(), "version"])
                .output()
                .is_ok_and(|output| output.status.success())
        });
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().expect("a path in UTF-8").to_owned()
    }

    fn host(&self) -> String {
        format!("unix://{}", self.path("sock"))
    }

    fn podman(&self) -> Command {
        let mut podman = self.network.inside("env");
        podman
            .arg(format!("CONTAINERS_CONF={}", self.path("containers.conf")))
            .args(["podman", "--cgroup-manager=cgroupfs", "--events-backend=file"])
            .args([
                "--root",
                &self.path("root"),
                "--runroot",
                &self.path("run"),
                "--tmpdir",
                &self.path("tmp"),
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        podman
    }

    /// redisctl, on podman's machine.
    fn redisctl(&self, arguments: &[&str]) -> Output {
        let redisctl = command::<&str>(&[]);
        let mut inside = self.network.inside("env");
        inside.arg("NO_COLOR=1").arg(redisctl.get_program()).args(["--host", &self.host()]).args(arguments);
        output(&mut inside)
    }

    #[track_caller]
    fn json(&self, arguments: &[&str]) -> Value {
        let arguments: Vec<&str> = arguments.iter().copied().chain(["--output", "json"]).collect();
        serde_json::from_str(&succeed(&self.redisctl(&arguments))).expect("JSON")
    }

    /// All objects except podman's own network.
    fn leftovers(&self) -> String {
        let list = |arguments: &[&str]| run(self.podman().args(arguments));
        [
            list(&["ps", "--all", "--quiet"]),
            list(&["network", "ls", "--quiet"]).replace("podman\n", ""),
            list(&["volume", "ls", "--quiet"]),
        ]
        .concat()
    }
}

impl Drop for Podman {
    fn drop(&mut self) {
        let _ = self.podman().args(["rm", "--all", "--force", "--time=0"]).output();
        if let Some(mut service) = self.service.take() {
            // On a request, it ends after its last connection; otherwise it is killed.
            let _ = as_root("kill").arg(service.id().to_string()).output();
            let _ = service.wait();
        }
        remove_files(self.folder.path());
    }
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn podman_runs_every_kind() {
    let podman = Podman::start();
    for topology in ["standalone", "secure", "cluster"] {
        let wish = [topology, "--image", REDIS_7];
        succeed(&podman.redisctl(&[&["up"], &wish[..]].concat()));
        let report = podman.json(&["verify"]);
        assert_eq!(report["failed"], 0, "{report:#}");
        assert_eq!(podman.json(&[&["plan"], &wish[..]].concat())["changes"], 0);
        if topology == "cluster" {
            // Drift is repaired.
            run(podman.podman().args(["kill", "cluster-4"]));
            run(podman.podman().args(["rm", "--force", "--time=0", "cluster-5"]));
            run(podman.podman().args(["pause", "cluster-6"]));
            succeed(&podman.redisctl(&[&["up"], &wish[..]].concat()));
        }
        succeed(&podman.redisctl(&["down"]));
        assert_eq!(podman.leftovers(), "");
    }
    let refused = ["up", "standalone", "--image", REDIS_7, "--set", "config.no-such-thing=1"];
    let said = fail_with(&podman.redisctl(&refused), 2);
    assert!(said.contains("Bad directive"), "{said}");
    assert_eq!(podman.leftovers(), "");
}
