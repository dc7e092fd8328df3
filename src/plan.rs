//! A plan: ordered stages of steps, each one action with the cause for it, and how they print.

use std::collections::BTreeMap;
use std::fmt;
use std::net::Ipv4Addr;
use std::time::Duration;

use crate::topology::container::ContainerSettings;
use crate::topology::{Address, DeploymentName, NodeName, Settings, SlotSet};

mod cause;
pub mod effect;
mod print;

pub use cause::{Cause, Obstacle, UserDrift};
pub use effect::Effect;

/// What is to be done, in order. Nothing is left to decide while it runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The deployment that it is about.
    pub deployment: DeploymentName,
    /// The stages, one after another.
    pub stages: Vec<Stage>,
    /// Whether nothing is left to do after them. Otherwise servers whose state is not known yet must
    /// be asked once they run, and what they say may need another plan.
    pub complete: bool,
    /// What is worth knowing and needs no step: roles that are swapped, and stay so.
    pub notes: Vec<String>,
}

/// Steps that belong together.
#[derive(Debug, Clone, PartialEq)]
pub struct Stage {
    /// What the stage is for, one or two words.
    pub name: &'static str,
    /// In which order its steps run.
    pub order: Order,
    /// The steps.
    pub steps: Vec<Step>,
}

/// In which order the steps of a stage run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The steps of one subject one after another, subjects side by side.
    SideBySide,
    /// All steps one after another.
    InTurn,
}

/// One action, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// The node that it is about; `None`: the whole deployment.
    pub node: Option<NodeName>,
    /// What is done.
    pub action: Action,
    /// Why.
    pub cause: Cause,
}

/// One call, or one wait.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// A call to the engine.
    Engine(EngineAction),
    /// A call to the step's node.
    Server(ServerAction),
    /// A wait.
    Await(Condition),
}

/// A call to the engine.
#[derive(Debug, Clone, PartialEq)]
pub enum EngineAction {
    /// Pull an image.
    PullImage {
        /// Its reference.
        reference: String,
    },
    /// Remove the deployment's network; no container is attached to it any more.
    RemoveNetwork(DeploymentName),
    /// Make the deployment's network.
    CreateNetwork(NetworkSettings),
    /// Remove a volume, with the data in it.
    RemoveVolume {
        /// Its name.
        name: String,
    },
    /// Make a named volume.
    CreateVolume(VolumeSettings),
    /// Make a node's container.
    CreateContainer(Box<ContainerSettings>),
    /// Put the files of `nodes` into the deployment's volume.
    WriteFiles {
        /// The container through which the volume is written; it need not run.
        through: NodeName,
        /// The nodes whose files are written.
        nodes: Vec<NodeName>,
        /// Who is primary, where that is another node than the spec's: a server that is started again
        /// must not take itself for one.
        primary: Option<NodeName>,
    },
    /// Start the node's container.
    StartContainer,
    /// Stop the node's container; its server writes what it has to write first.
    StopContainer,
    /// Go on with the node's frozen container.
    UnpauseContainer,
    /// Attach the node's container to the network again.
    AttachContainer {
        /// The deployment, which is the network's name.
        deployment: DeploymentName,
        /// The node's static IP in it.
        ip: Ipv4Addr,
    },
    /// Remove the node's container, running or not.
    RemoveContainer,
}

/// What the deployment's network is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkSettings {
    /// The deployment's name, which is the network's.
    pub deployment: DeploymentName,
    /// Its subnet.
    pub subnet: ipnet::Ipv4Net,
    /// The user's labels.
    pub labels: BTreeMap<String, String>,
}

/// What a volume is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VolumeSettings {
    /// Its name.
    pub name: String,
    /// The deployment that it belongs to.
    pub deployment: DeploymentName,
    /// Whether it keeps data that must outlive the deployment.
    pub keeps_data: bool,
    /// The user's labels.
    pub labels: BTreeMap<String, String>,
}

