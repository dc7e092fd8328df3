//! One round: `up`, a fault, the repair by `up`, `verify`, and `down`.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use crate::arguments::Arguments;
use crate::engine::{Engine, Object};
use crate::fault::{Fault, Harm, Moment, Verb};
use crate::tool::{Ended, NAME, Running, Spec, Tool, log};

/// How often `up` runs after a fault. The first `up` must succeed; the others prepare the next round.
pub(crate) const MOST_UPS: usize = 3;

/// How long the soak waits for the container of a fault.
const CONTAINER_LIMIT: Duration = Duration::from_secs(20);

/// Runs rounds.
pub(crate) struct Soak {
    engine: Engine,
    tool: Tool,
    folder: PathBuf,
    /// Whether the folders of successful rounds are kept, too.
    keep: bool,
    /// The times of the commands without a fault.
    usual_up: Duration,
    usual_change: Duration,
    usual_down: Duration,
}

/// The result of a round.
#[derive(Debug, Clone, Default)]
pub(crate) struct Outcome {
    /// How many commands failed because of the fault and ran again.
    pub(crate) retries: u32,
    /// Commands that should have succeeded.
    pub(crate) failures: Vec<String>,
    /// Objects that were left behind.
    pub(crate) leaks: Vec<String>,
    /// The time of the `up` after the fault, if there was one.
    pub(crate) mended: Option<Duration>,
    /// The time of the whole round.
    pub(crate) took: Duration,
}

impl Outcome {
    /// Notes a command that should have succeeded and failed.
    pub(crate) fn expect(&mut self, what: &str, ended: &Ended) {
        if !ended.status.success() {
            self.failures.push(format!("`{what}` ended with {}", ended.status));
        }
    }

    /// Whether the round succeeded.
    pub(crate) fn holds(&self) -> bool {
        self.failures.is_empty() && self.leaks.is_empty()
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.holds() {
            formatter.write_str("good")?;
            if let Some(mended) = self.mended {
                write!(formatter, ", up in {:.1} s", mended.as_secs_f64())?;
            }
            return write!(formatter, ", {:.1} s in all", self.took.as_secs_f64());
        }
        let leaks = self.leaks.iter().map(|leak| format!("left behind: {leak}"));
        let all: Vec<String> = self.failures.iter().cloned().chain(leaks).collect();
        write!(formatter, "FAILED: {}", all.join("; "))
    }
}

impl Soak {
    pub(crate) fn new(engine: Engine, tool: Tool, arguments: &Arguments) -> Self {
        let [usual_up, usual_change, usual_down] = [Duration::ZERO; 3];
        let (folder, keep) = (arguments.folder.clone(), arguments.keep);
        Self { engine, tool, folder, keep, usual_up, usual_change, usual_down }
    }

    /// Removes the objects of an earlier soak, and measures the commands without a fault.
    pub(crate) async fn warm_up(&mut self) -> Result<()> {
        let folder = begin(&self.folder, 0)?;
        self.sweep(&BTreeSet::new()).await?;
        let ups =
            [(Spec::Bundled, "up", &mut self.usual_up), (Spec::Changed, "change", &mut self.usual_change)];
        for (spec, name, usual) in ups {
            let up = self.tool.up(spec, &folder.join(name))?.end()?;
            ensure!(up.status.success(), "see `{}`", log(&folder.join(name)).display());
            *usual = up.took;
        }
        self.usual_down = Tool::named("down", &folder.join("down"))?.end()?.took;
        std::fs::remove_dir_all(folder)?;
        Ok(())
    }

    /// Runs a round. The folder of a failed round is kept.
    pub(crate) async fn round(&self, number: u32, fault: &Fault) -> Result<Outcome> {
        let started = Instant::now();
        let folder = begin(&self.folder, number)?;
        let before = self.engine.objects().await?;
        let mut outcome = Outcome::default();

        self.suffer(fault, &folder, &mut outcome).await?;
        if !matches!(fault, Fault::Redisctl { then: Verb::Down, .. }) {
            self.mend(fault.spec(), &folder, &mut outcome)?;
        }
        // An interrupted `down` may have removed everything already.
        if !self.left(&before).await?.is_empty() {
            let down = Tool::named("down", &folder.join("down"))?.end()?;
            outcome.expect("down", &down);
        }
        let left = self.left(&before).await?;
        outcome.leaks = left.iter().map(|object| format!("{} `{}`", object.kind, object.name)).collect();
        if outcome.holds() && !self.keep {
            std::fs::remove_dir_all(folder)?;
        }
        if !outcome.leaks.is_empty() {
            self.sweep(&before).await?;
        }
        outcome.took = started.elapsed();
        Ok(outcome)
    }

