//! How a deployment is doing, as data: what `status` and `ls` show. [`status`] is the judgement.

use serde::Serialize;

use crate::topology::{DeploymentName, Kind, NodeName};

mod judge;
mod list;
mod problems;
mod reading;
mod rows;

pub use judge::status;
pub use list::{DeploymentLine, LineState};

/// A deployment and each of its nodes. It serializes to the JSON of `status --output json`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StatusView {
    /// The deployment.
    pub deployment: DeploymentName,
    /// Its kind.
    pub kind: Kind,
    /// The judgement on all of it.
    pub state: DeploymentState,
    /// The image that its nodes are to run, as the spec names it.
    pub image: String,
    /// What they run: the registry's name for it, `redis@sha256:…`, or its id on this engine,
    /// `sha256:…`, where it came from no registry. `None`: no container is there, or not all run the same.
    pub digest: Option<String>,
    /// The server in that image, `redis 8.0.2`.
    pub server: String,
    /// Its nodes, by number.
    pub nodes: Vec<NodeStatus>,
    /// Why the state is degraded, one sentence each.
    pub problems: Vec<String>,
}

/// The judgement on a deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DeploymentState {
    /// Everything is as it should be.
    Ready,
    /// Something runs, but not everything is as it should be.
    Degraded,
    /// No container runs.
    Stopped,
}

/// One node.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NodeStatus {
    /// Its name.
    pub name: NodeName,
    /// Its role now; where its server does not answer, the one that it starts out with.
    pub role: Role,
    /// Where its neighbours reach it, `ip:port`.
    pub address: String,
    /// Where clients reach it, `host:port`.
    pub endpoint: String,
    /// Its container's name.
    pub container: NodeName,
    /// Whether its container runs.
    pub condition: NodeCondition,
    /// The slots that it serves as a primary, each range with both ends included.
    pub slots: Vec<[u16; 2]>,
    /// The node that it replicates, or watches.
    pub primary: Option<NodeName>,
    /// A replica's link to its primary.
    pub link: Option<Link>,
    /// By how many bytes it is behind its primary, where the link is up.
    pub lag: Option<u64>,
    /// Bytes of memory that its server uses for data.
    pub memory: Option<u64>,
    /// How many keys it holds.
    pub keys: Option<u64>,
    /// Its server's version.
    pub version: Option<String>,
    /// The modules that its server has loaded; `None` where it does not say.
    pub modules: Option<Vec<ModuleStatus>>,
}

/// A module that a server has loaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ModuleStatus {
    /// The name that it gives itself.
    pub name: String,
    /// Its version, in a form of its own: `20811` is 2.8.11 for many modules.
    pub version: i64,
    /// Whether it is a part of the server.
    pub built_in: bool,
    /// Its file in the container; `None` for a part of the server, and before Redis 7.0.
    pub path: Option<String>,
    /// What it was loaded with.
    pub args: Vec<String>,
}

/// What a node does for its shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// It takes writes.
    Primary,
    /// It follows a primary; or it is a former primary, which is to follow its successor.
    Replica,
    /// It watches a primary, and replaces it should it fail.
    Sentinel,
}

/// What can be said of a node from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum NodeCondition {
    /// It runs and answers.
    Answering,
    /// Its container runs, its server does not answer.
    Silent,
    /// Its container is frozen.
    Paused,
    /// Its container was never started.
    Created,
    /// Its container has ended.
    Exited,
    /// Its server ends, and the engine starts its container again and again.
    Restarting,
    /// It has no container.
    Missing,
}

/// A replica's link to its primary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Link {
    /// It follows.
    Up,
    /// It is cut off, or still being brought up to date.
    Down,
}

impl DeploymentState {
    /// The state as JSON spells it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Degraded => "degraded",
            Self::Stopped => "stopped",
        }
    }
}

impl Role {
    /// The role as JSON spells it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Primary => "primary",
            Self::Replica => "replica",
            Self::Sentinel => "sentinel",
        }
    }
}

impl NodeCondition {
    /// The condition as JSON spells it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Answering => "answering",
            Self::Silent => "silent",
            Self::Paused => "paused",
            Self::Created => "created",
            Self::Exited => "exited",
            Self::Restarting => "restarting",
            Self::Missing => "missing",
        }
    }
}
