//! Clusters over one, two and three engines: the time until they are ready and verified, and the time to remove them.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use comfy_table::{Table, presets};
use serde::Serialize;

use crate::arguments::Arguments;
use crate::figures::median;
use crate::progress;
use crate::tool::Tool;

/// The most engines of a cluster.
const MOST: usize = 3;

/// The shards of the clusters, each with a replica.
const SHARDS: [usize; 2] = [3, 15];

/// The set of engines of the benchmark; tests and people use lower numbers.
const SET: &str = "254";

/// The name of the clusters.
const NAME: &str = "bench-engines";

/// A line of the table, with times in seconds.
#[derive(Debug, Serialize)]
pub(crate) struct EnginesRow {
    engines: usize,
    nodes: usize,
    up: Vec<f64>,
    up_median: Option<f64>,
    down: Vec<f64>,
    down_median: Option<f64>,
}

/// Private engines that are one swarm, removed when they are dropped.
struct PrivateEngines {
    hosts: Vec<String>,
}

impl PrivateEngines {
    fn start(image: &str) -> Result<Self> {
        // From now on, started engines are removed, also after a failed start.
        let mut engines = Self { hosts: Vec::new() };
        let output = script(&["up", &MOST.to_string(), image]).stdout(Stdio::piped()).output();
        let output = output.context("starting scripts/engines")?;
        ensure!(output.status.success(), "scripts/engines ended with {}", output.status);
        engines.hosts = String::from_utf8(output.stdout)?.lines().map(str::to_owned).collect();
        ensure!(engines.hosts.len() == MOST, "scripts/engines started {} engines", engines.hosts.len());
        Ok(engines)
    }
}

impl Drop for PrivateEngines {
    fn drop(&mut self) {
        if let Err(error) = script(&["down"]).status() {
            eprintln!("the private engines are left behind: {error}");
        }
    }
}

fn script(arguments: &[&str]) -> Command {
    let mut script = Command::new("bash");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/engines");
    script.arg(path).args(arguments).env("REDISCTL_ENGINES_SET", SET).stdin(Stdio::null());
    script
}

/// Measures every size on every number of engines. The numbers alternate, so that all see the same load of the machine.
pub(crate) fn measure(arguments: &Arguments, tool: &Tool) -> Result<Vec<EnginesRow>> {
    progress("private engines");
    let engines = PrivateEngines::start(&arguments.image)?;
    let folder = tempfile::tempdir()?;
    let mut rows = Vec::new();
    for shards in SHARDS {
        let row = |count| EnginesRow {
            engines: count,
            nodes: shards * 2,
            up: Vec::new(),
            up_median: None,
            down: Vec::new(),
            down_median: None,
        };
        let mut of_size: Vec<EnginesRow> = (1..=MOST).map(row).collect();
        for round in 1..=arguments.rounds {
            for row in &mut of_size {
                progress(&format!(
                    "{} nodes over {} engines, round {round} of {}",
                    row.nodes, row.engines, arguments.rounds
                ));
                let hosts = &engines.hosts[..row.engines];
                let spec = spec(folder.path(), &arguments.image, shards, hosts)?;
                let seconds = |time: Duration| time.as_secs_f64();
                row.up.push(seconds(tool.up_spec(&spec)?));
                row.down.push(seconds(tool.down_on(&engines.hosts[0], NAME)?));
            }
        }
        rows.extend(of_size.into_iter().map(|row| EnginesRow {
            up_median: median(&row.up),
            down_median: median(&row.down),
            ..row
        }));
    }
    Ok(rows)
}

fn spec(folder: &Path, image: &str, shards: usize, hosts: &[String]) -> Result<PathBuf> {
    let engine = |(number, host): (usize, &String)| format!("  e{number}: {{host: \"{host}\"}}\n");
    let engines: String = hosts.iter().enumerate().map(engine).collect();
    let fields = format!("name: {NAME}\nkind: cluster\nimage: {image}\nshards: {shards}\n");
    let path = folder.join("engines.yaml");
    std::fs::write(&path, format!("{fields}ports: {{bind: 0.0.0.0}}\nengines:\n{engines}"))?;
    Ok(path)
}

/// The table of time against engines.
pub(crate) fn table(rows: &[EnginesRow]) -> String {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY);
    table.set_header(["nodes", "engines", "up", "down"]);
    for row in rows {
        let time = |time: Option<f64>| time.map_or_else(|| "–".to_owned(), |time| format!("{time:.2} s"));
        table.add_row([
            row.nodes.to_string(),
            row.engines.to_string(),
            time(row.up_median),
            time(row.down_median),
        ]);
    }
    format!("clusters over several engines: up until verified, and down, medians\n{table}")
}
