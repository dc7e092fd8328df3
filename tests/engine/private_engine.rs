//! An engine for a single test, in its own network namespace. A test can reach it over TCP, restart it and kill it
//! without harm to other engines. This needs root and iproute2.

use std::io::{BufRead as _, BufReader};
use std::net::Ipv4Addr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{command, connect, eventually, output, succeed};

/// The engine with its containers, files and network, removed when it is dropped.
pub(crate) struct PrivateEngine {
    folder: TempDir,
    network: Network,
    listens: Vec<String>,
    daemon: Option<Child>,
}

impl PrivateEngine {
    /// An engine that listens at `tcp://ADDRESS:2375`, with a test image.
    pub(crate) fn start(image: &str) -> Self {
        // Without this option, an engine waits before it listens on TCP without TLS.
        let engine =
            Self::start_with(|_, address| vec![format!("--host=tcp://{address}:2375"), "--tls=false".into()]);
        engine.load(image);
        engine
    }

    /// The same with a label of the engine, `zone=east`.
    pub(crate) fn start_labelled(image: &str, label: &str) -> Self {
        let engine = Self::start_with(|_, address| {
            vec![format!("--host=tcp://{address}:2375"), "--tls=false".into(), format!("--label={label}")]
        });
        engine.load(image);
        engine
    }

    /// An engine whose arguments `listens` makes from a folder and its address.
    pub(crate) fn start_with(listens: impl FnOnce(&Path, Ipv4Addr) -> Vec<String>) -> Self {
        let folder = tempfile::Builder::new().prefix("redisctl-engine-").tempdir().expect("a folder");
        let network = Network::make();
        let listens = listens(folder.path(), network.far);
        let mut engine = Self { folder, network, listens, daemon: None };
        engine.start_again();
        engine
    }

    /// Starts the stopped or killed engine again.
    pub(crate) fn start_again(&mut self) {
        let log_path = self.path("log");
        let log = std::fs::File::create(&log_path).expect("a file for the log");
        let mut ask = self.docker_command(&["version"]);
        let setting = |flag: &str, name: &str| format!("--{flag}={}", self.path(name).display());
        let daemon = self
            .network
            .inside("dockerd")
            .arg(format!("--host={}", self.socket()))
            .args(&self.listens)
            .args([setting("data-root", "data"), setting("exec-root", "run"), setting("pidfile", "pid")])
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a second handle"))
            .stderr(log)
            .spawn()
            .expect("dockerd starts");
        let daemon = self.daemon.insert(daemon);
        eventually("the engine answers", || {
            if let Some(end) = daemon.try_wait().expect("a child") {
                let said = std::fs::read_to_string(&log_path).unwrap_or_default();
                panic!("the engine ended: {end}\n{said}");
            }
            ask.output().expect("the docker client starts").status.success()
        });
    }

    /// Asks the engine to end, like a machine that shuts down.
    pub(crate) fn stop(&mut self) {
        self.end("TERM");
    }

    /// Kills the engine. Its containers keep running.
    pub(crate) fn kill(&mut self) {
        self.end("KILL");
        // The engine's own helper is killed, too. Until its process is reaped, the next engine would take its number
        // for a running helper.
        let helper = self.path("run/containerd/containerd.pid");
        let pid = run(as_root("cat").arg(&helper));
        let program = format!("/proc/{}/exe", pid.trim());
        eventually("the engine's helper ends", || std::fs::read_link(&program).is_err());
        run(as_root("rm").arg(&helper));
    }

    fn end(&mut self, signal: &str) {
        let Some(mut daemon) = self.daemon.take() else { return };
        let pid = std::fs::read_to_string(self.path("pid")).expect("the engine's process");
        run(as_root("kill").args(["-s", signal, pid.trim()]));
        eventually("the engine ends", || daemon.try_wait().expect("a child").is_some());
    }

    /// The engine's address for clients on this machine.
    pub(crate) fn host(&self) -> String {
        format!("tcp://{}:2375", self.address())
    }

    /// The address of the engine's machine.
    pub(crate) fn address(&self) -> Ipv4Addr {
        self.network.far
    }

    /// This machine's address for the engine's machine.
    pub(crate) fn near(&self) -> Ipv4Addr {
        self.network.near
    }

    /// The engine's socket, for root.
    pub(crate) fn socket(&self) -> String {
        format!("unix://{}", self.path("sock").display())
    }

    /// A command that runs on the engine's machine.
    pub(crate) fn inside(&self, program: &str) -> Command {
        self.network.inside(program)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Copies an image from the machine's own engine.
    pub(crate) fn load(&self, image: &str) {
        let file = self.path("image.tar");
        let path = file.to_str().expect("a path in UTF-8");
        crate::support::docker(&["save", "--output", path, image]);
        self.docker(&["load", "--quiet", "--input", path]);
        std::fs::remove_file(file).expect("the file that was just written");
    }

    fn docker_command(&self, arguments: &[&str]) -> Command {
        let mut docker = as_root("docker");
        docker.args(["--host", &self.socket()]).args(arguments);
        docker
    }

    /// Runs the engine's own client.
    #[track_caller]
    pub(crate) fn docker(&self, arguments: &[&str]) -> String {
        run(&mut self.docker_command(arguments)).trim().to_owned()
    }

    /// redisctl with these arguments, for this engine.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = command(&["--host", &self.host()]);
        command.args(arguments);
        command
    }