    /// Runs the first `up`, and causes the fault during or after it.
    async fn suffer(&self, fault: &Fault, folder: &Path, outcome: &mut Outcome) -> Result<()> {
        let mut up = self.tool.up(Spec::Bundled, &folder.join("1-up"))?;
        match fault {
            Fault::Containers { harm, nodes, moment: Moment::During(after) } => {
                up.reaches(self.usual_up.mul_f64(*after))?;
                for node in nodes {
                    self.harm(*harm, *node, &mut up).await?;
                }
                outcome.retries += u32::from(!up.end()?.status.success());
            }
            Fault::Containers { harm, nodes, moment: Moment::After } => {
                outcome.expect("up", &up.end()?);
                for node in nodes {
                    self.engine.harm(*harm, &container(*node), NAME).await?;
                }
            }
            Fault::Redisctl { signal, verb, after, .. } => {
                let (mut command, usual) = match verb {
                    Verb::Up => (up, self.usual_up),
                    Verb::Change => {
                        outcome.expect("up", &up.end()?);
                        (self.tool.up(Spec::Changed, &folder.join("1-change"))?, self.usual_change)
                    }
                    Verb::Down => {
                        outcome.expect("up", &up.end()?);
                        (Tool::named("down", &folder.join("1-down"))?, self.usual_down)
                    }
                };
                if command.reaches(usual.mul_f64(*after))? {
                    command.stop(*signal)?;
                }
                outcome.retries += u32::from(!command.end()?.status.success());
            }
        }
        Ok(())
    }

    /// Runs `up` after the fault, and checks that it repaired the deployment.
    fn mend(&self, spec: Spec, folder: &Path, outcome: &mut Outcome) -> Result<()> {
        for attempt in 2..MOST_UPS + 2 {
            let up = self.tool.up(spec, &folder.join(format!("{attempt}-up")))?.end()?;
            outcome.expect("up", &up);
            if up.status.success() {
                outcome.mended = Some(up.took);
                break;
            }
            outcome.retries += 1;
        }
        outcome.expect("plan", &self.tool.plan(spec, &folder.join("plan"))?.end()?);
        outcome.expect("verify", &Tool::named("verify", &folder.join("verify"))?.end()?);
        Ok(())
    }

    /// Causes the fault as soon as the container exists, or after the end of `up`.
    async fn harm(&self, harm: Harm, node: u8, up: &mut Running) -> Result<()> {
        let started = Instant::now();
        let container = container(node);
        while !self.engine.harm(harm, &container, NAME).await? && started.elapsed() < CONTAINER_LIMIT {
            if !up.is_running()? {
                self.engine.harm(harm, &container, NAME).await?;
                break;
            }
        }
        Ok(())
    }

    /// The objects that did not exist before.
    async fn left(&self, before: &BTreeSet<Object>) -> Result<BTreeSet<Object>> {
        Ok(self.engine.objects().await?.difference(before).cloned().collect())
    }

    /// Removes new objects with the names of the soak.
    async fn sweep(&self, before: &BTreeSet<Object>) -> Result<()> {
        let left = self.left(before).await?;
        self.engine.sweep(left.iter().filter(|object| object.name.starts_with(NAME))).await;
        Ok(())
    }
}

/// The empty folder of a round.
pub(crate) fn begin(folder: &Path, number: u32) -> Result<PathBuf> {
    let folder = folder.join(format!("round-{number:03}"));
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    std::fs::create_dir_all(&folder).with_context(|| format!("making `{}`", folder.display()))?;
    Ok(folder)
}

fn container(node: u8) -> String {
    format!("{NAME}-{node}")
}
