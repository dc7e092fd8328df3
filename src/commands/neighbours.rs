//! Whether the kernel that runs the containers can keep apart as many neighbours as they need.

use std::fs;

use super::Connected;
use crate::doctor::{DoctorFinding, Neighbours, checks};

/// What is to be said of room for `nodes` more nodes; nothing where the engine's kernel cannot be looked at.
pub(super) fn finding(nodes: usize, connected: &Connected) -> Option<DoctorFinding> {
    let table = table().filter(|_| connected.location.is_local())?;
    Some(checks::neighbours(nodes, table))
}

/// The neighbour table of this machine's kernel, where that is Linux.
fn table() -> Option<Neighbours> {
    let statistics = fs::read_to_string("/proc/net/stat/arp_cache").ok()?;
    let most = fs::read_to_string("/proc/sys/net/ipv4/neigh/default/gc_thresh3").ok()?;
    // Under the titles there is a line for each processor; the entries in front are those of all.
    let known = statistics.lines().nth(1)?.split_whitespace().next()?;
    Some(Neighbours { known: usize::from_str_radix(known, 16).ok()?, most: most.trim().parse().ok()? })
}
