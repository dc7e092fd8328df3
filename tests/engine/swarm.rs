//! Engines of one deployment: the specs that name them, their loss, and calls of redisctl.

use std::net::Ipv4Addr;
use std::process::{Command, Output};

use redis::cluster::{ClusterClient, ClusterConnection};
use serde_json::Value;
use tempfile::TempDir;

use crate::private_engine::{PrivateEngine, as_root, run};
use crate::support::{REDIS_7, command, output, succeed};

/// The addresses of all private engines.
const ENGINES: &str = "198.18.0.0/15";

/// The rule with which this machine passes packets from engine to engine.
struct Route;

impl Route {
    const RULE: [&str; 7] = ["FORWARD", "--source", ENGINES, "--destination", ENGINES, "--jump", "ACCEPT"];

    fn open() -> Self {
        run(as_root("iptables").arg("--insert").args(Self::RULE));
        Self
    }
}

impl Drop for Route {
    fn drop(&mut self) {
        let _ = as_root("iptables").arg("--delete").args(Self::RULE).output();
    }
}

/// Engines, with specs over all of them.
pub(crate) struct Swarm {
    pub(crate) engines: Vec<PrivateEngine>,
    folder: TempDir,
    _route: Route,
}

impl Swarm {
    pub(crate) fn start(count: usize) -> Self {
        let route = Route::open();
        // The first two are in one zone.
        let zone = |position| if position < 2 { "zone=east" } else { "zone=west" };
        let engines: Vec<PrivateEngine> =
            (0..count).map(|position| PrivateEngine::start_labelled(REDIS_7, zone(position))).collect();
        for engine in &engines {
            let near = engine.near().to_string();
            run(engine.inside("ip").args(["route", "add", "default", "via", &near]));
        }
        let folder = tempfile::tempdir().expect("a folder");
        Self { engines, folder, _route: route }
    }

    /// Joins all engines to a swarm, which the first manages.
    pub(crate) fn join(&self) {
        let address = |engine: &PrivateEngine| engine.address().to_string();
        let (first, others) = self.engines.split_first().expect("an engine");
        first.docker(&["swarm", "init", "--advertise-addr", &address(first)]);
        let token = first.docker(&["swarm", "join-token", "--quiet", "worker"]);
        for engine in others {
            let join = ["swarm", "join", "--token", &token, "--advertise-addr", &address(engine)];
            engine.docker(&[&join[..], &[&format!("{}:2377", address(first))]].concat());
        }
    }

    /// Writes a spec with the engines `a`, `b` and so on; returns its path.
    pub(crate) fn spec(&self, name: &str, fields: &str) -> String {
        self.spec_with(name, fields, "ports: {bind: 0.0.0.0}")
    }

    /// The same with these ports.
    pub(crate) fn spec_with(&self, name: &str, fields: &str, ports: &str) -> String {
        let engine = |(position, engine): (usize, &PrivateEngine)| {
            format!("  {}: {{host: \"{}\"}}\n", letter(position), engine.host())
        };
        let engines: String = self.engines.iter().enumerate().map(engine).collect();
        let image = if fields.contains("image:") { String::new() } else { format!("image: {REDIS_7}\n") };
        self.write(name, &format!("{fields}\n{image}{ports}\nengines:\n{engines}"))
    }

    /// Writes a file with a spec; returns its path.
    pub(crate) fn write(&self, name: &str, text: &str) -> String {
        let path = self.path(&format!("{name}.yaml"));
        std::fs::write(&path, text).expect("a file");
        path
    }

    /// The path of a file beside the specs.
    pub(crate) fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().expect("a path in UTF-8").to_owned()
    }

    /// The addresses of the engines, as with `--host`.
    pub(crate) fn hosts(&self) -> Vec<String> {
        self.engines.iter().map(PrivateEngine::host).collect()
    }

    /// The addresses of the engines' machines.
    pub(crate) fn addresses(&self) -> Vec<String> {
        self.engines.iter().map(|engine| engine.address().to_string()).collect()
    }

    /// The published ports of an engine.
    pub(crate) fn published(&self, position: usize) -> String {
        self.engines[position].docker(&["ps", "--format", "{{.Ports}}"])
    }

    /// Docker's configuration with a context for each engine, `on-a`, `on-b` and so on.
    pub(crate) fn contexts(&self) -> TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        for (position, engine) in self.engines.iter().enumerate() {
            let host = format!("host={}", engine.host());
            let create = ["context", "create", &format!("on-{}", letter(position)), "--docker", &host];
            run(Command::new("docker").args(create).env("DOCKER_CONFIG", folder.path()));
        }
        folder
    }

    /// All objects of deployments on all engines.
    pub(crate) fn leftovers(&self) -> String {
        let left = |engine: &PrivateEngine| {
            let filter = "label=io.redisctl.deployment";
            [
                engine.docker(&["ps", "--all", "--quiet"]),
                engine.docker(&["network", "ls", "--quiet", "--filter", filter]),
                engine.docker(&["volume", "ls", "--quiet"]),
            ]
            .concat()
        };
        self.engines.iter().map(left).collect()
    }

    /// Kills an engine with its containers, as if its machine lost its power.
    pub(crate) fn lose(&mut self, position: usize) {
        let engine = &mut self.engines[position];
        let ids = engine.docker(&["ps", "--quiet"]);
        let inspect = ["inspect", "--format", "{{.State.Pid}}"];
        let pids = engine.docker(&inspect.into_iter().chain(ids.lines()).collect::<Vec<_>>());
        engine.kill();
        run(as_root("kill").args(["-s", "KILL"]).args(pids.lines()));
    }
}

fn letter(position: usize) -> char {
    char::from(b'a' + u8::try_from(position).expect("a few engines"))
}

pub(crate) fn redisctl(arguments: &[&str]) -> Output {
    output(&mut command(arguments))
}

pub(crate) fn json(arguments: &[&str]) -> Value {
    let arguments: Vec<&str> = arguments.iter().copied().chain(["--output", "json"]).collect();
    let text = succeed(&redisctl(&arguments));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// The names of failed checks, with their details.
pub(crate) fn failed(report: &Value) -> Vec<String> {
    let checks = report["checks"].as_array().into_iter().flatten();
    let failed = checks.filter(|check| check["outcome"] == "failed");
    failed.map(|check| format!("{}: {}", check["name"], check["detail"])).collect()
}

/// The engines of the nodes in `status`, by number.
pub(crate) fn engines_in(status: &Value) -> Vec<&str> {
    status["nodes"].as_array().expect("nodes").iter().filter_map(|node| node["engine"].as_str()).collect()
}

pub(crate) fn cluster(address: Ipv4Addr) -> Option<ClusterConnection> {
    ClusterClient::new([format!("redis://{address}:7001")]).and_then(|client| client.get_connection()).ok()
}
