//! The arguments of `man`.

use std::path::PathBuf;

use clap::Args;

/// Options of `man`.
#[derive(Debug, Args)]
pub struct ManArguments {
    /// The command, for its own page: `up`, `export compose`.
    #[arg(value_name = "COMMAND")]
    pub command: Vec<String>,
    /// Write the pages of all commands to this folder instead, for example `~/.local/share/man/man1`.
    #[arg(long, value_name = "DIR", conflicts_with = "command")]
    pub output_dir: Option<PathBuf>,
}
