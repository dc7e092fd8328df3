//! A difference between a node's statements and the expected state.

use std::fmt;

use crate::observation::Contents;
use crate::topology::{Address, NodeName, SlotSet};

/// A difference between a node's statements and the expected state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disagreement {
    /// The node that makes the statement.
    pub node: NodeName,
    /// The difference.
    pub deviation: Deviation,
}

/// How a node's statements differ from the expected state. Other nodes are named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deviation {
    /// No question was sent to it.
    NotAsked,
    /// It does not answer: the error of the connection.
    Silent(String),
    /// It holds data.
    Holds(Contents),
    /// It is a replica.
    NoPrimary,
    /// It is a primary.
    NoReplica,
    /// It does not run in cluster mode.
    NoClusterNode,
    /// This replica is not online for it.
    ReplicaNotOnline(NodeName),
    /// It replicates another node than this primary.
    FollowsOther(NodeName),
    /// It has no link to this node.
    NoLink(NodeName),
    /// It has no replication link to its primary.
    NoReplicationLink(NodeName),
    /// It is a sentinel that watches no primary.
    WatchesNothing,
    /// It is a sentinel that watches another node than this primary.
    WatchesOther(NodeName),
    /// It sees this node as down.
    SeesDown(NodeName),
    /// It does not know this node.
    NotKnown(NodeName),
    /// It knows a server outside the deployment.
    KnowsStranger(Address),
    /// It has this number of running handshakes.
    Handshakes(usize),
    /// It knows more nodes than the deployment has.
    TooManyNodes {
        /// The number of nodes that it knows.
        known: usize,
        /// The number of nodes of the deployment.
        expected: usize,
    },
    /// It reports `cluster_state:fail`.
    ClusterDown,
    /// It sees this primary as a replica.
    SeesReplica(NodeName),
    /// It sees this replica as a primary.
    SeesPrimary(NodeName),
    /// It lists another primary for a replica.
    SeesOtherPrimary {
        /// The replica.
        replica: NodeName,
        /// The expected primary.
        primary: NodeName,
    },
    /// It sees other slots at a node than expected.
    OtherSlots {
        /// The node.
        node: NodeName,
        /// The expected slots.
        expected: SlotSet,
    },
    /// It sees a node at another address than expected.
    OtherAddress {
        /// The node.
        node: NodeName,
        /// The expected address.
        expected: Address,
    },
    /// It has another config epoch for this node than the node itself.
    OtherEpoch(NodeName),
    /// It gets no acknowledgements from this replica.
    HearsNothing(NodeName),
    /// It does not list this node in CLUSTER SLOTS.
    NotInSlots(NodeName),
    /// It lists this node in CLUSTER SLOTS without a host.
    NoHost(NodeName),
    /// It does not list this node as online in CLUSTER SHARDS.
    NotInShards(NodeName),
}

impl Deviation {
    /// The difference at a node.
    #[must_use]
    pub fn at(self, node: &NodeName) -> Disagreement {
        Disagreement { node: node.clone(), deviation: self }
    }
}

impl fmt::Display for Disagreement {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.node, self.deviation)
    }
}

impl fmt::Display for Deviation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAsked => formatter.write_str("was not asked"),
            Self::Silent(error) => write!(formatter, "does not answer: {error}"),
            Self::Holds(contents) => write!(formatter, "holds {contents}"),
            Self::NoPrimary => formatter.write_str("is no primary"),
            Self::NoReplica => formatter.write_str("is no replica"),
            Self::NoClusterNode => formatter.write_str("is no cluster node"),
            Self::ReplicaNotOnline(replica) => write!(formatter, "does not see {replica} online"),
            Self::FollowsOther(primary) => write!(formatter, "follows another node than {primary}"),
            Self::NoLink(node) => write!(formatter, "has no link to {node}"),
            Self::NoReplicationLink(primary) => write!(formatter, "has no replication link to {primary}"),
            Self::WatchesNothing => formatter.write_str("watches no primary"),
            Self::WatchesOther(primary) => write!(formatter, "watches another node than {primary}"),
            Self::SeesDown(node) => write!(formatter, "thinks that {node} is down"),
            Self::NotKnown(node) => write!(formatter, "does not know {node}"),
            Self::KnowsStranger(address) => {
                write!(formatter, "knows {address}, which is not of this deployment")
            }
            Self::Handshakes(1) => formatter.write_str("is still shaking hands with 1 node"),
            Self::Handshakes(count) => write!(formatter, "is still shaking hands with {count} nodes"),
            Self::TooManyNodes { known, expected } => {
                write!(formatter, "knows {known} nodes instead of {expected}")
            }
            Self::ClusterDown => formatter.write_str("says that the cluster is down"),
            Self::SeesReplica(node) => write!(formatter, "sees {node} as a replica"),
            Self::SeesPrimary(node) => write!(formatter, "sees {node} as a primary"),
            Self::SeesOtherPrimary { replica, primary } => {
                write!(formatter, "sees {replica} as a replica of another node than {primary}")
            }
            Self::OtherSlots { node, expected } if expected.is_empty() => {
                write!(formatter, "sees other slots at {node} than none")
            }
            Self::OtherSlots { node, expected } => {
                write!(formatter, "sees other slots at {node} than {expected}")
            }
            Self::OtherAddress { node, expected } => {
                write!(formatter, "sees {node} at another address than {expected}")
            }
            Self::OtherEpoch(node) => write!(formatter, "has another epoch for {node} than {node} itself"),
            Self::HearsNothing(replica) => write!(formatter, "hears nothing from its replica {replica}"),
            Self::NotInSlots(node) => write!(formatter, "does not list {node} in CLUSTER SLOTS"),
            Self::NoHost(node) => write!(formatter, "does not know yet where clients find {node}"),
            Self::NotInShards(node) => write!(formatter, "does not list {node} as online in CLUSTER SHARDS"),
        }
    }
}
