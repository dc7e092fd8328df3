//! The soak's command line.

use std::path::PathBuf;

use clap::Parser;

/// Brings a cluster up and down again and again, with a fault at a random moment of each round.
#[derive(Debug, Parser)]
#[command(name = "soak")]
pub(crate) struct Arguments {
    /// How many rounds.
    #[arg(default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rounds: u32,
    /// The number of the first round: with the same seed, `--first 17 1` is round 17 again.
    #[arg(long, default_value_t = 1)]
    pub(crate) first: u32,
    /// What the faults and their moments are drawn from; random where it is not given.
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// The server image, present on the engine.
    #[arg(long, env = "REDISCTL_SOAK_IMAGE", default_value = "redisctl-test/redis:7.0")]
    pub(crate) image: String,
    /// Keep what good rounds leave, too.
    #[arg(long)]
    pub(crate) keep: bool,
    /// Where rounds that failed keep the output and the bundle of each of their commands.
    #[arg(long, default_value = "target/soak", value_name = "DIR")]
    pub(crate) folder: PathBuf,
    /// What `cargo bench` passes to every benchmark.
    #[arg(long, hide = true)]
    pub(crate) bench: bool,
}
