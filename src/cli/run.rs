//! The options of `run`.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::SpecFields;
use super::duration::{duration, time_to_live};

/// Options of `run`.
#[derive(Debug, Args)]
#[command(
    override_usage = "redisctl run [OPTIONS] [TOPOLOGY] -- COMMAND...",
    after_long_help = "\
The command has the variables of `redisctl env` (REDIS_URL, REDIS_NODES …), and REDISCTL_NAME, the name of \
the deployment. With --host, DOCKER_HOST is set, too. The deployment has a fresh name, free ports and a free \
subnet, so that runs at the same time do not disturb each other. It is removed with its data, also when the \
command fails or a signal arrives. After `kill -9`, the next `redisctl up`, `run` or `gc` removes it once its \
time (--ttl) is over. Ctrl-Z stops the renewal of this time, too.

Exit codes: the exit code of the command; 128 and the number of the signal that ended the command or the run; \
126 if the command does not start; otherwise those of `redisctl up`. With several images: 0 if the command \
passed with all images, otherwise the exit code of the first image that failed.

Stdout belongs to the command. The table for several images goes to stderr. With --output json, the results \
are on stdout, and the output of the command goes to stderr.

Examples:
  redisctl run -- pytest              a cluster of six nodes for a test suite
  redisctl run standalone -- npm test
  redisctl run ./my.yaml --set shards=5 -- cargo test
  redisctl run --image redis:8 --image valkey/valkey:9 -- pytest
  redisctl run secure --user regular -- sh -c 'redis-cli -u \"$REDIS_URL\" PING'
  redisctl run replica -- bash        a shell; the deployment ends with it"
)]
pub struct RunArguments {
    /// Which spec. Without `--name`, the deployment gets a fresh name that begins with the name of the spec.
    #[command(flatten)]
    pub spec: SpecFields,
    /// The image of every node; `host` makes one from this machine's own server. Several: a run with each.
    #[arg(long = "image", value_name = "IMAGE")]
    pub images: Vec<String>,
    /// How many images run side by side. More than one: a command has no stdin, and its output is
    /// printed when it ends.
    #[arg(long, value_name = "NUMBER", default_value = "1", value_parser = clap::value_parser!(u16).range(1..))]
    pub jobs: u16,
    /// Write the results to this file, too, as XML for CI systems (`JUnit`): a suite for each image.
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
    /// If the deployment does not come up or the command fails: write plans, events, logs and replies
    /// to this folder, with masked passwords. Several images: a folder for each in it.
    #[arg(long, value_name = "DIR")]
    pub bundle: Option<PathBuf>,
    /// The user that the variables name, instead of the default user.
    #[arg(long, value_name = "USER")]
    pub user: Option<String>,
    /// Put this in front of the names of the variables: `TEST_` gives `TEST_REDIS_URL`.
    #[arg(long, value_name = "PREFIX", default_value = "", hide_default_value = true)]
    pub env_prefix: String,
    /// Keep the deployment if it does not come up or the command fails. It stays until `redisctl down`.
    #[arg(long)]
    pub keep_on_failure: bool,
    /// How long the deployment stays after redisctl was killed. redisctl renews this time while it runs.
    #[arg(long, value_parser = time_to_live, default_value = "10m", value_name = "TIME")]
    pub ttl: Duration,
    /// The limit of each wait while the deployment comes up: `90s`, `2m`.
    #[arg(long, value_parser = duration, default_value = "60s", value_name = "TIME")]
    pub timeout: Duration,
    /// The command and its arguments.
    #[arg(last = true, value_name = "COMMAND")]
    pub command: Vec<OsString>,
}
