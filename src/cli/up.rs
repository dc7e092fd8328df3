//! The options of `up` and `plan`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::SpecArguments;
use super::duration::{duration, time_to_live};
use crate::topology::Replacement;

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
    /// Keep the slots of a cluster where somebody else has moved them. Later runs keep them there, too.
    #[arg(long)]
    pub adopt_slots: bool,
    /// Rebuild the nodes of a lost engine on another engine of the spec, with new identities: `b=c`.
    ///
    /// Later runs keep them there. Needs `--discard-keys` if no other node has a copy of their keys.
    #[arg(long, value_parser = Replacement::read, value_name = "LOST=OTHER")]
    pub replace_engine: Option<Replacement>,
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
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
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
    /// Plan what `up --adopt-slots` would do.
    #[arg(long)]
    pub adopt_slots: bool,
    /// Plan what `up --replace-engine` would do.
    #[arg(long, value_parser = Replacement::read, value_name = "LOST=OTHER")]
    pub replace_engine: Option<Replacement>,
    /// Exit with 3 if the plan has changes.
    #[arg(long)]
    pub detailed_exitcode: bool,
}
