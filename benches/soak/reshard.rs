//! Rounds in which a cluster changes its number of shards and replicas, while clients write.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use redis::{Connection, cmd};

use self::client::{Client, connect_all};
use self::fault::{Change, Fault, Moment, Shape};
use self::keys::Keys;
use self::load::{Ledger, Load};
use crate::arguments::Arguments;
use crate::engine::Engine;
use crate::fault::Harm;
use crate::round::{MOST_UPS, Outcome, begin};
use crate::tally::Tally;
use crate::tool::{NAME, Running, Tool, log};

mod client;
mod fault;
mod keys;
mod load;

/// The first shape.
const FIRST: Shape = Shape { shards: 3, replicas: 1 };

/// A function that every primary must have.
const LIBRARY: &str = "#!lua name=known\nredis.register_function('known', function() return 1 end)";

/// How often the output of `up` is read.
const POLL: Duration = Duration::from_millis(10);

/// The most differences that a round tells.
const TOLD: usize = 5;

/// The cluster, and what it must hold.
struct Reshard<'a> {
    engine: Engine,
    tool: Tool,
    arguments: &'a Arguments,
    shape: Shape,
    keys: Keys,
    ledger: Ledger,
    /// The time of the last complete change.
    usual: Duration,
}

/// Runs every round. An error is a failure of the soak, not of redisctl.
pub(crate) async fn run(arguments: &Arguments) -> Result<Tally> {
    let seed = arguments.seed.unwrap_or_else(rand::random);
    eprintln!("seed {seed}, image {}", arguments.image);
    let mut tally = Tally::new(seed);
    let mut soak = Reshard::begin(arguments).await?;
    let last = arguments.first + arguments.rounds - 1;
    for number in arguments.first..=last {
        let mut random = StdRng::seed_from_u64(seed ^ (u64::from(number) << 32));
        let change = Change::choose(&mut random, soak.shape);
        let outcome = soak.round(number, &change).await?;
        eprintln!("round {number} of {last}: {change}: {outcome}");
        let holds = outcome.holds();
        tally.add(change.kind(), outcome);
        if !holds && number < last {
            soak = Reshard::begin(arguments).await?;
        }
    }
    let folder = begin(&arguments.folder, 0)?;
    ensure!(Tool::remove(&folder.join("down"))?.end()?.status.success(), "`down` failed");
    Ok(tally)
}

impl<'a> Reshard<'a> {
    /// Makes a new cluster with its keys.
    async fn begin(arguments: &'a Arguments) -> Result<Self> {
        let (engine, tool) = (Engine::connect().await?, Tool::new(&arguments.image));
        let folder = begin(&arguments.folder, 0)?;
        Tool::remove(&folder.join("down"))?.end()?;
        let up = tool.up(FIRST.spec(), &folder.join("up"))?.end()?;
        ensure!(up.status.success(), "see `{}`", log(&folder.join("up")).display());
        let keys = Keys::write(&mut Client::default(), arguments.huge).context("writing the keys")?;
        for mut node in connect_all() {
            // Replicas refuse it.
            let _ = cmd("FUNCTION").arg("LOAD").arg(LIBRARY).exec(&mut node);
        }
        fs::remove_dir_all(folder)?;
        let (ledger, usual) = (Ledger::default(), up.took);
        Ok(Self { engine, tool, arguments, shape: FIRST, keys, ledger, usual })
    }

    async fn round(&mut self, number: u32, change: &Change) -> Result<Outcome> {
        let started = Instant::now();
        let folder = begin(&self.arguments.folder, number)?;
        let mut outcome = Outcome::default();
        let is_container = matches!(change.fault, Fault::Container(..) | Fault::Everything);
        // After the loss of everything, the files of a single node suffice. Some shards have no replica.
        let load = Load::start(u8::from(matches!(change.fault, Fault::Container(..))));
        let suffered = self.suffer(change, &folder, &mut outcome).await;
        let to = if change.goes_back { self.shape } else { change.to };
        let mended = suffered.and_then(|()| self.mend(to, &folder, &mut outcome));
        let errors = load.end(&mut self.ledger)?;
        mended?;
        if !is_container {
            outcome.failures.extend(errors.iter().take(TOLD).map(|error| format!("a client: {error}")));
        }
        self.shape = to;
        if let Err(error) = self.check(&mut outcome) {
            outcome.failures.push(format!("the check: {error:#}"));
        }
        if outcome.holds() && !self.arguments.keep {
            fs::remove_dir_all(folder)?;
        } else {
            fs::write(folder.join("outcome.log"), format!("{change}\n{outcome}\n{errors:#?}\n"))?;
        }
        outcome.took = started.elapsed();
        Ok(outcome)
    }

