//! The options of commands that change or copy data: `seed`, `reset`, `snapshot` and `restore`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::NameArgument;
use super::duration::duration;

/// Options of `seed`.
#[derive(Debug, Args)]
#[command(
    override_usage = "redisctl seed [OPTIONS] [NAME] FILE...",
    after_long_help = "Examples:
  redisctl seed fixtures.redis             into the only deployment
  redisctl seed shop fixtures.redis more   one file after another
  generate | redisctl seed shop -          from another program

A file has a command on each line, with the quotes of redis-cli; `#` begins a comment. A file that begins \
with `*` is in the servers' own protocol. All files are checked before a command is sent. A refused command \
ends the run; the error names its line. An .rdb file is loaded by a temporary server, and its keys and \
functions are copied."
)]
pub struct SeedArguments {
    /// The deployment, then the files. The name is optional if the engine has exactly one deployment.
    #[arg(value_name = "FILE", required = true)]
    pub words: Vec<PathBuf>,
    /// The limit of each wait: for another redisctl run, and for servers' replies: `90s`, `2m`.
    #[arg(long, value_parser = duration, default_value = "60s", value_name = "TIME")]
    pub timeout: Duration,
}

/// Options of `reset`.
#[derive(Debug, Args)]
pub struct ResetArguments {
    /// Which deployment.
    #[command(flatten)]
    pub name: NameArgument,
    /// End the connections of all clients, too: blocked clients, open transactions, subscriptions.
    #[arg(long)]
    pub clients: bool,
    /// The limit of each wait, including the wait for another redisctl run: `90s`, `2m`.
    #[arg(long, value_parser = duration, default_value = "60s", value_name = "TIME")]
    pub timeout: Duration,
}

/// Options of `snapshot`.
#[derive(Debug, Args)]
#[command(
    override_usage = "redisctl snapshot [OPTIONS] [NAME] FILE",
    after_long_help = "\
Clients may write meanwhile. A key that exists all the time is in the snapshot, in one of its states. A key \
that is made or deleted meanwhile may be in it. Keys are not of the same moment."
)]
pub struct SnapshotArguments {
    /// The deployment, then the file. The name is optional if the engine has exactly one deployment.
    #[arg(value_name = "FILE", required = true, num_args = 1..=2)]
    pub words: Vec<PathBuf>,
    /// The limit of each wait: for another redisctl run, and for a server's reply: `90s`, `2m`.
    #[arg(long, value_parser = duration, default_value = "60s", value_name = "TIME")]
    pub timeout: Duration,
}

/// Options of `restore`.
#[derive(Debug, Args)]
#[command(
    override_usage = "redisctl restore [OPTIONS] [NAME] FILE",
    after_long_help = "\
The deployment may have another kind, or other shards. Its server must read the data: the version of the \
snapshot, or a newer one. An interrupted restore is completed by the same command."
)]
pub struct RestoreArguments {
    /// The deployment, then the file. The name is optional if the engine has exactly one deployment.
    #[arg(value_name = "FILE", required = true, num_args = 1..=2)]
    pub words: Vec<PathBuf>,
    /// Remove all keys and functions of the deployment first. Without this option, a deployment with keys is an error.
    #[arg(long)]
    pub replace: bool,
    /// The limit of each wait: for another redisctl run, and for servers' replies: `90s`, `2m`.
    #[arg(long, value_parser = duration, default_value = "60s", value_name = "TIME")]
    pub timeout: Duration,
}
