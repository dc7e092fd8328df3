//! The command line, as clap types.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::connection::Format;
use crate::ui::{ColourChoice, Output, OutputOptions, Verbosity};

mod duration;
mod nodes;
mod run;
mod schema;
mod usage_error;

use duration::{duration, time_to_live};
pub use nodes::{NodeArguments, RoleChoice, SilencingArguments};
pub use run::RunArguments;
pub use schema::SchemaArguments;
pub use usage_error::{asks_for_json, usage_failure};

/// The output of `--version`. Another tool has the same name, so the purpose is printed too.
const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "\n", env!("CARGO_PKG_DESCRIPTION"));

/// A real Redis deployment in Docker with one command.
#[derive(Debug, Parser)]
#[command(
    name = "redisctl",
    version,
    long_version = VERSION,
    about,
    long_about = None,
    disable_help_subcommand = true,
    max_term_width = 100
)]
pub struct Cli {
    /// The options of every command.
    #[command(flatten)]
    pub global: Global,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// Options of every command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// The format of results and errors.
    #[arg(long, global = true, value_enum, default_value_t = Output::Text, value_name = "FORMAT")]
    pub output: Output,
    /// The engine to use: unix://…, npipe://…, tcp://…, ssh://…
    ///
    /// Default: `DOCKER_HOST`, else the current Docker context, else the platform's default.
    #[arg(long, global = true, value_name = "ENGINE")]
    pub host: Option<String>,
    /// Print more; twice: details for debugging.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Print nothing but results and errors.
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// When to use colours; `NO_COLOR` turns them off too.
    #[arg(long, global = true, value_enum, default_value_t = ColourChoice::Auto, value_name = "WHEN")]
    pub color: ColourChoice,
}

