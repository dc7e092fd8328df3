//! What a sentinel says.

use std::collections::BTreeMap;

use crate::topology::Address;

/// What a sentinel knows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SentinelView {
    /// The primary that it watches under the deployment's name, if it does.
    pub watched: Option<Watched>,
}

/// A primary, as a sentinel sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watched {
    /// Its address; `None` if that is not written as an IP.
    pub primary: Option<Address>,
    /// Whether the sentinel thinks that it is down, or is about to replace it.
    pub failing: bool,
    /// Whether the sentinel is replacing it: another server is told to be primary, or is one already.
    pub choosing: bool,
    /// The number of the choice that it was made primary by; 0 where there was none. Of two sentinels that name
    /// different ones, the one with the higher number is right, and the other one hears of it.
    pub epoch: u64,
    /// The replicas that it knows of, and whether each seems to be up and in its place.
    pub replicas: BTreeMap<Address, bool>,
    /// The other sentinels that it knows of, and whether each seems to be up.
    pub sentinels: BTreeMap<Address, bool>,
}
