//! The options of `ls`.

use clap::Args;

/// Options of `ls`.
#[derive(Debug, Args)]
pub struct LsArguments {
    /// Ask the engine of this Docker context, too. Repeat it, or `--host`, for several engines.
    ///
    /// A deployment over several engines is listed once. An engine out of reach is a warning.
    #[arg(long, value_name = "NAME")]
    pub context: Vec<String>,
}