impl Global {
    /// The output options that the user chose.
    #[must_use]
    pub fn screen(&self) -> OutputOptions {
        let verbosity = match (self.quiet, self.verbose) {
            (true, _) => Verbosity::Quiet,
            (false, 0) => Verbosity::Normal,
            (false, _) => Verbosity::Verbose,
        };
        OutputOptions { output: self.output, colour: self.color, verbosity }
    }
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Create or change a deployment, verify it, and print how to connect
    Up(UpArguments),
    /// Run a command with a deployment of its own, which is removed afterwards
    Run(RunArguments),
    /// Print the steps of `up` and their causes, without doing them
    Plan(PlanArguments),
    /// Prove that a deployment works, check by check
    Verify(VerifyArguments),
    /// Show nodes, roles, slots, links, lag, memory and keys
    Status(StatusArguments),
    /// List every deployment on the engine
    Ls,
    /// Print connection settings, with passwords, for shells, dotenv files, CI and programs
    Env(EnvArguments),
    /// Print the certificate of a deployment's CA, for clients to trust
    Ca(CaArguments),
    /// Print the nodes' logs
    Logs(LogsArguments),
    /// Open a Redis prompt, or run one command, already logged in
    Cli(CliArguments),
    /// Start nodes, and wait until they are back in their roles
    ///
    /// A paused node is unpaused. In a deployment with sentinels, the network namespace of all nodes starts first.
    Start(NodeArguments),
    /// Stop nodes, and print which nodes take over from primaries
    ///
    /// The servers get SIGTERM, and after 20 s SIGKILL. With `data: volume`, they save their keys first; otherwise they
    /// come back without keys. Stopped nodes stay stopped until `start` or `up`, also after a restart of the engine.
    Stop(SilencingArguments),
    /// Stop nodes and start them again
    ///
    /// With `data: volume`, servers save their keys first; otherwise they come back without keys.
    Restart(NodeArguments),
    /// Kill the servers of nodes, as a crash does
    ///
    /// The servers get SIGKILL, and save nothing. The engine does not start them again, because it counts this as a stop
    /// by the user. `start` or `up` starts them.
    Kill(SilencingArguments),
    /// Freeze nodes: their connections stay open, and they do not answer
    ///
    /// Clients see a timeout instead of a refused connection. Other nodes see a primary as down after
    /// `cluster-node-timeout`, or sentinels after `down-after-milliseconds`.
    Pause(SilencingArguments),
    /// Let paused nodes continue
    Unpause(NodeArguments),
    /// Load data into a deployment: files of commands, or data files of servers (RDB)
    Seed(SeedArguments),
    /// Empty a deployment in place and bring it back to its spec, for the next test
    Reset(ResetArguments),
    /// Write the keys of a deployment to a file
    Snapshot(SnapshotArguments),
    /// Load a snapshot into a deployment, whatever its shape
    Restore(RestoreArguments),
    /// Remove a deployment
    Down(DownArguments),
    /// Remove the deployments whose time is over (`up --ttl`)
    Gc,
    /// List the topologies that come with redisctl
    Topologies,
    /// Write the spec of a shipped topology to a file, to edit it
    Init(InitArguments),
    /// Check a spec without an engine
    Validate(SpecArguments),
    /// Print the JSON Schema of specs, or of what a command prints with `--output json`
    Schema(SchemaArguments),
    /// Print the deployment of a spec as a compose file or a diagram
    Export(ExportArguments),
    /// Check this machine and its engine, and print how to fix problems
    Doctor,
    /// Print shell completions
    Completions {
        /// The shell.
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
}

/// The spec, and overrides of its fields.
#[derive(Debug, Args)]
pub struct SpecArguments {
    /// The spec and most of its overrides.
    #[command(flatten)]
    pub fields: SpecFields,
    /// The image of every node; `host` makes one from this machine's own server.
    #[arg(long, value_name = "IMAGE")]
    pub image: Option<String>,
}

/// The spec, and overrides of its fields, without the image.
#[derive(Debug, Args)]
pub struct SpecFields {
    /// A spec file, `-` for stdin, or a name: `./topologies/NAME.yaml`, otherwise a shipped topology.
    #[arg(value_name = "TOPOLOGY", default_value = "cluster")]
    pub topology: String,
    /// The deployment's name.
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// The network's subnet.
    #[arg(long, value_name = "CIDR")]
    pub subnet: Option<String>,
    /// The first node's port, or `auto`.
    #[arg(long, value_name = "PORT")]
    pub port_base: Option<String>,
    /// Override any field: `shards=5`, `config.maxmemory=1gb`, `nodes.shop-4.port=7104`.
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub overrides: Vec<String>,
    /// Read variables for `${…}` from this file, too. Variables of the environment win.
    #[arg(long, value_name = "FILE")]
    pub env_file: Option<PathBuf>,
}

/// Options of `status`.
#[derive(Debug, Args)]
pub struct StatusArguments {
    #[command(flatten)]
    pub name: NameArgument,
    /// Exit with 1 if the deployment is not ready. Without this option, the exit code is always 0.
    #[arg(long)]
    pub exit_code: bool,
}

/// Options of `up`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub struct UpArguments {
    /// Which spec.
    #[command(flatten)]
    pub spec: SpecArguments,
    /// Allow `up` to remove parts with their data and make them again, if the spec's changes need it.
    #[arg(long)]
    pub recreate: bool,
    /// Discard keys that no other node has. `plan` shows these keys.
    #[arg(long)]
    pub discard_keys: bool,
    /// Keep or remove a new deployment when `up` fails. A deployment that existed before stays.
    #[arg(long, value_enum, default_value_t = OnFailure::Keep, value_name = "WHAT")]
    pub on_failure: OnFailure,
    /// Write plans, events, logs and replies to this folder, with masked passwords; also when `up`
    /// succeeds.
    #[arg(long, value_name = "DIR")]
    pub bundle: Option<PathBuf>,
    /// Remove the deployment after this time: `30m`, `2h`. `gc` and the next `up` on the engine do it.
    ///
    /// `up --ttl` on a deployment that exists renews its time.
    #[arg(long, value_parser = time_to_live, value_name = "TIME")]
    pub ttl: Option<Duration>,
    /// The limit of each wait, including the wait for another redisctl run: `90s`, `2m`.
    #[arg(long, value_parser = duration, default_value = "60s", value_name = "TIME")]
    pub timeout: Duration,
    /// How a new cluster is formed.
    #[arg(long, value_enum, default_value_t = FormingChoice::Swap, hide = true)]
    pub forming: FormingChoice,
    /// Skip the verification at the end.
    #[arg(long)]
    pub no_verify: bool,
    /// Print the time of each phase.
    #[arg(long)]
    pub timings: bool,
}

