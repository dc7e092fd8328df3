//! The command line, as clap types.

use clap::{Args, Parser, Subcommand};

use crate::ui::{ColourChoice, Output, OutputOptions, Verbosity};

mod clients;
mod completion;
mod data;
mod down;
mod duration;
mod examination;
mod ls;
mod man;
mod name;
mod nodes;
mod run;
mod schema;
mod spec;
mod up;
mod usage_error;

pub use clients::{CaArguments, CliArguments, EnvArguments};
pub use completion::{CompleteArguments, Completion, Wanted, completion};
pub use data::{ResetArguments, RestoreArguments, SeedArguments, SnapshotArguments};
pub use down::DownArguments;
pub use examination::{LogsArguments, StatusArguments, VerifyArguments};
pub use ls::LsArguments;
pub use man::ManArguments;
pub use name::NameArgument;
pub use nodes::{FailoverArguments, NodeArguments, RoleChoice, SilencingArguments};
pub use run::RunArguments;
pub use schema::SchemaArguments;
pub use spec::{
    ComposeArguments, ExportFormat, FolderArguments, InitArguments, SpecArguments, SpecFields, SvgArguments,
};
pub use up::{FormingChoice, OnFailure, PlanArguments, UpArguments};
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
    pub host: Vec<String>,
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
    /// List every deployment on the engine, or on several engines
    Ls(LsArguments),
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
    /// Swap primaries with replicas, without the loss of a write, and print what clients see
    ///
    /// A test client writes to each shard meanwhile, and changes no key. `up` keeps the new roles.
    Failover(FailoverArguments),
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
    /// Write a spec to a file: of a shipped topology, or of your answers
    ///
    /// In a terminal and without arguments, it asks for the kind, the server, the number of nodes, password, TLS and
    /// ports, and shows the spec before it writes it.
    Init(InitArguments),
    /// Check a spec without an engine
    Validate(SpecArguments),
    /// Print the JSON Schema of specs, or of what a command prints with `--output json`
    Schema(SchemaArguments),
    /// Print a spec as a compose file, Kubernetes manifests or a drawing, or a deployment as a spec
    #[command(subcommand, disable_help_subcommand = true)]
    Export(ExportFormat),
    /// Check this machine and its engine, and print how to fix problems
    Doctor,
    /// Print shell completions
    ///
    /// In bash, zsh and fish, they know the names of deployments and nodes, if the engine answers.
    Completions {
        /// The shell.
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
    /// Print a man page, or write all man pages to a folder
    Man(ManArguments),
    /// Print names for a shell that completes a command line
    #[command(name = "__complete", hide = true)]
    Complete(CompleteArguments),
}
