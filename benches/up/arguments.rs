//! The benchmark's command line.

use clap::{Parser, ValueEnum};

/// What can be measured apart from the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// The engine's own floor: A.
    Engine,
    /// The release binary: B.
    Redisctl,
    /// docker-compose and `redis-cli --cluster create`: C.
    Compose,
}

/// Measures `redisctl up` and `down` against the engine's floor and against docker-compose.
#[derive(Debug, Parser)]
#[command(name = "up")]
pub(crate) struct Arguments {
    /// The server image, present on the engine; it must hold `redis-server` and `redis-cli`.
    #[arg(long, env = "REDISCTL_BENCH_IMAGE", default_value = "redisctl-test/redis:7.0")]
    pub(crate) image: String,
    /// How many rounds the medians are taken of.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rounds: u32,
    /// Measure these parts only; bars that need another one are left unjudged.
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
    /// Whether `part` was asked for.
    pub(crate) fn measures(&self, part: Part) -> bool {
        self.only.is_empty() || self.only.contains(&part)
    }
}