/// How a primary lets a replica take its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HandOverWay {
    /// FAILOVER, where the primary's server has it.
    Command,
    /// What FAILOVER does, with REPLICAOF on both.
    ByHand,
    /// CLUSTER FAILOVER TAKEOVER on the replica, which the rest of the cluster has no vote in.
    TakeOver,
}

/// A call to a server.
#[derive(Debug, Clone, PartialEq)]
pub enum ServerAction {
    /// CONFIG SET.
    Configure(Settings),
    /// CLUSTER SET-CONFIG-EPOCH.
    SetConfigEpoch(u64),
    /// CLUSTER ADDSLOTSRANGE, or ADDSLOTS on servers that know no ranges.
    AssignSlots(SlotSet),
    /// CLUSTER MEET until every peer is known.
    Meet(Vec<Peer>),
    /// CLUSTER MEET again and again, until every peer stays known.
    MeetAgain(Vec<Peer>),
    /// CLUSTER FORGET.
    Forget {
        /// The id of a node that is no longer one of the deployment's.
        id: String,
    },
    /// CLUSTER RESET HARD: the node forgets its cluster, its copy of the keys and its id.
    Reset,
    /// CLUSTER REPLICATE.
    Replicate(NodeName),
    /// CLUSTER FAILOVER TAKEOVER.
    TakeOver,
    /// CLUSTER FAILOVER, and the wait until the primary has handed over. Nothing is lost by it.
    FailOver,
    /// Let a replica become primary in the node's place, once it has everything, and follow it.
    HandOver {
        /// The replica.
        to: Peer,
        /// How.
        way: HandOverWay,
    },
    /// SENTINEL FAILOVER, once the node's replicas have everything: the sentinels let one of them become
    /// primary in the node's place, which follows it.
    HandOverBySentinels {
        /// The name that the node is watched under.
        name: DeploymentName,
        /// Where the node is.
        from: Address,
        /// Its replicas.
        replicas: Vec<Peer>,
        /// The sentinels: all of them have to know in the end.
        sentinels: Vec<Peer>,
    },
    /// SENTINEL FAILOVER, and the wait until every sentinel that answers names another primary.
    FailOverBySentinels {
        /// The name that the primary is watched under.
        name: DeploymentName,
        /// Where the primary was.
        from: Address,
        /// The sentinels that answer.
        sentinels: Vec<Peer>,
    },
    /// REPLICAOF an address.
    Follow(Address),
    /// REPLICAOF NO ONE.
    Promote,
    /// SENTINEL MONITOR, in place of whatever the sentinel watches under the deployment's name.
    Monitor {
        /// The name to watch it under: the deployment's.
        name: DeploymentName,
        /// Where the primary is.
        primary: Address,
        /// How it is watched, in the words of SENTINEL SET.
        settings: Settings,
    },
    /// SENTINEL RESET: the sentinel forgets all but the primary, and finds out anew who there is.
    Rediscover {
        /// The name that the primary is watched under.
        name: DeploymentName,
    },
    /// ACL SETUSER from nothing: the user's rules, and its password, which a plan does not hold.
    SetUser {
        /// The user.
        user: String,
        /// Its rules, all of them.
        rules: Vec<String>,
    },
    /// ACL SETUSER: the user's password lets in beside the one that does already.
    AddPassword {
        /// The user.
        user: String,
    },
    /// ACL DELUSER.
    DeleteUser {
        /// The user.
        user: String,
    },
    /// CONFIG SET of how the node logs in to its primary: as the user for that; or no longer. Its link
    /// opens again.
    LogInToPrimary {
        /// Whether it does.
        with_password: bool,
    },
    /// SENTINEL SET and SENTINEL CONFIG SET of how the sentinel logs in at servers and at other sentinels:
    /// as redisctl's own user; or no longer.
    LogInToWatched {
        /// The name that the primary is watched under.
        name: DeploymentName,
        /// Whether it does.
        with_password: bool,
    },
    /// SET of a key that expires within a second: the offset that it moves makes replicas visible.
    Write {
        /// The key, in a slot of the node's.
        key: String,
    },
}

