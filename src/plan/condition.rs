//! What a plan waits for.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::topology::{Address, NodeName, SlotSet};

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

impl Condition {
    /// The primaries that it names; none where it is not about roles.
    #[must_use]
    pub fn primaries(&self) -> BTreeSet<&NodeName> {
        match self {
            Self::Answers => BTreeSet::new(),
            Self::ClusterAgrees(expectation) => {
                let is_primary = |member: &&ClusterMember| matches!(member.role, MemberRole::Primary(_));
                expectation.members.iter().filter(is_primary).map(|member| &member.node).collect()
            }
            Self::ReplicasFollow(expectation) => BTreeSet::from([&expectation.primary.node]),
            Self::SentinelsAgree(expectation) => BTreeSet::from([&expectation.watched.primary.node]),
        }
    }
}

/// What every node of a cluster must say.
#[derive(Debug, Clone, PartialEq)]
pub struct ClusterExpectation {
    /// Every member, and nobody else.
    pub members: Vec<ClusterMember>,
    /// The cluster ids of nodes that are not of the deployment, and that stay.
    pub strangers: BTreeSet<String>,
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
