//! Runs the release binary as a user does: `redisctl up`, `redisctl seed`, `redisctl reset`, `redisctl down`, `redisctl --version`.

use std::io::{BufWriter, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::layout::Layout;

/// How often the memory of a process is read. The kernel keeps the peak: only a peak after the last reading is missed.
const WATCH_INTERVAL: Duration = Duration::from_millis(2);

/// The binary and the image for it.
pub(crate) struct Tool {
    binary: PathBuf,
    image: String,
}

impl Tool {
    pub(crate) fn new(binary: &Path, image: &str) -> Self {
        Self { binary: binary.to_owned(), image: image.to_owned() }
    }

    /// The same binary with another image.
    pub(crate) fn with_image(&self, image: &str) -> Self {
        Self { binary: self.binary.clone(), image: image.to_owned() }
    }

    /// Gives the layout's cluster a number of shards, and returns the events of the run.
    pub(crate) fn up_with_shards(&self, layout: &Layout, shards: u8) -> Result<Vec<serde_json::Value>> {
        let (name, port) = (layout.name(), layout.base_port.to_string());
        let shards = format!("shards={shards}");
        // Otherwise a primary without slots becomes a replica, and redis-cli cannot fill it.
        let stays = "config.cluster-allow-replica-migration=no";
        let more = ["--set", stays, "--set", &shards, "--output", "json"];
        let output = Command::new(&self.binary)
            .args(["up", "cluster", "--image", &self.image, "--name", &name, "--port-base", &port])
            .args(more)
            .stdin(Stdio::null())
            .output()
            .with_context(|| format!("starting `{}`", self.binary.display()))?;
        let events = String::from_utf8_lossy(&output.stderr);
        ensure!(
            output.status.success(),
            "`redisctl up` with {shards} ended with {}:\n{events}",
            output.status
        );
        Ok(events.lines().filter_map(|line| serde_json::from_str(line).ok()).collect())
    }

    /// Seeds the layout's deployment with values of 100 bytes.
    pub(crate) fn seed_large(&self, layout: &Layout, keys: u32) -> Result<Duration> {
        self.seed_lines(layout, keys, |key| format!("SET key:{key} {key:0100}"))
    }

    /// The binary's size, in units of 10^6 bytes.
    pub(crate) fn size_megabytes(&self) -> Result<f64> {
        let metadata =
            self.binary.metadata().with_context(|| format!("reading `{}`", self.binary.display()))?;
        Ok(megabytes(metadata.len()))
    }

    /// Prints the version, to time the start of the binary.
    pub(crate) fn version(&self) -> Result<Duration> {
        self.timed(&["--version".to_owned()])
    }

    /// Brings the layout's cluster up.
    pub(crate) fn up(&self, layout: &Layout) -> Result<Duration> {
        self.timed(&self.up_arguments(layout))
    }

    /// Brings the layout's cluster up, and returns the peak of the process's resident memory in units of 10^6 bytes, if the
    /// system reports it.
    pub(crate) fn up_watched(&self, layout: &Layout) -> Result<Option<f64>> {
        let mut peak = None;
        self.run(&self.up_arguments(layout), |child| {
            loop {
                if let Some(status) = child.try_wait()? {
                    return Ok(status);
                }
                peak = peak_memory(child.id()).or(peak);
                std::thread::sleep(WATCH_INTERVAL);
            }
        })?;
        Ok(peak.map(megabytes))
    }

    /// Takes the layout's cluster down.
    pub(crate) fn down(&self, layout: &Layout) -> Result<Duration> {
        self.timed(&["down".to_owned(), layout.name()])
    }

    /// Brings the deployment of a spec up.
    pub(crate) fn up_spec(&self, spec: &Path) -> Result<Duration> {
        self.timed(&["up".to_owned(), spec.display().to_string()])
    }

    /// Takes a deployment down through an engine.
    pub(crate) fn down_on(&self, host: &str, name: &str) -> Result<Duration> {
        self.timed(&["--host", host, "down", name].map(str::to_owned))
    }

    /// Brings the layout's standalone server up.
    pub(crate) fn up_standalone(&self, layout: &Layout) -> Result<Duration> {
        let (name, port) = (layout.name(), layout.base_port.to_string());
        let arguments = ["up", "standalone", "--image", &self.image, "--name", &name, "--port-base", &port];
        self.timed(&arguments.map(str::to_owned))
    }

    /// Resets the layout's deployment.
    pub(crate) fn reset(&self, layout: &Layout) -> Result<Duration> {
        self.timed(&["reset".to_owned(), layout.name()])
    }

    /// Seeds the layout's deployment with SETs of this number of keys.
    pub(crate) fn seed(&self, layout: &Layout, keys: u32) -> Result<Duration> {
        self.seed_lines(layout, keys, |key| format!("SET key:{key} value:{key}"))
    }

    fn seed_lines(&self, layout: &Layout, keys: u32, line: impl Fn(u32) -> String) -> Result<Duration> {
        let mut file = tempfile::NamedTempFile::new()?;
        let mut writer = BufWriter::new(file.as_file_mut());
        for key in 0..keys {
            writeln!(writer, "{}", line(key))?;
        }
        writer.flush()?;
        drop(writer);
        self.timed(&["seed".to_owned(), layout.name(), file.path().display().to_string()])
    }

    fn up_arguments(&self, layout: &Layout) -> Vec<String> {
        let shards = format!("shards={}", layout.shards());
        let port = layout.base_port.to_string();
        [
            "up",
            "cluster",
            "--image",
            &self.image,
            "--name",
            &layout.name(),
            "--port-base",
            &port,
            "--set",
            &shards,
        ]
        .map(str::to_owned)
        .to_vec()
    }

    fn timed(&self, arguments: &[String]) -> Result<Duration> {
        let start = Instant::now();
        self.run(arguments, Child::wait)?;
        Ok(start.elapsed())
    }

    /// Runs the binary until `wait` reports its end. Its output goes to a file, because reading it would cost time. The error
    /// of a failed run shows the output.
    fn run(
        &self,
        arguments: &[String],
        wait: impl FnOnce(&mut Child) -> std::io::Result<ExitStatus>,
    ) -> Result<()> {
        let mut output = tempfile::tempfile()?;
        let mut child = Command::new(&self.binary)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output.try_clone()?)
            .spawn()
            .with_context(|| format!("starting `{}`", self.binary.display()))?;
        let status = wait(&mut child)?;
        if !status.success() {
            let mut text = String::new();
            output.rewind()?;
            output.read_to_string(&mut text)?;
            bail!("`redisctl {}` ended with {status}:\n{}", arguments.join(" "), text.trim_end());
        }
        Ok(())
    }
}

/// The peak of a running process's resident memory in bytes, from /proc on Linux.
fn peak_memory(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

#[expect(clippy::cast_precision_loss, reason = "sizes here are far below 2^52 bytes")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
