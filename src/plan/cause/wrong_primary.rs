//! The wrong primary of a server or sentinel.

use std::fmt;

use crate::topology::{Address, NodeName};

/// The wrong primary of a server or sentinel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WrongPrimary {
    /// The spec has another primary.
    NotBySpec,
    /// All servers are replicas.
    NoPrimary,
    /// The server is a primary, but no other node replicates it.
    OfItsOwn,
    /// The server replicates the server at this address.
    Follows(Address),
    /// The server's file makes it a primary.
    StartsAsPrimary,
    /// The server is a primary of a cluster, and owns no slots.
    WithoutSlots,
    /// The server replicates this node.
    Replicates(NodeName),
    /// The server replicates a node that does not exist.
    ReplicatesTheGone,
    /// The server replicates a stranger that stays.
    ReplicatesAStranger,
    /// The sentinel watches no primary.
    WatchesNone,
    /// The sentinel watches the server at this address.
    Watches(Address),
}

impl fmt::Display for WrongPrimary {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotBySpec => formatter.write_str("the spec has another primary"),
            Self::NoPrimary => formatter.write_str("no node is a primary"),
            Self::OfItsOwn => formatter.write_str("is a primary of its own"),
            Self::Follows(address) => write!(formatter, "follows {address}"),
            Self::StartsAsPrimary => formatter.write_str("starts as a primary"),
            Self::WithoutSlots => formatter.write_str("is a primary without slots"),
            Self::Replicates(node) => write!(formatter, "replicates {node}"),
            Self::ReplicatesTheGone => formatter.write_str("replicates a node that is gone"),
            Self::ReplicatesAStranger => {
                formatter.write_str("replicates a node that is not of this deployment")
            }
            Self::WatchesNone => formatter.write_str("watches no primary"),
            Self::Watches(address) => write!(formatter, "watches {address}"),
        }
    }
}
