//! The conditions that a plan waits for.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::topology::{Address, NodeName, SlotSet};

/// A node to meet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// Its name.
    pub node: NodeName,
    /// Its gossip address.
    pub address: Address,
}

/// A condition that a step waits for.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// The step's node answers.
    Answers,
    /// The step's node reports `cluster_state:ok`. Until then, it refuses keys. A new primary reports it 2 s after its start.
    ClusterIsUp,
    /// Every node of a cluster agrees on this.
    ClusterAgrees(ClusterExpectation),
    /// These nodes hold no data.
    Empty(Vec<NodeName>),
    /// Every replica is online and up to date.
    ReplicasFollow(ReplicationExpectation),
    /// Every sentinel watches the same primary and knows every node. Every replica replicates the primary.
    SentinelsAgree(SentinelExpectation),
}

impl Condition {
    /// The expected primaries; empty if the condition does not concern roles.
    #[must_use]
    pub fn primaries(&self) -> BTreeSet<&NodeName> {
        match self {
            Self::Answers | Self::ClusterIsUp | Self::Empty(_) => BTreeSet::new(),
            Self::ClusterAgrees(expectation) => {
                let is_primary = |member: &&ClusterMember| matches!(member.role, MemberRole::Primary(_));
                expectation.members.iter().filter(is_primary).map(|member| &member.node).collect()
            }
            Self::ReplicasFollow(expectation) => BTreeSet::from([&expectation.primary.node]),
            Self::SentinelsAgree(expectation) => BTreeSet::from([&expectation.watched.primary.node]),
        }
    }
}

/// The expected statements of every node of a cluster.
#[derive(Debug, Clone, PartialEq)]
pub struct ClusterExpectation {
    /// All members. Nodes must not know any others.
    pub members: Vec<ClusterMember>,
    /// The cluster ids of strangers that stay.
    pub strangers: BTreeSet<String>,
    /// The milestone that ends the wait.
    pub milestone: Milestone,
}

/// A milestone in the forming of a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Milestone {
    /// The barrier of the role swap: all views are equal, and every replica reports that the cluster is up. New
    /// primaries report it only 2 s after their start. After the given time, forming without a swap is faster.
    Barrier(Duration),
    /// All views are equal, every replica has its link, and every node reports that the cluster is up.
    Linked,
    /// In addition, CLUSTER SLOTS lists every replica, and CLUSTER SHARDS lists it as online.
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

/// A primary with the replicas that follow it.
#[derive(Debug, Clone, PartialEq)]
pub struct ReplicationExpectation {
    /// The primary.
    pub primary: Peer,
    /// Its replicas.
    pub replicas: Vec<Peer>,
}

/// Sentinels with the servers that they watch.
#[derive(Debug, Clone, PartialEq)]
pub struct SentinelExpectation {
    /// The primary and its replicas.
    pub watched: ReplicationExpectation,
    /// The sentinels.
    pub sentinels: Vec<Peer>,
}
