//! The options of `down`.

use std::time::Duration;

use clap::Args;

use super::NameArgument;
use super::duration::duration;

/// Options of `down`.
#[derive(Debug, Args)]
pub struct DownArguments {
    /// Which deployment.
    #[command(flatten)]
    pub name: NameArgument,
    /// Remove the data of `data: volume` too.
    #[arg(long)]
    pub volumes: bool,
    /// Remove every deployment on the engine.
    #[arg(long, conflicts_with = "name")]
    pub all: bool,
    /// The limit of the wait for another redisctl run: `90s`, `2m`.
    #[arg(long, value_parser = duration, default_value = "60s", value_name = "TIME")]
    pub timeout: Duration,
}
