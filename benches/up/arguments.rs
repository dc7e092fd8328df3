//! The benchmark's command line.

use clap::{Parser, ValueEnum};

use crate::layout::Size;

/// A part that can be measured alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// A: the engine alone.
    Engine,
    /// B: the release binary.
    Redisctl,
    /// C: docker-compose and `redis-cli --cluster create`.
    Compose,
    /// Moves of slots, beside redis-cli and CLUSTER MIGRATESLOTS. It takes minutes, so only `--only shards` measures it.
    Shards,
    /// Clusters over one, two and three private engines, which `scripts/engines` starts. It needs root and takes minutes, so
    /// only `--only engines` measures it.
    Engines,
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
    /// The sizes in the table of time against nodes; none after `--sizes` alone. 100 nodes take minutes.
    #[arg(long, value_delimiter = ',', num_args = 0.., default_value = "6,30,60")]
    pub(crate) sizes: Vec<Size>,
    /// Measure the table of time against nodes only.
    #[arg(long)]
    pub(crate) only_sizes: bool,
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
        let by_default = !matches!(part, Part::Shards | Part::Engines);
        self.only.is_empty() && by_default || self.only.contains(&part)
    }

    /// Whether this machine's own engine is to be measured.
    pub(crate) fn measures_own_engine(&self) -> bool {
        self.only != [Part::Engines]
    }

    /// The number of rounds for a size. Large clusters vary less, and take long.
    pub(crate) fn rounds_of(&self, size: Size) -> u32 {
        let most = match size {
            Size::Six => self.rounds,
            Size::Thirty | Size::Sixty => 3,
            Size::Hundred => 1,
        };
        self.rounds.min(most)
    }
}
