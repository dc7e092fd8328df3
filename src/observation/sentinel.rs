//! A sentinel's view of its primary.

use std::collections::BTreeMap;

use crate::topology::Address;

/// A sentinel's view of its primary.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SentinelView {
    /// The primary that it watches under the deployment's name, if any.
    pub watched: Option<Watched>,
}

/// A primary, as a sentinel sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watched {
    /// Its address; `None` if it is not an IP.
    pub primary: Option<Address>,
    /// Whether the sentinel sees it as down, or is about to replace it.
    pub failing: bool,
    /// Whether the sentinel is replacing it: another server becomes primary, or already is.
    pub choosing: bool,
    /// The epoch of the failover that made it primary; 0 without a failover. If two sentinels name different
    /// primaries, the higher epoch is right, and will reach the other sentinel.
    pub epoch: u64,
    /// The replicas that it knows, and whether each seems up and has the right role.
    pub replicas: BTreeMap<Address, bool>,
    /// The other sentinels that it knows, and whether each seems up.
    pub sentinels: BTreeMap<Address, bool>,
}