/// A node to meet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// Its name.
    pub node: NodeName,
    /// Where gossip reaches it.
    pub address: Address,
}

/// What a wait is for.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// The step's node answers.
    Answers,
    /// Every node of a cluster agrees on this.
    ClusterAgrees(ClusterExpectation),
    /// Every replica follows, online and up to date.
    ReplicasFollow(ReplicationExpectation),
    /// Every sentinel watches the same primary and knows everybody; and every replica follows.
    SentinelsAgree(SentinelExpectation),
}

/// What every node of a cluster must say.
#[derive(Debug, Clone, PartialEq)]
pub struct ClusterExpectation {
    /// Every member, and nobody else.
    pub members: Vec<ClusterMember>,
    /// How far the cluster must be.
    pub milestone: Milestone,
}

/// How far a cluster must be for a wait to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Milestone {
    /// The role swap's barrier: all views are the same and every replica says that the cluster is
    /// up, while fresh primaries still refuse to for 2 s after their start. After this time another
    /// way is quicker.
    Barrier(Duration),
    /// All views are the same, every replica has its link, and everybody says that the cluster is up.
    Linked,
    /// The same, and clients are told of every replica: in CLUSTER SLOTS, and as online in CLUSTER
    /// SHARDS.
    Ready,
}

/// A member of a cluster.
#[derive(Debug, Clone, PartialEq)]
pub struct ClusterMember {
    /// Its name.
    pub node: NodeName,
    /// Its gossip address.
    pub address: Address,
    /// Its role.
    pub role: MemberRole,
}

/// A cluster member's role.
#[derive(Debug, Clone, PartialEq)]
pub enum MemberRole {
    /// Primary of these slots.
    Primary(SlotSet),
    /// Replica of that node.
    Replica(NodeName),
}

/// Who follows whom.
#[derive(Debug, Clone, PartialEq)]
pub struct ReplicationExpectation {
    /// The primary.
    pub primary: Peer,
    /// Its replicas.
    pub replicas: Vec<Peer>,
}

/// Who watches whom.
#[derive(Debug, Clone, PartialEq)]
pub struct SentinelExpectation {
    /// The primary and its replicas.
    pub watched: ReplicationExpectation,
    /// The sentinels.
    pub sentinels: Vec<Peer>,
}

impl Plan {
    /// Whether there is nothing to do and nothing to wait for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.stages.iter().all(|stage| stage.steps.is_empty())
    }

    /// Whether the plan forms a cluster by the role swap.
    #[must_use]
    pub fn swaps_roles(&self) -> bool {
        self.steps().any(|step| step.action == Action::Server(ServerAction::TakeOver))
    }

    /// How many steps change something; waits do not.
    #[must_use]
    pub fn changes(&self) -> usize {
        self.steps().filter(|step| step.changes()).count()
    }

    /// Every step, in order.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.stages.iter().flat_map(|stage| &stage.steps)
    }

    /// The plan as the JSON that `plan --output json` prints.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        let step = |step: &Step| {
            serde_json::json!({
                "action": step.action.to_string(),
                "node": step.node,
                "cause": step.cause.to_string(),
            })
        };
        let stages: Vec<_> = self
            .stages
            .iter()
            .map(|stage| {
                let steps: Vec<_> = stage.steps.iter().map(step).collect();
                serde_json::json!({ "name": stage.name, "steps": steps })
            })
            .collect();
        serde_json::json!({
            "deployment": self.deployment,
            "changes": self.changes(),
            "stages": stages,
            "notes": self.notes,
        })
    }
}

impl Step {
    /// Whether the step changes something.
    #[must_use]
    pub fn changes(&self) -> bool {
        !matches!(self.action, Action::Await(_))
    }

    /// The step's subject as text: the node, or the deployment.
    #[must_use]
    pub fn subject<'a>(&'a self, plan: &'a Plan) -> &'a str {
        self.node.as_ref().map_or(plan.deployment.as_str(), NodeName::as_str)
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        print::plan(self, formatter)
    }
}
