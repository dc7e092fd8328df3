//! The soak: rounds of `up`, `verify` and `down` of the cluster, with a fault at a random moment of each round.
//!
//! Containers are killed, paused, disconnected or removed, or redisctl is killed or interrupted, also while it replaces
//! every node. After the fault, `up` must succeed, `plan` must be empty, `verify` must pass, and `down` must leave nothing
//! behind. The soak prints a table, and ends with 1 if a round failed.
//!
//! With `--reshard`, one cluster with keys changes its number of shards and replicas in each round, while clients write. No
//! key and no acknowledged write may be lost, or be there twice.
//!
//! `bash scripts/soak [--reshard] [ROUNDS]` prepares the machine and runs the soak. Nothing else may use the engine meanwhile: the soak
//! counts every new object as left behind.

mod arguments;
mod engine;
mod fault;
mod reshard;
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
        // `cargo test --all-targets` starts benches, too, but must not soak.
        eprintln!("nothing done: run `bash scripts/soak`");
        return ExitCode::SUCCESS;
    }
    let ran = if arguments.reshard { reshard::run(&arguments).await } else { run(&arguments).await };
    match ran {
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

/// Runs every round. An error is a failure of the soak, not of redisctl.
async fn run(arguments: &Arguments) -> Result<Tally> {
    let seed = arguments.seed.unwrap_or_else(rand::random);
    let engine = Engine::connect().await?;
    let tool = Tool::new(&arguments.image);
    let mut soak = Soak::new(engine, tool, arguments);
    eprintln!("seed {seed}, image {}", arguments.image);
    soak.warm_up().await.context("`up` fails without a fault")?;
    let mut tally = Tally::new(seed);
    let last = arguments.first + arguments.rounds - 1;
    for number in arguments.first..=last {
        // Each round has its own seed, so that one round can be repeated alone.
        let mut random = StdRng::seed_from_u64(seed ^ (u64::from(number) << 32));
        let fault = Fault::choose(&mut random);
        let outcome = soak.round(number, &fault).await?;
        eprintln!("round {number} of {last}: {fault}: {outcome}");
        tally.add(fault.kind(), outcome);
    }
    Ok(tally)
}
