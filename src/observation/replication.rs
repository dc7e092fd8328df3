//! A server's replication.

use std::collections::BTreeSet;

use crate::topology::Address;

/// The replication history of a server's data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// `master_replid`.
    pub id: String,
    /// The history before it, and the first offset that does not belong to it: `master_replid2` and
    /// `second_repl_offset`.
    pub earlier: Option<(String, u64)>,
}

/// The needed facts of `INFO replication`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Replication {
    /// A primary.
    Primary {
        /// Addresses of replicas that are online.
        online_replicas: BTreeSet<Address>,
        /// Addresses of replicas in a full sync, or without an acknowledgement for a while.
        joining_replicas: BTreeSet<Address>,
        /// Its replication offset, bytes.
        offset: u64,
    },
    /// A replica.
    Replica {
        /// The address of its primary; `None` if it is not an IP.
        of: Option<Address>,
        /// Whether the link to it is up.
        link_up: bool,
        /// Its replication offset, bytes.
        offset: u64,
    },
}

impl Replication {
    /// The replication offset, bytes.
    #[must_use]
    pub fn offset(&self) -> u64 {
        match self {
            Self::Primary { offset, .. } | Self::Replica { offset, .. } => *offset,
        }
    }
}

impl Default for Replication {
    fn default() -> Self {
        Self::Primary { online_replicas: BTreeSet::new(), joining_replicas: BTreeSet::new(), offset: 0 }
    }
}
