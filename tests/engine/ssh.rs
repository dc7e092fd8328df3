//! An engine on another machine that only `ssh` can reach, at another port.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::private_engine::{PrivateEngine, as_root, run};
use crate::support::{REDIS_7, command, eventually, fail_with, output, succeed};

/// `sshd` must be started by its absolute path.
const SSHD: &str = "/usr/sbin/sshd";

/// The server's port, which differs from the default of `ssh`.
const PORT: u16 = 2222;

/// An `ssh` server beside an engine. It uses no files of this machine or its user.
struct SshServer<'e> {
    engine: &'e PrivateEngine,
    server: Child,
}

impl<'e> SshServer<'e> {
    /// Starts a server whose keys are in the engine's folder, with a program `ssh` that uses them.
    fn start(engine: &'e PrivateEngine) -> Self {
        let path = |name: &str| engine.path(name).display().to_string();
        for key in ["host_key", "client_key", "other_key"] {
            run(Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f", &path(key)]));
        }
        fs::copy(path("client_key.pub"), path("authorized_keys")).expect("a file");
        let host_key = fs::read_to_string(path("host_key.pub")).expect("a key");
        let known = format!("[{}]:{PORT} {host_key}", engine.address());
        fs::write(path("known_hosts"), known).expect("a file");
        let settings = format!(
            "ListenAddress {}:{PORT}\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\nStrictModes no\nUsePAM yes\n\
             PermitRootLogin prohibit-password\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n\
             SetEnv DOCKER_HOST={}\n",
            engine.address(),
            path("host_key"),
            path("authorized_keys"),
            engine.host(),
        );
        fs::write(path("sshd_config"), settings).expect("a file");
        for (client, key) in [("right", "client_key"), ("wrong", "other_key")] {
            make_client(&engine.path(client), &path(key), &path("known_hosts"));
        }
        // A service manager would make this folder.
        run(as_root("mkdir").args(["-p", "/run/sshd"]));
        let log = fs::File::create(path("sshd_log")).expect("a file for the log");
        let server = engine
            .inside(SSHD)
            .args(["-D", "-e", "-f", &path("sshd_config")])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("sshd starts");
        let server = Self { engine, server };
        eventually("sshd listens", || std::net::TcpStream::connect((engine.address(), PORT)).is_ok());
        server
    }

    /// The engine's address, for users who can log in.
    fn host(&self) -> String {
        let user = run(Command::new("id").arg("-un"));
        format!("ssh://{}@{}:{PORT}", user.trim(), self.engine.address())
    }

    /// redisctl with the `ssh` of this name.
    fn command(&self, client: &str, arguments: &[&str]) -> Command {
        let mut folders = vec![self.engine.path(client)];
        folders.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
        let mut redisctl = command(&["--host", &self.host()]);
        redisctl.args(arguments).env("PATH", std::env::join_paths(folders).expect("a path"));
        redisctl
    }

    #[track_caller]
    fn run(&self, arguments: &[&str]) -> String {
        succeed(&output(&mut self.command("right", arguments)))
    }

    #[track_caller]
    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.run(&[arguments, &["--output", "json"]].concat())).expect("JSON")
    }
}

impl Drop for SshServer<'_> {
    fn drop(&mut self) {
        let _ = as_root("kill").arg(self.server.id().to_string()).output();
        let _ = self.server.wait();
    }
}

/// Makes a program `ssh` that runs the real `ssh` without its user's files: with this key, and for these hosts.
fn make_client(folder: &Path, key: &str, known_hosts: &str) {
    fs::create_dir(folder).expect("a folder");
    let configuration = folder.join("config");
    let settings = format!(
        "IdentityFile {key}\nIdentitiesOnly yes\nIdentityAgent none\nUserKnownHostsFile {known_hosts}\n\
         GlobalKnownHostsFile none\nStrictHostKeyChecking yes\n"
    );
    fs::write(&configuration, settings).expect("a file");
    let real = run(Command::new("sh").args(["-c", "command -v ssh"]));
    let script = format!("#!/bin/sh\nexec {} -F {} \"$@\"\n", real.trim(), configuration.display());
    let program = folder.join("ssh");
    fs::write(&program, script).expect("a file");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("a file of its own");
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn an_engine_behind_ssh_is_as_good_as_one_that_listens() {
    let engine = PrivateEngine::start(REDIS_7);
    let server = SshServer::start(&engine);

    server.run(&["up", "standalone", "--image", REDIS_7, "--set", "ports.bind=0.0.0.0"]);
    let report = server.json(&["verify"]);
    assert_eq!(report["failed"], 0, "{report:#}");
    let status = server.json(&["status"]);
    assert_eq!(status["nodes"][0]["endpoint"], format!("{}:7001", engine.address()));
    assert!(server.run(&["logs"]).contains("Ready to accept connections"));
    server.run(&["down"]);

    // Six containers at a time, each with its own requests.
    server.run(&["up", "cluster", "--image", REDIS_7, "--set", "ports.bind=0.0.0.0"]);
    let plan = server.json(&["plan", "cluster", "--image", REDIS_7, "--set", "ports.bind=0.0.0.0"]);
    assert_eq!(plan["changes"], 0, "{plan:#}");
    server.run(&["down"]);
    assert_eq!(engine.leftovers(), "");

    // A refused user sees the reason, and a hint.
    let said = fail_with(&output(&mut server.command("wrong", &["ls"])), 4);
    assert!(said.contains(&server.host()), "{said}");
    assert!(said.contains("Permission denied (publickey)"), "{said}");
    assert!(said.contains(&format!("-p {PORT} -- {} docker version", engine.address())), "{said}");
}