    /// Runs redisctl with these arguments, for this engine.
    pub(crate) fn redisctl(&self, arguments: &[&str]) -> Output {
        output(&mut self.command(arguments))
    }

    /// The JSON of a command that must succeed.
    #[track_caller]
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let arguments: Vec<&str> = arguments.iter().copied().chain(["--output", "json"]).collect();
        let text = succeed(&self.redisctl(&arguments));
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    /// All objects on the engine that are not there by default.
    pub(crate) fn leftovers(&self) -> String {
        [
            self.docker(&["ps", "--all", "--quiet"]),
            self.docker(&["network", "ls", "--quiet", "--filter", "type=custom"]),
            self.docker(&["volume", "ls", "--quiet"]),
        ]
        .concat()
    }

    /// A connection to the server at a port of the engine's machine.
    pub(crate) fn connect(&self, port: u16) -> redis::Connection {
        connect((self.address().to_string(), port)).expect("a connection")
    }
}

impl Drop for PrivateEngine {
    fn drop(&mut self) {
        // A failing test must not fail again during cleanup.
        if self.daemon.is_none() {
            // Its containers keep running without it.
            let _ = catch_unwind(AssertUnwindSafe(|| self.start_again()));
        }
        if self.daemon.is_some() {
            let containers = self.docker_command(&["ps", "--all", "--quiet"]).output();
            let ids = containers.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
            let ids = ids.unwrap_or_default();
            if !ids.is_empty() {
                let arguments: Vec<&str> =
                    ["rm", "--force"].into_iter().chain(ids.split_whitespace()).collect();
                let _ = self.docker_command(&arguments).output();
            }
        }
        if let Some(mut daemon) = self.daemon.take() {
            if let Ok(pid) = std::fs::read_to_string(self.path("pid")) {
                let _ = as_root("kill").arg(pid.trim()).output();
            }
            let _ = daemon.wait();
        }
        remove_files(self.folder.path());
    }
}

/// A network namespace with a cable to this one.
pub(crate) struct Network {
    /// Keeps the namespace until the test ends in any way.
    keeper: Child,
    /// The process whose namespace it is.
    pid: String,
    /// This machine's end of the cable.
    pub(crate) near: Ipv4Addr,
    /// The namespace's end of the cable.
    far: Ipv4Addr,
}

impl Network {
    pub(crate) fn make() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        // An address of the benchmark range (RFC 2544), unique for this process and call.
        let place = (std::process::id() << 4 | NEXT.fetch_add(1, Ordering::Relaxed) & 15) & 0x3fff;
        let base = u32::from(Ipv4Addr::new(198, 18, 0, 0)) + place * 4;
        let (near, far) = (Ipv4Addr::from(base + 1), Ipv4Addr::from(base + 2));
        let cable = format!("redisctl{place}");

        let mut keeper = as_root("unshare")
            .args(["--net", "sh", "-c", "echo $$; exec cat"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("unshare starts");
        let mut pid = String::new();
        let output = keeper.stdout.take().expect("a pipe");
        BufReader::new(output).read_line(&mut pid).expect("the number of the process");
        let network = Self { keeper, pid: pid.trim().to_owned(), near, far };
        run(as_root("ip").args([
            "link",
            "add",
            &cable,
            "type",
            "veth",
            "peer",
            "name",
            "eth0",
            "netns",
            &network.pid,
        ]));
        run(as_root("ip").args(["address", "add", &format!("{near}/30"), "dev", &cable]));
        run(as_root("ip").args(["link", "set", &cable, "up"]));
        for arguments in [
            ["link", "set", "lo", "up"].as_slice(),
            &["address", "add", &format!("{far}/30"), "dev", "eth0"],
            &["link", "set", "eth0", "up"],
        ] {
            run(network.inside("ip").args(arguments));
        }
        network
    }

    /// A command that runs in the namespace. All else is unchanged.
    pub(crate) fn inside(&self, program: &str) -> Command {
        let mut command = as_root("nsenter");
        command.arg(format!("--net=/proc/{}/ns/net", self.pid)).arg(program);
        command
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

/// Removes root's files, and mounts among them.
pub(crate) fn remove_files(folder: &Path) {
    let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    let below = mounts
        .lines()
        .filter_map(|line| line.split(' ').nth(1))
        .filter(|at| Path::new(at).starts_with(folder));
    for mount in below.collect::<Vec<_>>().into_iter().rev() {
        let _ = as_root("umount").arg(mount).output();
    }
    let _ = as_root("rm").arg("-rf").arg(folder).output();
}

/// A program with root's rights, through sudo if the tests are not root.
pub(crate) fn as_root(program: &str) -> Command {
    let user = Command::new("id").arg("-u").output().expect("`id` starts");
    if user.stdout == b"0\n" {
        return Command::new(program);
    }
    let mut command = Command::new("sudo");
    command.args(["-n", program]);
    command
}

/// Runs a program that must succeed.
#[track_caller]
pub(crate) fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}
