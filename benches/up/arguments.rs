//! The benchmark's command line.

use clap::{Parser, ValueEnum};

/// A part that can be measured alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// A: the engine alone.
    Engine,
    /// B: the release binary.
    Redisctl,
    /// C: docker-compose and `redis-cli --cluster create`.
    Compose,
}

/// Compares `redisctl up` and `down` with the engine alone and with docker-compose.
#[derive(Debug, Parser)]
#[command(name = "up")]
pub(crate) struct Arguments {
    /// The server image, present on the engine; it must hold `redis-server` and `redis-cli`.
    #[arg(long, env = "REDISCTL_BENCH_IMAGE", default_value = "redisctl-test/redis:7.0")]
    pub(crate) image: String,
    /// The number of rounds for the medians.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rounds: u32,
    /// Measure these parts only. Limits that need another part are not judged.
    #[arg(long, value_delimiter = ',')]
    pub(crate) only: Vec<Part>,
    /// Leave out the thirty nodes.
    #[arg(long)]
    pub(crate) no_thirty: bool,
    /// Print one JSON document instead of the table.
    #[arg(long)]
    pub(crate) json: bool,
    /// What `cargo bench` passes to every benchmark.
    #[arg(long, hide = true)]
    pub(crate) bench: bool,
}

impl Arguments {
    /// Whether `part` is to be measured.
    pub(crate) fn measures(&self, part: Part) -> bool {
        self.only.is_empty() || self.only.contains(&part)
    }
}
