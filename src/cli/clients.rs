//! The options of commands for clients: `env`, `ca` and `cli`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;

use super::NameArgument;
use crate::connection::Format;

/// Options of `env`.
#[derive(Debug, Args)]
pub struct EnvArguments {
    /// Which deployment.
    #[command(flatten)]
    pub name: NameArgument,
    /// The format of the settings. `--output json` means `json`, too.
    #[arg(long, value_enum, default_value_t = Format::Shell, value_name = "FORMAT")]
    pub format: Format,
    /// The user to connect as, instead of the default user.
    #[arg(long, value_name = "USER")]
    pub user: Option<String>,
    /// The folder for the TLS files: CA and client certificate. Default: a folder in the user's cache.
    #[arg(long, value_name = "FOLDER")]
    pub tls_folder: Option<PathBuf>,
}

/// Options of `ca`.
#[derive(Debug, Args)]
pub struct CaArguments {
    /// Which deployment.
    #[command(flatten)]
    pub name: NameArgument,
    /// Write it to this file instead of stdout.
    #[arg(long, value_name = "FILE")]
    pub write: Option<PathBuf>,
}

/// Options of `cli`.
#[derive(Debug, Args)]
#[command(
    override_usage = "redisctl cli [OPTIONS] [NAME] [NODE] [-- COMMAND...]",
    after_long_help = "Examples:
  redisctl cli                      a prompt, if there is one deployment
  redisctl cli shop 2               a prompt at shop-2
  redisctl cli shop -- GET key      one command; exit code 1 after an error
  redisctl cli shop < commands.txt  line after line; `#` begins a comment
  redisctl cli shop --all -- DBSIZE the keys of all primaries of a cluster"
)]
pub struct CliArguments {
    /// The deployment; optional if the engine has exactly one.
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
    /// The first node, `shop-1` or just `1`. Default: the primary.
    ///
    /// In a cluster, commands follow redirections to the node that serves their keys.
    #[arg(value_name = "NODE")]
    pub node: Option<String>,
    /// The user to log in as, instead of the default user.
    #[arg(long, value_name = "USER")]
    pub user: Option<String>,
    /// Send `DBSIZE`, `FLUSHALL`, `INFO` and other commands about one server to every primary.
    #[arg(long, conflicts_with = "node")]
    pub all: bool,
    /// The command. Default: read commands line by line.
    #[arg(last = true, value_name = "COMMAND")]
    pub command: Vec<OsString>,
}
