//! What people do today: a compose file with static IPs, then `redis-cli --cluster create` in one of
//! its containers.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use redis::Value;
use redis::aio::MultiplexedConnection;

use crate::layout::Layout;

/// Servers listen within milliseconds of their containers' start; this is for a busy machine.
const CREATE_LIMIT: Duration = Duration::from_secs(30);
/// About four times what six nodes were measured to take.
const VISIBLE_LIMIT: Duration = Duration::from_secs(60);
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// Compose, as this machine has it.
pub(crate) struct Compose {
    command: &'static [&'static str],
}

/// How long it took since the compose file's `up` was started.
pub(crate) struct Formed {
    /// Until `redis-cli` had created the cluster.
    pub(crate) created: Duration,
    /// Until every node showed every replica to clients.
    pub(crate) visible: Duration,
}

impl Compose {
    /// Compose as a plugin, else as a program of its own.
    pub(crate) fn find() -> Result<Self> {
        for command in [&["docker", "compose"][..], &["docker-compose"][..]] {
            if run(command, &["version".to_owned()]).is_ok_and(|output| output.status.success()) {
                return Ok(Self { command });
            }
        }
        bail!("neither `docker compose` nor `docker-compose` is there; `bash scripts/bench` installs it")
    }

    /// Brings the layout up and creates its cluster.
    pub(crate) async fn up(&self, layout: &Layout, image: &str) -> Result<Formed> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("compose.yaml");
        std::fs::write(&file, compose_file(layout, image))?;

        let start = Instant::now();
        self.start(layout, &file)?;
        create_cluster(layout, start).await?;
        let created = start.elapsed();
        wait_until_visible(layout).await?;
        Ok(Formed { created, visible: start.elapsed() })
    }

    fn start(&self, layout: &Layout, file: &Path) -> Result<()> {
        let file = file.to_str().context("the temporary folder's path is no text")?;
        let arguments = ["-p", &layout.name(), "-f", file, "up", "-d"].map(str::to_owned);
        succeed(&run(self.command, &arguments)?, "compose up")
    }
}

/// The same containers as the other contestants', as a compose file.
fn compose_file(layout: &Layout, image: &str) -> String {
    let mut text = String::from("services:\n");
    for node in layout.nodes() {
        // JSON lists and strings are YAML too.
        let arguments = serde_json::json!(node.server_arguments());
        let (name, address, port) = (&node.name, &node.address, node.port);
        write!(
            text,
            "  {name}:
    container_name: {name}
    image: {image}
    user: \"999:999\"
    entrypoint: [redis-server]
    command: {arguments}
    cap_drop: [ALL]
    security_opt: [\"no-new-privileges:true\"]
    ports: [\"127.0.0.1:{port}:{port}\"]
    networks: {{nodes: {{ipv4_address: {address}}}}}
"
        )
        .expect("writing to a String cannot fail");
    }
    let (name, subnet) = (layout.name(), layout.subnet());
    write!(text, "networks:\n  nodes: {{name: {name}, ipam: {{config: [{{subnet: {subnet}}}]}}}}\n")
        .expect("writing to a String cannot fail");
    text
}

/// `redis-cli --cluster create`, again while servers do not listen yet: it changes nothing then.
async fn create_cluster(layout: &Layout, start: Instant) -> Result<()> {
    let first = layout.nodes().next().context("a layout has nodes")?;
    let mut arguments = ["exec", &first.name, "redis-cli", "--cluster", "create"].map(str::to_owned).to_vec();
    arguments.extend(layout.nodes().map(|node| format!("{}:{}", node.address, node.port)));
    arguments.extend(["--cluster-replicas", "1", "--cluster-yes"].map(str::to_owned));
    loop {
        let output = run(&["docker"], &arguments)?;
        if output.status.success() || start.elapsed() > CREATE_LIMIT {
            return succeed(&output, "redis-cli --cluster create");
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

/// Polls every node, through its published port, until it shows all nodes in CLUSTER SLOTS.
async fn wait_until_visible(layout: &Layout) -> Result<()> {
    let deadline = Instant::now() + VISIBLE_LIMIT;
    for node in layout.nodes() {
        let client = redis::Client::open(format!("redis://127.0.0.1:{}/", node.port))?;
        let mut connection = client.get_multiplexed_async_connection().await?;
        loop {
            let shown = nodes_shown(&mut connection).await?;
            if shown == usize::from(layout.nodes) {
                break;
            }
            if Instant::now() > deadline {
                bail!("`{}` shows {shown} of {} nodes after {VISIBLE_LIMIT:?}", node.name, layout.nodes);
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }
    Ok(())
}

/// How many different nodes CLUSTER SLOTS names: `[[first, last, [host, port, id, …], …], …]`.
async fn nodes_shown(connection: &mut MultiplexedConnection) -> Result<usize> {
    let ranges: Vec<Vec<Value>> = redis::cmd("CLUSTER").arg("SLOTS").query_async(connection).await?;
    let nodes = ranges.iter().flat_map(|range| range.iter().skip(2));
    let identities: BTreeSet<String> = nodes
        .filter_map(|node| match node {
            Value::Array(fields) => {
                fields.get(2).and_then(|identity| redis::from_redis_value_ref(identity).ok())
            }
            _ => None,
        })
        .collect();
    Ok(identities.len())
}

fn run(command: &[&str], arguments: &[String]) -> Result<Output> {
    let [program, first @ ..] = command else { bail!("no command to run") };
    Command::new(program).args(first).args(arguments).output().with_context(|| format!("running `{program}`"))
}

fn succeed(output: &Output, what: &str) -> Result<()> {
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    bail!("`{what}` ended with {}:\n{}", output.status, String::from_utf8_lossy(&said).trim_end())
}
