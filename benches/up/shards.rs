//! Times moves of slots: a cluster of three shards, each with a replica, gets a fourth. Only the move of the slots is timed:
//! the new nodes run and have joined before. The same slots are moved by redis-cli, or by hand with CLUSTER MIGRATESLOTS.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use redis::{Connection, cmd};

use crate::figures::Figures;
use crate::layout::Layout;
use crate::tool::Tool;

mod load;

/// The keys of a comparison. Their values have 100 bytes.
const KEYS: u32 = 300_000;

/// The numbers of keys that show whether the time grows linearly.
const FEWER: u32 = 100_000;
const MORE: u32 = 1_000_000;

/// The image with Redis 8.0, and that with Valkey 9.1.
const REDIS_8: &str = "redisctl-test/redis:8.0";
const VALKEY_9: &str = "redisctl-test/valkey:9.1";

/// The time limit of a migration by hand.
const LIMIT: Duration = Duration::from_secs(120);

/// The time without a move in which the latency of clients is measured.
const REST: Duration = Duration::from_secs(2);

/// Measures everything about moves of slots.
pub(crate) fn measure(tool: &Tool, image: &str, rounds: u32, figures: &mut Figures) -> Result<()> {
    let redis_7 = Cluster { tool: tool.with_image(image), ports: Layout::SHARDS.base_port };
    redis_7.grow_from_three()?;
    for _ in 0..rounds {
        figures.move_empty.push(redis_7.grow_from_three()?);
    }
    redis_7.seed(FEWER)?;
    for _ in 0..rounds {
        figures.move_fewer.push(redis_7.grow_from_three()?);
    }
    redis_7.seed(KEYS)?;
    for _ in 0..rounds {
        figures.move_redis_7.push(redis_7.grow_from_three()?);
        figures.cli_redis_7.push(redis_7.grow_by_cli("redis-cli")?);
    }
    redis_7.measure_latency(figures)?;
    redis_7.seed(MORE)?;
    for _ in 0..rounds {
        figures.move_more.push(redis_7.grow_from_three()?);
    }
    redis_7.down()?;

    let redis_8 = Cluster { tool: tool.with_image(REDIS_8), ..redis_7 };
    redis_8.grow_from_three()?;
    redis_8.seed(KEYS)?;
    for _ in 0..rounds {
        figures.move_redis_8.push(redis_8.grow_from_three()?);
        figures.cli_redis_8.push(redis_8.grow_by_cli("redis-cli")?);
    }
    redis_8.down()?;

    let valkey_9 = Cluster { tool: tool.with_image(VALKEY_9), ..redis_8 };
    valkey_9.grow_from_three()?;
    valkey_9.seed(KEYS)?;
    for _ in 0..rounds {
        figures.move_valkey_9.push(valkey_9.grow_from_three()?);
        figures.hand_valkey_9.push(valkey_9.grow_by_hand()?);
    }
    valkey_9.down()
}

/// A cluster whose fourth shard comes and goes. Its primaries are nodes 1, 2, 3 and 7.
struct Cluster {
    tool: Tool,
    ports: u16,
}

impl Cluster {
    /// redisctl moves the slots. Returns the seconds of the stages that move slots.
    fn grow_from_three(&self) -> Result<f64> {
        self.tool.up_with_shards(&Layout::SHARDS, 3)?;
        let events = self.tool.up_with_shards(&Layout::SHARDS, 4)?;
        let stages = events
            .iter()
            .filter(|event| event["event"] == "stage-finished" && event["stage"] == "move slots");
        Ok(stages.filter_map(|event| event["took"].as_f64()).sum())
    }

    fn seed(&self, keys: u32) -> Result<()> {
        self.tool.seed_large(&Layout::SHARDS, keys).map(drop)
    }

    fn down(&self) -> Result<()> {
        self.tool.down(&Layout::SHARDS).map(drop)
    }

    /// `redis-cli --cluster rebalance` moves the slots to the fourth shard, which it has emptied before.
    fn grow_by_cli(&self, program: &str) -> Result<f64> {
        let container = format!("{}-1", Layout::SHARDS.name());
        let id: String = cmd("CLUSTER").arg("MYID").query(&mut self.connect(7)?)?;
        let entry = self.address(1)?;
        let rebalance = |more: &[&str]| -> Result<f64> {
            let started = Instant::now();
            let mut command = Command::new("docker");
            command.args(["exec", &container, program, "--cluster", "rebalance", &entry]).args(more);
            let output = command.output().context("starting docker")?;
            let text = String::from_utf8_lossy(&output.stdout);
            ensure!(output.status.success(), "redis-cli failed: {text}");
            Ok(started.elapsed().as_secs_f64())
        };
        rebalance(&["--cluster-weight", &format!("{id}=0")])?;
        self.await_agreement()?;
        let took = rebalance(&["--cluster-use-empty-masters"])?;
        self.await_agreement()?;
        Ok(took)
    }

