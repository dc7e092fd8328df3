//! The name of a deployment, for commands on one deployment.

use clap::Args;

/// A deployment's name.
#[derive(Debug, Args)]
pub struct NameArgument {
    /// The deployment; optional if the engine has exactly one.
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
}
