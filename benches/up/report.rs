//! The limits of the values, and the table and the JSON document with both.

use anyhow::Result;
use comfy_table::{Table, presets};
use serde::Serialize;

use crate::arguments::Arguments;
use crate::bar::{Bar, Direction};
use crate::engines::EnginesRow;
use crate::figures::{Figures, median};

mod shards;
use crate::sizes::SizeRow;

/// One line of the table.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    key: &'static str,
    what: &'static str,
    unit: &'static str,
    median: Option<f64>,
    values: Vec<f64>,
    bars: Vec<Bar>,
}

impl Row {
    fn new(
        key: &'static str,
        what: &'static str,
        unit: &'static str,
        values: &[f64],
        bars: impl IntoIterator<Item = Bar>,
    ) -> Self {
        let median = median(values);
        let mut bars: Vec<Bar> = bars.into_iter().collect();
        for bar in &mut bars {
            bar.judge(median);
        }
        Self { key, what, unit, median, values: values.to_vec(), bars }
    }
}

/// The values with their judged limits. The limits are the project's promises on speed and size.
pub(crate) fn rows(figures: &Figures) -> Vec<Row> {
    use Direction::{AtLeast, AtMost, Below};
    let floor = median(&figures.engine_up);
    let floor_down = median(&figures.engine_down);
    let ours = median(&figures.redisctl_up);
    let compose = median(&figures.compose_up);
    let again = ours.zip(median(&figures.redisctl_down)).map(|(up, down)| up + down);
    let mut rows = vec![
        Row::new("engine_up", "A   the engine alone, 6 nodes", "s", &figures.engine_up, []),
        Row::new(
            "redisctl_up",
            "B   redisctl up, ready and verified",
            "s",
            &figures.redisctl_up,
            [
                Bar::new(AtMost, "A + 0.7 s", floor.map(|floor| floor + 0.7)),
                Bar::new(AtMost, "0.75 C", compose.map(|compose| 0.75 * compose)),
            ],
        ),
        Row::new("compose_up", "C   compose, redis-cli --cluster create", "s", &figures.compose_up, []),
        Row::new(
            "compose_visible",
            "C'  C until clients see every replica",
            "s",
            &figures.compose_visible,
            [Bar::new(AtLeast, "8 B", ours.map(|ours| 8.0 * ours))],
        ),
        Row::new("engine_down", "the engine's removal, 6 nodes", "s", &figures.engine_down, []),
        Row::new(
            "redisctl_down",
            "redisctl down",
            "s",
            &figures.redisctl_down,
            [Bar::new(AtMost, "1.2 the engine's", floor_down.map(|floor| 1.2 * floor))],
        ),
        Row::new(
            "reset_six",
            "reset in a process, 6 nodes",
            "ms",
            &figures.reset_six.library_milliseconds,
            [Bar::new(AtMost, "50 ms", Some(50.0))],
        ),
        Row::new(
            "reset_six_command",
            "redisctl reset, 6 nodes",
            "ms",
            &figures.reset_six.command_milliseconds,
            [Bar::new(Below, "0.1 (up + down)", again.map(|again| 100.0 * again))],
        ),
        Row::new(
            "reset_one",
            "reset in a process, standalone",
            "ms",
            &figures.reset_one.library_milliseconds,
            [Bar::new(AtMost, "15 ms", Some(15.0))],
        ),
        Row::new(
            "reset_one_command",
            "redisctl reset, standalone",
            "ms",
            &figures.reset_one.command_milliseconds,
            [],
        ),
        Row::new(
            "seed_six",
            "redisctl seed, 100 000 SETs, 6 nodes",
            "s",
            &figures.seed_six,
            [Bar::new(AtMost, "2 s", Some(2.0))],
        ),
        Row::new(
            "version",
            "redisctl --version",
            "ms",
            &figures.version_milliseconds,
            [Bar::new(Below, "10 ms", Some(10.0))],
        ),
        Row::new(
            "size",
            "the binary's size",
            "MB",
            &figures.size_megabytes,
            [Bar::new(Below, "12 MB", Some(12.0))],
        ),
        Row::new(
            "memory",
            "peak memory of redisctl up",
            "MB",
            &figures.memory_megabytes,
            [Bar::new(Below, "40 MB", Some(40.0))],
        ),
    ];
    rows.extend(shards::rows(figures));
    // A part that was left out has no lines.
    rows.retain(|row| !row.values.is_empty() || !row.key.contains("slots"));
    rows
}

/// Whether every judged limit is kept. A failed measurement ends the run with an error.
pub(crate) fn all_hold(rows: &[Row], sizes: &[SizeRow]) -> bool {
    rows.iter().flat_map(|row| &row.bars).all(Bar::holds) && sizes.iter().all(SizeRow::holds)
}

/// The table, with a line above it that names image and rounds.
pub(crate) fn table(arguments: &Arguments, rows: &[Row]) -> String {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY);
    table.set_header(["measured", "median", "range", "bar", "limit", "outcome"]);
    for row in rows {
        let lines = |line: fn(&Row, &Bar) -> String| {
            row.bars.iter().map(|bar| line(row, bar)).collect::<Vec<_>>().join("\n")
        };
        table.add_row([
            row.what.to_owned(),
            row.median.map_or_else(|| "–".to_owned(), |median| format!("{median:.2} {}", row.unit)),
            range(&row.values),
            lines(|_, bar| bar.bound.clone()),
            lines(|row, bar| bar.limit.map_or_else(String::new, |limit| format!("{limit:.2} {}", row.unit))),
            lines(|_, bar| bar.outcome().to_owned()),
        ]);
    }
    format!("image {}, medians of {} rounds\n{table}", arguments.image, arguments.rounds)
}

fn range(values: &[f64]) -> String {
    if values.len() < 2 {
        return String::new();
    }
    let lowest = values.iter().copied().fold(f64::INFINITY, f64::min);
    let highest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    format!("{lowest:.2}–{highest:.2}")
}

/// The values as one JSON document.
pub(crate) fn json(
    arguments: &Arguments,
    rows: &[Row],
    sizes: &[SizeRow],
    engines: &[EnginesRow],
) -> Result<String> {
    Ok(serde_json::to_string_pretty(&serde_json::json!({
        "image": arguments.image,
        "rounds": arguments.rounds,
        "holds": all_hold(rows, sizes),
        "measurements": rows,
        "sizes": sizes,
        "engines": engines,
    }))?)
}