    /// CLUSTER MIGRATESLOTS at all three sources at once, after the fourth shard has given its slots back.
    fn grow_by_hand(&self) -> Result<f64> {
        let mut parts = self.ranges_of_the_fourth()?;
        let olds: Vec<Connection> =
            [1, 2, 3].map(|node| self.connect(node)).into_iter().collect::<Result<_>>()?;
        let mut fourth = self.connect(7)?;
        let to: String = cmd("CLUSTER").arg("MYID").query(&mut fourth)?;
        parts.truncate(olds.len());
        let mut pairs: Vec<_> = olds.into_iter().zip(parts).collect();
        for (old, range) in &mut pairs {
            let id: String = cmd("CLUSTER").arg("MYID").query(old)?;
            migrate(&mut fourth, *range, &id)?;
        }
        await_migrations(&mut fourth)?;
        self.await_agreement()?;
        let started = Instant::now();
        for (old, range) in &mut pairs {
            migrate(old, *range, &to)?;
        }
        for (old, _) in &mut pairs {
            await_migrations(old)?;
        }
        Ok(started.elapsed().as_secs_f64())
    }

    /// The ranges of slots of node 7.
    fn ranges_of_the_fourth(&self) -> Result<Vec<(u16, u16)>> {
        let nodes: String = cmd("CLUSTER").arg("NODES").query(&mut self.connect(7)?)?;
        let line = nodes.lines().find(|line| line.contains("myself")).context("a line about itself")?;
        let range = |word: &str| {
            let (first, last) = word.split_once('-').unwrap_or((word, word));
            Some((first.parse().ok()?, last.parse().ok()?))
        };
        Ok(line.split(' ').skip(8).filter_map(range).collect())
    }

    /// Waits until all nodes list the same owners.
    fn await_agreement(&self) -> Result<()> {
        let started = Instant::now();
        loop {
            let views: Vec<redis::Value> = (1..=8)
                .map(|node| Ok(cmd("CLUSTER").arg("SLOTS").query(&mut self.connect(node)?)?))
                .collect::<Result<_>>()?;
            let owners = views.iter().map(|view| format!("{view:?}").len());
            let lengths: std::collections::BTreeSet<usize> = owners.collect();
            if lengths.len() == 1 {
                return Ok(());
            }
            ensure!(started.elapsed() < LIMIT, "the nodes do not agree");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn connect(&self, node: u16) -> Result<Connection> {
        Ok(redis::Client::open(format!("redis://127.0.0.1:{}", self.ports + node - 1))?.get_connection()?)
    }

    /// The address of a node inside the network.
    fn address(&self, node: u16) -> Result<String> {
        let nodes: String = cmd("CLUSTER").arg("NODES").query(&mut self.connect(node)?)?;
        let line = nodes.lines().find(|line| line.contains("myself")).context("a line about itself")?;
        let address = line.split(' ').nth(1).and_then(|address| address.split('@').next());
        Ok(address.context("an address")?.to_owned())
    }

    /// The latency of a client at rest, and while the fourth shard comes.
    fn measure_latency(&self, figures: &mut Figures) -> Result<()> {
        self.tool.up_with_shards(&Layout::SHARDS, 3)?;
        let load = load::Load::start(self.ports)?;
        std::thread::sleep(REST);
        let rest = load.take();
        self.tool.up_with_shards(&Layout::SHARDS, 4)?;
        let moving = load.end()?;
        ensure!(!rest.is_empty() && !moving.is_empty(), "the client sent no command");
        figures.rest_p99_milliseconds.push(load::quantile(&rest, 0.99));
        figures.moving_p99_milliseconds.push(load::quantile(&moving, 0.99));
        figures.moving_most_milliseconds.push(load::quantile(&moving, 1.0));
        Ok(())
    }
}

fn migrate(source: &mut Connection, (first, last): (u16, u16), target: &str) -> Result<()> {
    let migrate = &mut cmd("CLUSTER");
    migrate.arg("MIGRATESLOTS").arg("SLOTSRANGE").arg(first).arg(last).arg("NODE").arg(target);
    Ok(migrate.exec(source)?)
}

/// Waits until a server has no running migration.
fn await_migrations(source: &mut Connection) -> Result<()> {
    let started = Instant::now();
    loop {
        let listed: Vec<std::collections::HashMap<String, redis::Value>> =
            cmd("CLUSTER").arg("GETSLOTMIGRATIONS").query(source)?;
        let states =
            listed.iter().filter_map(|fields| redis::from_redis_value(fields.get("state")?.clone()).ok());
        let states: Vec<String> = states.collect();
        if states.iter().any(|state| state == "failed") {
            bail!("a migration failed");
        }
        if states.iter().all(|state| state == "success") {
            return Ok(());
        }
        ensure!(started.elapsed() < LIMIT, "a migration does not end");
        std::thread::sleep(Duration::from_millis(5));
    }
}
