//! The state of a deployment as data, for `status` and `ls`. [`status`] judges an observation.

use schemars::JsonSchema;
use serde::Serialize;

use crate::arrangement::SeatRole;
use crate::topology::{DeploymentName, EngineName, Kind, NodeName};

mod activity;
mod change;
mod judge;
mod list;
mod live;
mod membership;
mod problems;
mod reading;
mod rows;
mod unformed;

pub use activity::{Activity, Counters, Sample, StatusLine};
pub use change::Change;
pub use judge::status;
pub use list::{DeploymentLine, LineEngine, LineState};
pub use live::{LiveStatus, Look};

/// A deployment and each of its nodes. It serializes to the JSON of `status --output json`.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct StatusView {
    /// The deployment.
    pub deployment: DeploymentName,
    /// Its kind.
    pub kind: Kind,
    /// The state of the whole deployment.
    pub state: DeploymentState,
    /// The image that the spec wants for its nodes.
    pub image: String,
    /// The image that the containers run: its digest `redis@sha256:…` in a registry, otherwise its id `sha256:…` on
    /// this engine. `None`: no container exists, or they run different images.
    pub digest: Option<String>,
    /// The server in that image, `redis 8.0.2`.
    pub server: String,
    /// Its nodes, by number.
    pub nodes: Vec<NodeStatus>,
    /// The reasons for `degraded`, one sentence each.
    pub problems: Vec<String>,
    /// What clients have to know, one sentence each. It is no problem of the servers.
    pub notes: Vec<String>,
}

/// The state of a deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum DeploymentState {
    /// All nodes run, and all roles and links are right.
    Ready,
    /// Some containers run, but the deployment has problems.
    Degraded,
    /// No container runs.
    Stopped,
}

/// One node.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct NodeStatus {
    /// Its name.
    pub name: NodeName,
    /// Its present role. A primary that does not answer is a primary until another node has its place.
    pub role: Role,
    /// The address that other nodes use, `ip:port`.
    pub address: String,
    /// The endpoint that clients dial, `host:port`.
    pub endpoint: String,
    /// Its container's name.
    pub container: NodeName,
    /// Its engine, if the deployment stands on several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub engine: Option<EngineName>,
    /// The condition of its container and server.
    pub condition: NodeCondition,
    /// The slots that it serves as a primary, each range with both ends included.
    pub slots: Vec<[u16; 2]>,
    /// The node that it replicates, or watches.
    pub primary: Option<NodeName>,
    /// A replica's link to its primary.
    pub link: Option<Link>,
    /// The bytes that it is behind its primary, if the link is up.
    pub lag: Option<u64>,
    /// The memory that its server uses for data, in bytes.
    pub memory: Option<u64>,
    /// The number of its keys.
    pub keys: Option<u64>,
    /// Its server's version.
    pub version: Option<String>,
    /// The modules that its server has loaded; `None` where it does not say.
    pub modules: Option<Vec<ModuleStatus>>,
}

/// A module that a server has loaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ModuleStatus {
    /// The name that it gives itself.
    pub name: String,
    /// Its version, in a form of its own: `20811` is 2.8.11 for many modules.
    pub version: i64,
    /// Whether it is a part of the server.
    pub built_in: bool,
    /// Its file in the container; `None` for a part of the server, and before Redis 7.0.
    pub path: Option<String>,
    /// Its arguments.
    pub args: Vec<String>,
}

/// The role of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// It accepts writes.
    Primary,
    /// It replicates a primary; or it is a former primary that will replicate its successor.
    Replica,
    /// It watches a primary, and replaces it if it fails.
    Sentinel,
}

/// The condition of a node's container and server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum NodeCondition {
    /// The container runs, and the server answers.
    Answering,
    /// The container runs, but the server does not answer.
    Silent,
    /// The container is paused.
    Paused,
    /// The container was never started.
    Created,
    /// The container has exited.
    Exited,
    /// The container restarts in a loop.
    Restarting,
    /// The container does not exist.
    Missing,
    /// Its engine does not answer, and neither does the server.
    #[serde(rename = "out of reach")]
    OutOfReach,
}

/// A replica's link to its primary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Link {
    /// The replica is connected and up to date.
    Up,
    /// The replica is not connected, or its full sync is running.
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

impl NodeStatus {
    /// The number of slots that it serves.
    pub(crate) fn slot_count(&self) -> u32 {
        self.slots.iter().map(|[start, end]| u32::from(end.saturating_sub(*start)) + 1).sum()
    }
}

impl From<SeatRole> for Role {
    fn from(role: SeatRole) -> Self {
        match role {
            SeatRole::Primary => Self::Primary,
            SeatRole::Replica => Self::Replica,
            SeatRole::Sentinel => Self::Sentinel,
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
            Self::OutOfReach => "out of reach",
        }
    }
}
