//! The arguments of commands that change nodes on purpose.

use std::time::Duration;

use clap::{Args, ValueEnum};

use super::duration::duration;
use crate::status::Role;

/// Options of `start`, `restart` and `unpause`.
#[derive(Debug, Args)]
pub struct NodeArguments {
    /// The deployment; optional if the engine has exactly one.
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
    /// The nodes, `shop-1` or just `1`. Default: all nodes. Filters leave out nodes that do not fit.
    #[arg(value_name = "NODE")]
    pub nodes: Vec<String>,
    /// Only nodes with this role at present; after a failover, that is not the role of the spec.
    #[arg(long, value_enum, value_name = "ROLE")]
    pub role: Option<RoleChoice>,
    /// Only nodes of this shard of a cluster. Shard 1 has the first slots.
    #[arg(long, value_name = "NUMBER")]
    pub shard: Option<usize>,
    /// Only the owner of this key's slot; with `--role replica`, its replicas.
    #[arg(long, value_name = "KEY")]
    pub key: Option<String>,
    /// Do not wait until other nodes take over from primaries, and started nodes are back in their roles.
    #[arg(long)]
    pub no_wait: bool,
    /// The limit of each wait, including the wait for another redisctl run: `90s`, `2m`.
    #[arg(long, value_parser = duration, default_value = "60s", value_name = "TIME")]
    pub timeout: Duration,
}

/// Options of `stop`, `kill` and `pause`.
#[derive(Debug, Args)]
pub struct SilencingArguments {
    /// Which nodes.
    #[command(flatten)]
    pub nodes: NodeArguments,
    /// Put the nodes back after this time, or after Ctrl-C: `10s`, `2m`. Until then, the command stays.
    #[arg(long = "for", value_parser = duration, value_name = "TIME")]
    pub time: Option<Duration>,
}

/// Options of `failover`.
#[derive(Debug, Args)]
pub struct FailoverArguments {
    /// The deployment; optional if the engine has exactly one.
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
    /// Only this shard of a cluster. Shard 1 has the first slots. Default: all shards, one after another.
    #[arg(long, value_name = "NUMBER")]
    pub shard: Option<usize>,
    /// Only the shard of this key's slot.
    #[arg(long, value_name = "KEY")]
    pub key: Option<String>,
    /// The limit of each wait, including the wait for another redisctl run: `90s`, `2m`.
    #[arg(long, value_parser = duration, default_value = "60s", value_name = "TIME")]
    pub timeout: Duration,
}

/// The role of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RoleChoice {
    /// Nodes that accept writes.
    Primary,
    /// Nodes that replicate a primary.
    Replica,
    /// Nodes that watch a primary.
    Sentinel,
}

impl From<RoleChoice> for Role {
    fn from(role: RoleChoice) -> Self {
        match role {
            RoleChoice::Primary => Self::Primary,
            RoleChoice::Replica => Self::Replica,
            RoleChoice::Sentinel => Self::Sentinel,
        }
    }
}
