//! The usual way without redisctl: a compose file with static IPs, then `redis-cli --cluster create` in one of its
//! containers.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use redis::Value;
use redis::aio::MultiplexedConnection;

use crate::layout::Layout;

/// How long servers may take to listen on a busy machine. Usually they take milliseconds.
const CREATE_LIMIT: Duration = Duration::from_secs(30);
/// About four times the measured time of six nodes.
const VISIBLE_LIMIT: Duration = Duration::from_secs(60);
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// The Compose of this machine.
pub(crate) struct Compose {
    command: &'static [&'static str],
}

/// Times since the start of the compose file's `up`.
pub(crate) struct Formed {
    /// Until `redis-cli` created the cluster.
    pub(crate) created: Duration,
    /// Until every node listed every replica.
    pub(crate) visible: Duration,
}

impl Compose {
    /// Compose as a plugin, or else as its own program.
    pub(crate) fn find() -> Result<Self> {
        for command in [&["docker", "compose"][..], &["docker-compose"][..]] {
            if run(command, &["version".to_owned()]).is_ok_and(|output| output.status.success()) {
                return Ok(Self { command });
            }
        }
        bail!("`docker compose` and `docker-compose` are missing; `bash scripts/bench` installs one")
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

/// The containers of A and B as a compose file.
fn compose_file(layout: &Layout, image: &str) -> String {
    let mut text = String::from("services:\n");
    for node in layout.nodes() {
        // JSON lists and strings are YAML, too.
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

/// Runs `redis-cli --cluster create` until all servers listen. Before that, the command changes nothing.
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

/// Polls every node through its published port until its CLUSTER SLOTS lists all nodes.
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
                bail!("`{}` lists {shown} of {} nodes after {VISIBLE_LIMIT:?}", node.name, layout.nodes);
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }
    Ok(())
}

/// The number of different nodes in CLUSTER SLOTS: `[[first, last, [host, port, id, …], …], …]`.
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
