//! The options of commands that show the state of a deployment: `verify`, `status` and `logs`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::NameArgument;
use super::duration::{duration, pace};

/// Options of `verify`.
#[derive(Debug, Args)]
pub struct VerifyArguments {
    /// Which deployment.
    #[command(flatten)]
    pub name: NameArgument,
    /// Print every check's commands and replies, with masked passwords.
    #[arg(long)]
    pub explain: bool,
    /// Write the results to this file, too, as XML for CI systems (`JUnit`): a case for each check.
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
}

/// Options of `status`.
#[derive(Debug, Args)]
pub struct StatusArguments {
    #[command(flatten)]
    pub name: NameArgument,
    /// Exit with 1 if the deployment is not ready. Without this option, the exit code is 0 in every state.
    #[arg(long, conflicts_with = "watch")]
    pub exit_code: bool,
    /// Show the present state until `q`, Esc or Ctrl-C. In a pipe: a line for each change.
    ///
    /// With `--output json`: a document in each line, one per interval.
    #[arg(short, long)]
    pub watch: bool,
    /// The time between two looks at the deployment: `500ms`, `5s`.
    #[arg(long, value_parser = pace, default_value = "1s", requires = "watch", value_name = "TIME")]
    pub interval: Duration,
}

/// Options of `logs`.
#[derive(Debug, Args)]
pub struct LogsArguments {
    /// The deployment; optional if the engine has exactly one.
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
    /// The nodes, `shop-1` or just `1`. Default: all nodes.
    #[arg(value_name = "NODE")]
    pub nodes: Vec<String>,
    /// Print new lines, too, until interrupted. The log continues when a node is restarted.
    #[arg(short, long)]
    pub follow: bool,
    /// Print only this number of last lines.
    #[arg(long, value_name = "LINES")]
    pub tail: Option<usize>,
    /// Print only lines that are not older: `90s`, `10m`.
    #[arg(long, value_parser = duration, value_name = "TIME")]
    pub since: Option<Duration>,
}
