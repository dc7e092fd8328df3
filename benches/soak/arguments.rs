//! The soak's command line.

use std::path::PathBuf;

use clap::Parser;

/// Brings a cluster up and down in many rounds, with a fault at a random moment of each round. With `--reshard`, one
/// cluster changes its shape in each round instead.
#[derive(Debug, Parser)]
#[command(name = "soak")]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub(crate) struct Arguments {
    /// The number of rounds.
    #[arg(default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rounds: u32,
    /// Change the number of shards and replicas of one cluster in each round, under a load of writes.
    #[arg(long)]
    pub(crate) reshard: bool,
    /// With `--reshard`: one key has 200 MB. Its moves take seconds.
    #[arg(long, requires = "reshard")]
    pub(crate) huge: bool,
    /// The number of the first round. With the same seed, `--first 17 1` repeats round 17.
    #[arg(long, default_value_t = 1)]
    pub(crate) first: u32,
    /// The seed of the faults and their moments; random by default.
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// The server image, present on the engine.
    #[arg(long, env = "REDISCTL_SOAK_IMAGE", default_value = "redisctl-test/redis:7.0")]
    pub(crate) image: String,
    /// Keep the folders of successful rounds, too.
    #[arg(long)]
    pub(crate) keep: bool,
    /// The folder for failed rounds, with the output and the bundle of each command.
    #[arg(long, default_value = "target/soak", value_name = "DIR")]
    pub(crate) folder: PathBuf,
    /// What `cargo bench` passes to every benchmark.
    #[arg(long, hide = true)]
    pub(crate) bench: bool,
}
