//! Helpers for all tests: a deployment that is removed by itself, and questions about it.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Once;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use redis::{Client, Connection, IntoConnectionInfo, RedisResult};
use serde_json::Value;

/// The image of tests in which the server does not matter.
pub(crate) const REDIS_7: &str = "redisctl-test/redis:7.0";

/// Redis 6, the first with access lists.
pub(crate) const REDIS_6: &str = "redisctl-test/redis:6.0";

/// Redis 8.
pub(crate) const REDIS_8: &str = "redisctl-test/redis:8.0";

/// Valkey 8.1.
pub(crate) const VALKEY_8: &str = "redisctl-test/valkey:8.1";

/// Valkey 9.1, with several databases in a cluster.
pub(crate) const VALKEY_9: &str = "redisctl-test/valkey:9.1";

/// Redis 8.2 with a module, in the layout of the official images.
pub(crate) const REDIS_8_2: &str = "redisctl-test/redis:8.2";

/// Redis Stack 7.4, with four modules, in its own layout.
pub(crate) const STACK: &str = "redisctl-test/stack:7.4";

/// The time limit of any command, far beyond redisctl's own limits. A command that hangs must fail with a message.
const LIMIT: Duration = Duration::from_secs(600);

/// The time limit of a server's answer.
const ANSWER: Duration = Duration::from_secs(60);

/// redisctl with these arguments, to be run.
pub(crate) fn command<S: AsRef<OsStr>>(arguments: &[S]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_redisctl"));
    command.args(arguments).env("NO_COLOR", "1").stdout(Stdio::piped()).stderr(Stdio::piped());
    for variable in
        ["REDIS_PASSWORD", "REDIS_REPLICA_PASSWORD", "REDIS_ADMIN_PASSWORD", "REDIS_REGULAR_PASSWORD"]
    {
        command.env_remove(variable);
    }
    command
}

/// Runs redisctl with these arguments.
pub(crate) fn redisctl<S: AsRef<OsStr>>(arguments: &[S]) -> Output {
    output(&mut command(arguments))
}

/// Runs redisctl in any environment.
pub(crate) fn output(command: &mut Command) -> Output {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    end(command.spawn().expect("redisctl starts"))
}

/// Waits for the end of a command. A command that hangs is killed.
pub(crate) fn end(child: Child) -> Output {
    let process = child.id().to_string();
    let (ended, news) = mpsc::channel::<()>();
    let watch = thread::spawn(move || {
        if news.recv_timeout(LIMIT) == Err(RecvTimeoutError::Timeout) {
            eprintln!("process {process} hangs: it has taken {} s, and is killed", LIMIT.as_secs());
            let _ = Command::new("kill").args(["-s", "KILL", &process]).status();
        }
    });
    let output = child.wait_with_output().expect("it ends");
    drop(ended);
    watch.join().expect("the watch ends");
    output
}

/// A connection with a time limit for answers.
pub(crate) fn connect(to: impl IntoConnectionInfo) -> RedisResult<Connection> {
    let connection = Client::open(to)?.get_connection_with_timeout(ANSWER)?;
    connection.set_read_timeout(Some(ANSWER))?;
    Ok(connection)
}

/// The stdout of a command. Fails the test if the command failed.
#[track_caller]
pub(crate) fn succeed(output: &Output) -> String {
    let (stdout, stderr) = texts(output);
    assert!(output.status.success(), "exit {:?}\nstdout:\n{stdout}\nstderr:\n{stderr}", output.status.code());
    stdout
}

/// The stderr of a command. Fails the test if the exit code differs.
#[track_caller]
pub(crate) fn fail_with(output: &Output, code: i32) -> String {
    let (stdout, stderr) = texts(output);
    assert_eq!(output.status.code(), Some(code), "stdout:\n{stdout}\nstderr:\n{stderr}");
    stderr
}

/// The stdout and stderr of a command.
pub(crate) fn texts(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

/// Runs the engine's own client. Returns its output, trimmed.
#[track_caller]
pub(crate) fn docker(arguments: &[&str]) -> String {
    let output = Command::new("docker").args(arguments).output().expect("the docker client starts");
    succeed(&output).trim().to_owned()
}

/// Removes an object of a test with the engine's own client. A failure fails the test, unless the test has already
/// failed: a second panic would end all tests.
#[track_caller]
pub(crate) fn clean_up(arguments: &[&str]) {
    let output = Command::new("docker").args(arguments).output();
    if !thread::panicking() {
        succeed(&output.expect("the docker client starts"));
    }
}

/// Checks repeatedly until a state is reached, which takes some seconds at most, even on a busy machine.
#[track_caller]
pub(crate) fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(90);
    while !holds() {
        assert!(Instant::now() < deadline, "waited in vain: {what}");
        thread::sleep(Duration::from_millis(50));
    }
}

/// Ports for a test, enough for forty nodes: below the ephemeral ports, with room for the bus ports. Two test runs at
/// the same moment begin at different ports.
fn ports() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let begin = u16::try_from(std::process::id() % 70).expect("a small number");
    11_000 + begin * 50 + NEXT.fetch_add(50, Ordering::Relaxed)
}

/// How the names of all parts of tests begin.
const NAMES: &str = "redisctl-test-";

/// A name that no other run of the tests on this engine uses: it has the number of this process.
pub(crate) fn own_name(name: &str) -> String {
    format!("{NAMES}{}-{name}", std::process::id())
}

