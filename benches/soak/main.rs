//! The soak: `up`, `verify` and `down` of the cluster, again and again, each time with a fault at a
//! random moment: a container killed, paused, cut off or removed, redisctl itself killed or
//! interrupted, also while it replaces every node. After it, `up` must succeed, `plan` find nothing to do,
//! `verify` pass and `down` leave nothing behind. Prints a table, and ends with 1 when one round did not.
//!
//! `bash scripts/soak [ROUNDS]` prepares the machine and runs it. It wants an engine that nobody else
//! uses meanwhile: what others make would count as left behind.

mod arguments;
mod engine;
mod fault;
mod round;
mod tally;
mod tool;

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::Parser as _;
use rand::SeedableRng as _;
use rand::rngs::StdRng;

use crate::arguments::Arguments;
use crate::engine::Engine;
use crate::fault::Fault;
use crate::round::Soak;
use crate::tally::Tally;
use crate::tool::Tool;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if !arguments.bench {
        // `cargo test --all-targets` runs benches too, and means to see them start, not soak.
        eprintln!("nothing done: run `bash scripts/soak`");
        return ExitCode::SUCCESS;
    }
    match run(&arguments).await {
        Ok(tally) => {
            println!("{}", tally.table(&arguments));
            if tally.holds() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Every round; an error is one of the soak's own, not of what it tries.
async fn run(arguments: &Arguments) -> Result<Tally> {
    let seed = arguments.seed.unwrap_or_else(rand::random);
    let engine = Engine::connect().await?;
    let tool = Tool::new(&arguments.image);
    let mut soak = Soak::new(engine, tool, arguments);
    eprintln!("seed {seed}, image {}", arguments.image);
    soak.warm_up().await.context("`up` fails already where nothing disturbs it")?;
    let mut tally = Tally::new(seed);
    let last = arguments.first + arguments.rounds - 1;
    for number in arguments.first..=last {
        // Each round has a seed of its own, so that one alone can be run again.
        let mut random = StdRng::seed_from_u64(seed ^ (u64::from(number) << 32));
        let fault = Fault::choose(&mut random);
        let outcome = soak.round(number, &fault).await?;
        eprintln!("round {number} of {last}: {fault}: {outcome}");
        tally.add(&fault, outcome);
    }
    Ok(tally)
}
