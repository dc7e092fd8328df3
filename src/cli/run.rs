//! The options of `run`.

use std::ffi::OsString;
use std::time::Duration;

use clap::Args;

use super::SpecFields;
use super::duration::duration;

/// Options of `run`.
#[derive(Debug, Args)]
#[command(
    override_usage = "redisctl run [OPTIONS] [TOPOLOGY] -- COMMAND...",
    after_long_help = "The command has the variables of `redisctl env` (REDIS_URL, REDIS_NODES …), and REDISCTL_NAME, the name
of the deployment. The deployment has a fresh name, free ports and a free subnet, so that runs at
the same time do not disturb each other. It is removed with its data, also when the command fails or
a signal arrives. After `kill -9`, the next `redisctl up`, `run` or `gc` removes it, ten minutes later.

Exit codes: the exit code of the command; 128 and the number of the signal that ended the command;
126 if the command does not start; otherwise those of `redisctl up`.

Examples:
  redisctl run -- pytest                          a cluster of six nodes for a test suite
  redisctl run standalone -- npm test
  redisctl run ./my.yaml --set shards=5 -- cargo test --test cluster
  redisctl run secure --user app -- sh -c 'redis-cli -u \"$REDIS_URL\" PING'
  redisctl run replica -- bash                    a shell, with a deployment for as long as it is open"
)]
pub struct RunArguments {
    /// Which spec. Without `--name`, the deployment gets a fresh name that begins with the name of the spec.
    #[command(flatten)]
    pub spec: SpecFields,
    /// The image of every node; `host` makes one from this machine's own server.
    #[arg(long, value_name = "IMAGE")]
    pub image: Option<String>,
    /// The user that the variables name, instead of the default user.
    #[arg(long, value_name = "USER")]
    pub user: Option<String>,
    /// Put this in front of the names of the variables: `TEST_` gives `TEST_REDIS_URL`.
    #[arg(long, value_name = "PREFIX", default_value = "", hide_default_value = true)]
    pub env_prefix: String,
    /// Keep the deployment if it does not come up or the command fails. It stays until `redisctl down`.
    #[arg(long)]
    pub keep_on_failure: bool,
    /// The limit of each wait while the deployment comes up: `90s`, `2m`.
    #[arg(long, value_parser = duration, default_value = "60s", value_name = "TIME")]
    pub timeout: Duration,
    /// The command and its arguments.
    #[arg(last = true, value_name = "COMMAND")]
    pub command: Vec<OsString>,
}