/// The name of an image that no other run of the tests on this engine uses.
pub(crate) fn own_image(name: &str) -> String {
    format!("redisctl-test/made-{}:{name}", std::process::id())
}

/// Removes, once in a run, the deployments of runs that were killed: their processes do not exist. Systems without
/// `/proc` keep them.
fn remove_abandoned() {
    static ONCE: Once = Once::new();
    let lives = |process: u32| Path::new("/proc").join(process.to_string()).exists();
    if !lives(std::process::id()) {
        return;
    }
    ONCE.call_once(|| {
        let listed = redisctl(&["ls", "--output", "json"]);
        let listed: Value = serde_json::from_slice(&listed.stdout).unwrap_or_default();
        let names = listed.as_array().into_iter().flatten().filter_map(|line| line["name"].as_str());
        for name in names {
            let process = name.strip_prefix(NAMES).and_then(|rest| rest.split('-').next()?.parse().ok());
            if process.is_some_and(|process| !lives(process)) {
                // Another run may remove it at the same moment.
                let _ = redisctl(&["down", name, "--volumes"]);
            }
        }
    });
}

/// A deployment of a single test, removed when it is dropped.
pub(crate) struct Deployment {
    /// Its name.
    pub(crate) name: String,
    /// Its first node's port.
    pub(crate) port: u16,
}

impl Deployment {
    /// A deployment that is not up yet.
    pub(crate) fn new(test: &str) -> Self {
        remove_abandoned();
        Self { name: own_name(test), port: ports() }
    }

    fn remove(&self) {
        // It may not exist, which is no failure here.
        let _ = redisctl(&["down", &self.name, "--volumes"]);
    }

    /// Runs a command with this deployment's name and ports, the topology first.
    pub(crate) fn run(&self, verb: &str, topology: &str, more: &[&str]) -> Output {
        output(&mut self.command(verb, topology, more))
    }

    /// A command with this deployment's name and ports, the topology first, to be run.
    pub(crate) fn command(&self, verb: &str, topology: &str, more: &[&str]) -> Command {
        let port = self.port.to_string();
        let mut arguments = vec![verb, topology, "--name", &self.name];
        for (flag, usual) in [("--port-base", port.as_str()), ("--image", REDIS_7)] {
            if !more.contains(&flag) {
                arguments.extend([flag, usual]);
            }
        }
        arguments.extend(more);
        command(&arguments)
    }

    /// `up`, which must succeed.
    #[track_caller]
    pub(crate) fn up(&self, topology: &str, more: &[&str]) -> String {
        succeed(&self.run("up", topology, more))
    }

    /// `verify --output json`, in which every check must have passed.
    #[track_caller]
    pub(crate) fn verify(&self) -> Value {
        let report = Self::json(&["verify", &self.name]);
        assert_eq!(report["failed"], 0, "{report:#}");
        assert!(report["passed"].as_u64() > Some(3), "{report:#}");
        report
    }

    /// `status --output json`.
    #[track_caller]
    pub(crate) fn status(&self) -> Value {
        Self::json(&["status", &self.name])
    }

    /// A command's JSON.
    #[track_caller]
    fn json(arguments: &[&str]) -> Value {
        let arguments: Vec<&str> = arguments.iter().copied().chain(["--output", "json"]).collect();
        let text = succeed(&redisctl(&arguments));
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    /// The output of `plan`.
    #[track_caller]
    pub(crate) fn plan(&self, topology: &str, more: &[&str]) -> String {
        succeed(&self.run("plan", topology, more))
    }

    /// The number of changes in the plan.
    #[track_caller]
    pub(crate) fn changes(&self, topology: &str, more: &[&str]) -> u64 {
        let more: Vec<&str> = more.iter().copied().chain(["--output", "json"]).collect();
        let plan: Value =
            serde_json::from_str(&succeed(&self.run("plan", topology, &more))).expect("a plan as JSON");
        plan["changes"].as_u64().expect("a number of changes")
    }

    /// The name of the node with this number.
    pub(crate) fn node(&self, number: usize) -> String {
        format!("{}-{number}", self.name)
    }

    /// Ids of all containers, a line each, as the engine lists them.
    pub(crate) fn container_ids(&self) -> String {
        let filter = format!("label=io.redisctl.deployment={}", self.name);
        docker(&["ps", "-aq", "--no-trunc", "--filter", &filter])
    }

    /// Ids and start times of all containers, equal before and after a command that must not restart any.
    pub(crate) fn containers(&self) -> String {
        let ids = self.container_ids();
        let mut arguments = vec!["inspect", "--format", "{{.Id}} {{.State.StartedAt}} {{.RestartCount}}"];
        arguments.extend(ids.lines());
        if ids.is_empty() { String::new() } else { docker(&arguments) }
    }

    /// All objects on the engine with this deployment's label.
    pub(crate) fn leftovers(&self) -> Vec<String> {
        let filter = format!("label=io.redisctl.deployment={}", self.name);
        let mut all = Vec::new();
        for list in [&["ps", "-aq"][..], &["network", "ls", "-q"], &["volume", "ls", "-q"]] {
            let arguments: Vec<&str> = list.iter().copied().chain(["--filter", &filter]).collect();
            all.extend(docker(&arguments).lines().map(str::to_owned));
        }
        all
    }

    /// A connection to the node with this number, through its endpoint.
    pub(crate) fn connect(&self, number: u16) -> Connection {
        connect(("127.0.0.1", self.port + number - 1)).expect("a connection")
    }
}

impl Drop for Deployment {
    fn drop(&mut self) {
        self.remove();
    }
}
