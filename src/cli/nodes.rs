//! The arguments of commands that change nodes on purpose.

use std::time::Duration;

use clap::Args;

use super::duration::duration;

/// Options of `start`, `stop`, `restart`, `kill`, `pause` and `unpause`.
#[derive(Debug, Args)]
pub struct NodeArguments {
    /// The deployment; optional if the engine has exactly one.
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
    /// The nodes, `shop-1` or just `1`. Default: all nodes.
    #[arg(value_name = "NODE")]
    pub nodes: Vec<String>,
    /// The limit of each wait, including the wait for another redisctl run: `90s`, `2m`.
    #[arg(long, value_parser = duration, default_value = "60s", value_name = "TIME")]
    pub timeout: Duration,
}