/// The treatment of a new deployment when `up` fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OnFailure {
    /// It stays, for an examination or the next `up`.
    Keep,
    /// It is removed, unless the deployment existed before.
    Remove,
}

/// How a new cluster is formed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FormingChoice {
    /// By a swap of roles, if that is faster.
    Swap,
    /// The plain way.
    Plain,
}

/// Options of `plan`.
#[derive(Debug, Args)]
pub struct PlanArguments {
    /// Which spec.
    #[command(flatten)]
    pub spec: SpecArguments,
    /// Plan what `up --recreate` would do.
    #[arg(long)]
    pub recreate: bool,
    /// Plan what `up --discard-keys` would do.
    #[arg(long)]
    pub discard_keys: bool,
    /// Exit with 3 if the plan has changes.
    #[arg(long)]
    pub detailed_exitcode: bool,
}

/// A deployment's name.
#[derive(Debug, Args)]
pub struct NameArgument {
    /// The deployment; optional if the engine has exactly one.
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
}

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

/// Options of `logs`.
#[derive(Debug, Args)]
pub struct LogsArguments {
    /// The deployment; optional if the engine has exactly one.
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
    /// The nodes, `shop-1` or just `1`. Default: all nodes.
    #[arg(value_name = "NODE")]
    pub nodes: Vec<String>,
    /// Print new lines, too, until interrupted.
    #[arg(short, long)]
    pub follow: bool,
    /// Print only this number of last lines.
    #[arg(long, value_name = "LINES")]
    pub tail: Option<usize>,
}

/// Options of `cli`.
#[derive(Debug, Args)]
#[command(
    override_usage = "redisctl cli [OPTIONS] [NAME] [NODE] [-- COMMAND...]",
    after_long_help = "Examples:
  redisctl cli                      a prompt, if there is one deployment
  redisctl cli shop 2               a prompt at shop-2
  redisctl cli shop -- GET key      one command; exit code 1 after an error reply
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

/// Options of `seed`.
#[derive(Debug, Args)]
#[command(
    override_usage = "redisctl seed [OPTIONS] [NAME] FILE...",
    after_long_help = "Examples:
  redisctl seed fixtures.redis             into the only deployment
  redisctl seed shop fixtures.redis more   one file after another
  generate | redisctl seed shop -          from another program

A file has a command on each line, with the quotes of redis-cli; `#` begins a comment. A file that
begins with `*` is in the servers' own protocol. All files are checked before a command is sent. A
refused command ends the run; the error names its line. An .rdb file is loaded by a temporary server,
and its keys and functions are copied."
)]
pub struct SeedArguments {
    /// The deployment, then the files. The name is optional if the engine has exactly one deployment.
    #[arg(value_name = "FILE", required = true)]
    pub words: Vec<PathBuf>,
    /// The limit of each wait: for another redisctl run, and for servers' replies: `90s`, `2m`.
    #[arg(long, value_parser = duration, default_value = "60s", value_name = "TIME")]
    pub timeout: Duration,
}

/// Options of `snapshot`.
#[derive(Debug, Args)]
#[command(
    override_usage = "redisctl snapshot [OPTIONS] [NAME] FILE",
    after_long_help = "Clients may write meanwhile. A key that exists all the time is in the snapshot, in one of its
states. A key that is made or deleted meanwhile may be in it. Keys are not of the same moment."
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
    after_long_help = "The deployment may have another kind, or other shards. Its server must read the data: the version of
the snapshot, or a newer one. An interrupted restore is completed by the same command."
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

/// Options of `export`.
#[derive(Debug, Args)]
pub struct ExportArguments {
    /// The form.
    #[arg(value_enum, value_name = "FORMAT")]
    pub format: ExportFormat,
    /// Which spec.
    #[command(flatten)]
    pub spec: SpecArguments,
}

/// The formats of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// A file for `docker compose`, passwords as variables.
    Compose,
    /// Shards, nodes and addresses as a Mermaid diagram.
    Diagram,
}

/// Options of `init`.
#[derive(Debug, Args)]
pub struct InitArguments {
    /// The shipped topology to start from.
    #[arg(value_name = "TOPOLOGY", default_value = "cluster")]
    pub topology: String,
    /// The file to write. Default: `TOPOLOGY.yaml`.
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
}
