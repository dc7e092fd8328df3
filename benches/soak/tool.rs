//! Runs redisctl as a user does, and stops it with a signal.

use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

/// The name of the deployment. The names of all its objects begin with it.
pub(crate) const NAME: &str = "redisctl-soak";

/// Ports that neither tests nor benchmarks use.
pub(crate) const PORT_BASE: u16 = 13_001;

/// The limit of a wait. Other nodes accept a primary that returns only after twice the node timeout of 15 s.
const TIMEOUT: &str = "40s";

/// The limit of a command: several waits in sequence, each as long as its limit.
const COMMAND_LIMIT: Duration = Duration::from_secs(300);

/// How often a process is polled.
const POLL_INTERVAL: Duration = Duration::from_millis(2);

/// The spec for `up`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Spec {
    /// The bundled cluster.
    Bundled,
    /// The same cluster with another memory limit, which replaces every node.
    Changed,
    /// A cluster that keeps its data, with so many shards and replicas of each.
    Shape { shards: u8, replicas: u8 },
}

/// The signal that stops redisctl.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Signal {
    /// `kill -9`.
    Kill,
    /// Ctrl-C.
    Interrupt,
}

/// The binary and the image for it.
pub(crate) struct Tool {
    image: String,
}

/// A command that runs.
pub(crate) struct Running {
    child: Child,
    started: Instant,
}

/// A command that has ended.
pub(crate) struct Ended {
    /// Its exit status.
    pub(crate) status: ExitStatus,
    /// Its time.
    pub(crate) took: Duration,
}

impl Tool {
    pub(crate) fn new(image: &str) -> Self {
        Self { image: image.to_owned() }
    }

    /// Starts `up`; its output and its bundle go to files that begin with `at`.
    pub(crate) fn up(&self, spec: Spec, at: &Path) -> Result<Running> {
        let bundle = at.to_str().context("the folder's name is no text")?;
        let spec = self.arguments(spec);
        let mut arguments = vec!["up"];
        arguments.extend(spec.iter().map(String::as_str));
        arguments.extend(["--timeout", TIMEOUT, "--bundle", bundle]);
        start(&arguments, at)
    }

    /// Starts `plan`, which must be empty.
    pub(crate) fn plan(&self, spec: Spec, at: &Path) -> Result<Running> {
        let spec = self.arguments(spec);
        let mut arguments = vec!["plan"];
        arguments.extend(spec.iter().map(String::as_str));
        arguments.push("--detailed-exitcode");
        start(&arguments, at)
    }

    /// Starts `verify` or `down`.
    pub(crate) fn named(verb: &str, at: &Path) -> Result<Running> {
        start(&[verb, NAME], at)
    }

    /// Starts `down`, which also removes the kept data.
    pub(crate) fn remove(at: &Path) -> Result<Running> {
        start(&["down", NAME, "--volumes"], at)
    }

    fn arguments(&self, spec: Spec) -> Vec<String> {
        let port = PORT_BASE.to_string();
        let always = ["cluster", "--name", NAME, "--image", &self.image, "--port-base", &port];
        let settings = match spec {
            Spec::Bundled => Vec::new(),
            Spec::Changed => vec!["resources.memory=192mb".to_owned()],
            Spec::Shape { shards, replicas } => vec![
                format!("shards={shards}"),
                format!("replicas={replicas}"),
                "data=volume".to_owned(),
                "config.appendonly=yes".to_owned(),
                // Primaries that end are replaced soon.
                "config.cluster-node-timeout=3000".to_owned(),
            ],
        };
        let settings = settings.into_iter().flat_map(|setting| ["--set".to_owned(), setting]);
        always.map(str::to_owned).into_iter().chain(settings).collect()
    }
}

fn start(arguments: &[&str], at: &Path) -> Result<Running> {
    let path = log(at);
    let output = File::create(&path).with_context(|| format!("writing `{}`", path.display()))?;
    let child = Command::new(env!("CARGO_BIN_EXE_redisctl"))
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output)
        .spawn()
        .context("starting redisctl")?;
    Ok(Running { child, started: Instant::now() })
}

/// The file with the output of a command whose files begin with `at`.
pub(crate) fn log(at: &Path) -> PathBuf {
    at.with_extension("log")
}

impl Running {
    /// Waits until this time after the start; `false`: the command ended before.
    pub(crate) fn reaches(&mut self, moment: Duration) -> Result<bool> {
        while self.started.elapsed() < moment {
            if self.child.try_wait()?.is_some() {
                return Ok(false);
            }
            std::thread::sleep(POLL_INTERVAL);
        }
        Ok(self.child.try_wait()?.is_none())
    }

    /// Waits for so long; `false`: the command ended before.
    pub(crate) fn goes_on(&mut self, time: Duration) -> Result<bool> {
        self.reaches(self.started.elapsed() + time)
    }

    /// Whether it still runs.
    pub(crate) fn is_running(&mut self) -> Result<bool> {
        Ok(self.child.try_wait()?.is_none())
    }

    /// Stops the command.
    pub(crate) fn stop(&mut self, signal: Signal) -> Result<()> {
        match signal {
            Signal::Kill => self.child.kill()?,
            Signal::Interrupt => {
                // The standard library can send no other signal than SIGKILL.
                let process = self.child.id().to_string();
                let sent = Command::new("kill").args(["-INT", &process]).status();
                sent.context("running `kill`")?;
            }
        }
        Ok(())
    }

    /// Waits for the end.
    pub(crate) fn end(mut self) -> Result<Ended> {
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(Ended { status, took: self.started.elapsed() });
            }
            if self.started.elapsed() > COMMAND_LIMIT {
                self.child.kill()?;
                self.child.wait()?;
                bail!("redisctl does not end");
            }
            std::thread::sleep(POLL_INTERVAL);
        }
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Kill => "killed",
            Self::Interrupt => "interrupted",
        })
    }
}
