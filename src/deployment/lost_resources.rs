//! Subnets and ports that a run chose, but that were taken before it could use them.

use std::collections::BTreeSet;

use ipnet::Ipv4Net;

/// Subnets and ports that are taken, although the engine's lists do not show it.
#[derive(Debug, Default)]
pub(super) struct LostResources {
    pub(super) subnets: Vec<Ipv4Net>,
    pub(super) ports: BTreeSet<u16>,
}
