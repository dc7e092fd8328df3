//! The benchmark compares `redisctl up` and `down` with the engine alone and with docker-compose. One run measures all of
//! them in alternating rounds, and prints a table with limits.
//!
//! `cargo bench --bench up` runs it; `bash scripts/bench` prepares the machine first. It ends with 1 if a value misses its
//! limit.

mod arguments;
mod bar;
mod compose;
mod engine;
mod engines;
mod figures;
mod layout;
mod report;
mod reset;
mod shards;
mod sizes;
mod tool;

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, anyhow};
use clap::Parser;

use crate::arguments::{Arguments, Part};
use crate::compose::Compose;
use crate::engine::Engine;
use crate::engines::EnginesRow;
use crate::figures::Figures;
use crate::layout::Layout;
use crate::sizes::SizeRow;
use crate::tool::Tool;

/// How often the start of the binary is timed. A single start is too short to measure.
const VERSION_RUNS: usize = 25;

/// The keys that are seeded in each round.
const SEEDED: u32 = 100_000;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if !arguments.bench {
        // `cargo test --all-targets` starts benches, too, but must not measure.
        eprintln!("nothing measured: run `cargo bench --bench up`");
        return ExitCode::SUCCESS;
    }
    match run(&arguments).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Measures, cleans up in any case, and prints; returns whether every measured value keeps its limit.
async fn run(arguments: &Arguments) -> Result<bool> {
    let engine = Engine::connect().await?;
    engine.sweep().await.context("removing what an earlier run left behind")?;
    let outcome = tokio::select! {
        outcome = measure(arguments, &engine) => outcome,
        _ = tokio::signal::ctrl_c() => Err(anyhow!("interrupted")),
    };
    let swept = engine.sweep().await.context("removing what this run made");
    let Measured { figures, sizes, engines } = outcome?;
    swept?;

    let rows = figures.as_ref().map(report::rows).unwrap_or_default();
    if arguments.json {
        println!("{}", report::json(arguments, &rows, &sizes, &engines)?);
    } else {
        if !rows.is_empty() {
            println!("{}", report::table(arguments, &rows));
        }
        if !sizes.is_empty() {
            println!("{}", sizes::table(&sizes));
        }
        if !engines.is_empty() {
            println!("{}", engines::table(&engines));
        }
    }
    Ok(report::all_hold(&rows, &sizes))
}

/// The values of all wanted parts.
struct Measured {
    figures: Option<Figures>,
    sizes: Vec<SizeRow>,
    engines: Vec<EnginesRow>,
}

/// Measures every wanted part.
async fn measure(arguments: &Arguments, engine: &Engine) -> Result<Measured> {
    let tool = Tool::new(Path::new(env!("CARGO_BIN_EXE_redisctl")), &arguments.image);
    let engines =
        if arguments.measures(Part::Engines) { engines::measure(arguments, &tool)? } else { Vec::new() };
    if !arguments.measures_own_engine() {
        return Ok(Measured { figures: None, sizes: Vec::new(), engines });
    }
    let figures =
        if arguments.only_sizes { None } else { Some(measure_six(arguments, engine, &tool).await?) };
    Ok(Measured { figures, sizes: sizes::measure(arguments, engine, &tool).await?, engines })
}

/// Measures six nodes in rounds, and a standalone server.
async fn measure_six(arguments: &Arguments, engine: &Engine, tool: &Tool) -> Result<Figures> {
    let mut figures = Figures::default();
    let compose = if arguments.measures(Part::Compose) { Some(Compose::find()?) } else { None };

    if arguments.measures(Part::Redisctl) {
        progress("warming up");
        figures.size_megabytes.push(tool.size_megabytes()?);
        for _ in 0..VERSION_RUNS {
            figures.version_milliseconds.push(tool.version()?.as_secs_f64() * 1000.0);
        }
        // Outside of the timed runs, because reading the memory of a process slows it down.
        figures.memory_megabytes.extend(tool.up_watched(&Layout::REDISCTL)?);
        tool.down(&Layout::REDISCTL)?;
    }
    for round in 1..=arguments.rounds {
        progress(&format!("round {round} of {}", arguments.rounds));
        if arguments.measures(Part::Engine) {
            figures.engine_up.push(engine.start(&Layout::ENGINE, &arguments.image).await?.as_secs_f64());
            figures.engine_down.push(engine.remove(&Layout::ENGINE).await?.as_secs_f64());
        }
        if arguments.measures(Part::Redisctl) {
            figures.redisctl_up.push(tool.up(&Layout::REDISCTL)?.as_secs_f64());
            figures.seed_six.push(tool.seed(&Layout::REDISCTL, SEEDED)?.as_secs_f64());
            figures.reset_six.add(&reset::measure(tool, &Layout::REDISCTL).await?);
            figures.redisctl_down.push(tool.down(&Layout::REDISCTL)?.as_secs_f64());
        }
        if let Some(compose) = &compose {
            let formed = compose.up(&Layout::COMPOSE, &arguments.image).await?;
            figures.compose_up.push(formed.created.as_secs_f64());
            figures.compose_visible.push(formed.visible.as_secs_f64());
            engine.sweep().await?;
        }
    }
    if arguments.measures(Part::Redisctl) {
        progress("standalone");
        tool.up_standalone(&Layout::STANDALONE)?;
        figures.reset_one.add(&reset::measure(tool, &Layout::STANDALONE).await?);
        tool.down(&Layout::STANDALONE)?;
    }
    if arguments.measures(Part::Shards) {
        progress("moves of slots");
        shards::measure(tool, &arguments.image, arguments.rounds, &mut figures)?;
    }
    Ok(figures)
}

/// Prints the current part to stderr; stdout is for the table.
fn progress(what: &str) {
    eprintln!("{what} …");
}
