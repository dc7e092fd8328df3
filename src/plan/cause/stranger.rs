//! Strangers: known servers that do not belong to the deployment, or do not belong to it any more.

use std::fmt;

use crate::topology::{Address, NodeName};

/// Strangers: known servers that do not belong to the deployment, or do not belong to it any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StrangerReference {
    /// A node that leaves the deployment.
    Leaving(NodeName),
    /// A member of its cluster at this address.
    MemberAt(Address),
    /// A member of its cluster with this id, and without an address.
    MemberWithId(String),
    /// Servers and sentinels at these addresses.
    At(Vec<Address>),
}

impl fmt::Display for StrangerReference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Leaving(name) => name.fmt(formatter),
            Self::MemberAt(address) => write!(formatter, "a node at {address}"),
            Self::MemberWithId(id) => write!(formatter, "node {}", id.get(..8).unwrap_or(id)),
            Self::At(addresses) => {
                let addresses: Vec<String> = addresses.iter().map(ToString::to_string).collect();
                formatter.write_str(&addresses.join(", "))
            }
        }
    }
}
