//! Clusters of several sizes: the time to bring them up and down, beside the engine alone.

use std::time::Duration;

use anyhow::Result;
use comfy_table::{Table, presets};
use serde::Serialize;

use crate::arguments::{Arguments, Part};
use crate::bar::Bar;
use crate::engine::Engine;
use crate::figures::median;
use crate::layout::{Layout, Size};
use crate::progress;
use crate::tool::Tool;

/// The limit of `down` as a multiple of the engine's own time, for all sizes.
const DOWN: f64 = 1.2;

/// The values of one size, in seconds.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Times {
    engine_up: Vec<f64>,
    redisctl_up: Vec<f64>,
    engine_down: Vec<f64>,
    redisctl_down: Vec<f64>,
}

/// A line of the table.
#[derive(Debug, Serialize)]
pub(crate) struct SizeRow {
    nodes: u8,
    #[serde(flatten)]
    times: Times,
    up: Comparison,
    down: Comparison,
}

/// A median beside the engine's own.
#[derive(Debug, Serialize)]
struct Comparison {
    engine: Option<f64>,
    redisctl: Option<f64>,
    ratio: Option<f64>,
    bar: Bar,
}

impl Comparison {
    fn new(engine: &[f64], redisctl: &[f64], limit: f64) -> Self {
        let (engine, redisctl) = (median(engine), median(redisctl));
        let ratio = redisctl.zip(engine).map(|(redisctl, engine)| redisctl / engine);
        let bar = Bar::at_most(&format!("{limit}"), limit, ratio);
        Self { engine, redisctl, ratio, bar }
    }
}

impl SizeRow {
    fn new(size: Size, times: Times) -> Self {
        let up = Comparison::new(&times.engine_up, &times.redisctl_up, size.limit());
        let down = Comparison::new(&times.engine_down, &times.redisctl_down, DOWN);
        Self { nodes: size.nodes(), times, up, down }
    }

    /// Whether no judged limit is missed.
    pub(crate) fn holds(&self) -> bool {
        self.up.bar.holds() && self.down.bar.holds()
    }
}

/// Measures every wanted size. Engine and redisctl alternate, so that both see the same load of the machine.
pub(crate) async fn measure(arguments: &Arguments, engine: &Engine, tool: &Tool) -> Result<Vec<SizeRow>> {
    let mut rows = Vec::new();
    for size in arguments.sizes.iter().copied() {
        let (alone, ours) = (Layout::engine_of(size), Layout::redisctl_of(size));
        let mut times = Times::default();
        let seconds = |time: Duration| time.as_secs_f64();
        let rounds = arguments.rounds_of(size);
        for round in 1..=rounds {
            progress(&format!("{} nodes, round {round} of {rounds}", size.nodes()));
            if arguments.measures(Part::Engine) {
                times.engine_up.push(seconds(engine.start(&alone, &arguments.image).await?));
                times.engine_down.push(seconds(engine.remove(&alone).await?));
            }
            if arguments.measures(Part::Redisctl) {
                times.redisctl_up.push(seconds(tool.up(&ours)?));
                times.redisctl_down.push(seconds(tool.down(&ours)?));
            }
        }
        rows.push(SizeRow::new(size, times));
    }
    Ok(rows)
}

/// The table of time against nodes.
pub(crate) fn table(rows: &[SizeRow]) -> String {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY);
    table.set_header([
        "nodes", "engine", "up", "ratio", "limit", "outcome", "removal", "down", "ratio", "limit", "outcome",
    ]);
    for row in rows {
        let cells = [&row.up, &row.down].into_iter().flat_map(|part| {
            let number = |number: Option<f64>, unit: &str| {
                number.map_or_else(|| "–".to_owned(), |number| format!("{number:.2}{unit}"))
            };
            [
                number(part.engine, " s"),
                number(part.redisctl, " s"),
                number(part.ratio, ""),
                part.bar.bound.clone(),
                part.bar.outcome().to_owned(),
            ]
        });
        table.add_row(std::iter::once(row.nodes.to_string()).chain(cells));
    }
    format!("time against nodes: the engine alone and redisctl, medians\n{table}")
}
