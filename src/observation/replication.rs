//! What a server says of its replication.

use std::collections::BTreeSet;

use crate::topology::Address;

/// The replication history that a server's data set belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// `master_replid`.
    pub id: String,
    /// The history that it went on from, and the first offset that is not of it any more: `master_replid2` and
    /// `second_repl_offset`.
    pub earlier: Option<(String, u64)>,
}

/// `INFO replication`, what matters of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Replication {
    /// A primary.
    Primary {
        /// Addresses of replicas that are online.
        online_replicas: BTreeSet<Address>,
        /// Addresses of replicas that are still being brought up to date, or have not acknowledged
        /// anything for a while.
        joining_replicas: BTreeSet<Address>,
        /// Its replication offset, bytes.
        offset: u64,
    },
    /// A replica.
    Replica {
        /// The address of its primary; `None` if that is not written as an IP.
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