    /// Runs `up` to another shape, with the fault.
    async fn suffer(&mut self, change: &Change, folder: &Path, outcome: &mut Outcome) -> Result<()> {
        let at = folder.join("1-up");
        let mut up = self.tool.up(change.to.spec(), &at)?;
        if change.fault != Fault::None && self.reaches(&mut up, change.moment, &log(&at))? {
            match change.fault {
                Fault::None => {}
                Fault::Redisctl(signal) => up.stop(signal)?,
                Fault::Container(harm, number) => self.harm(harm, number).await?,
                Fault::Everything => self.kill_all().await?,
            }
        }
        let ended = up.end()?;
        if change.fault == Fault::None {
            outcome.expect("up", &ended);
            self.usual = ended.took;
        }
        outcome.retries += u32::from(!ended.status.success());
        Ok(())
    }

    /// Waits for the moment of the fault. `false`: `up` ended before.
    fn reaches(&self, up: &mut Running, moment: Moment, output: &PathBuf) -> Result<bool> {
        match moment {
            Moment::Any(part) => up.reaches(self.usual.mul_f64(part)),
            Moment::InMove(after) => {
                while !fs::read_to_string(output)?.contains("slots to") {
                    if !up.is_running()? {
                        return Ok(false);
                    }
                    std::thread::sleep(POLL);
                }
                up.goes_on(after)
            }
        }
    }

    async fn harm(&self, harm: Harm, number: usize) -> Result<()> {
        let nodes = self.nodes().await?;
        if let Some(node) = nodes.get(number % nodes.len().max(1)) {
            self.engine.harm(harm, node, NAME).await?;
        }
        Ok(())
    }

    async fn kill_all(&self) -> Result<()> {
        let nodes = self.nodes().await?;
        let kills = nodes.iter().map(|node| self.engine.harm(Harm::Kill, node, NAME));
        futures_util::future::try_join_all(kills).await.map(drop)
    }

    /// The containers of all nodes.
    async fn nodes(&self) -> Result<Vec<String>> {
        let objects = self.engine.objects().await?.into_iter();
        let is_node = |name: &str| name.strip_prefix(NAME).is_some_and(|rest| rest.starts_with('-'));
        let nodes = objects.filter(|object| object.kind == "container" && is_node(&object.name));
        Ok(nodes.map(|object| object.name).collect())
    }

    /// Runs `up` after the fault.
    fn mend(&self, to: Shape, folder: &Path, outcome: &mut Outcome) -> Result<()> {
        for attempt in 2..MOST_UPS + 2 {
            let up = self.tool.up(to.spec(), &folder.join(format!("{attempt}-up")))?.end()?;
            outcome.expect("up", &up);
            if up.status.success() {
                outcome.mended = Some(up.took);
                break;
            }
            outcome.retries += 1;
        }
        outcome.expect("plan", &self.tool.plan(to.spec(), &folder.join("plan"))?.end()?);
        outcome.expect("verify", &Tool::named("verify", &folder.join("verify"))?.end()?);
        Ok(())
    }

    /// Checks keys, writes, functions and slots. No client writes meanwhile.
    fn check(&self, outcome: &mut Outcome) -> Result<()> {
        let client = &mut Client::default();
        let keys = self.keys.differences(client).context("reading the keys")?;
        let (counters, exist) = self.ledger.differences(client).context("reading the counters")?;
        let differences = keys.len() + counters.len();
        outcome.failures.extend(keys.into_iter().chain(counters).take(TOLD));
        if differences > TOLD {
            outcome.failures.push(format!("{differences} differences in all"));
        }
        let (mut count, expected) = (0, self.keys.count() + exist);
        for mut node in connect_all() {
            let view = own_line(&mut node)?;
            if view.contains('[') {
                outcome.failures.push(format!("open slots: {view}"));
            }
            if view.contains("master") {
                let size: usize = cmd("DBSIZE").query(&mut node)?;
                // A server that restarts in the midst of `verify` keeps a key of its checks until the key expires.
                let of_checks: Vec<String> = cmd("KEYS").arg("redisctl:verify:*").query(&mut node)?;
                count += size - of_checks.len();
                let known: Option<i64> = cmd("FCALL").arg("known").arg(0).query(&mut node)?;
                ensure!(known == Some(1), "a function is missing");
            }
        }
        if count != expected {
            outcome.failures.push(format!("{count} keys instead of {expected}"));
        }
        Ok(())
    }
}

/// A node's line about itself in CLUSTER NODES.
fn own_line(node: &mut Connection) -> Result<String> {
    let nodes: String = cmd("CLUSTER").arg("NODES").query(node)?;
    Ok(nodes.lines().find(|line| line.contains("myself")).unwrap_or_default().to_owned())
}
