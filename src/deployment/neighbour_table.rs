//! Whether the neighbour table of this machine's kernel has room for the nodes of a cluster.

use std::fs;

use super::engine::ConnectedEngine;
use super::target::Target;
use crate::doctor::{DoctorFinding, Neighbours, Severity, checks};
use crate::event::Warning;
use crate::topology::Kind;

/// The finding about room for `nodes` more nodes; `None` if the engine runs on another kernel.
pub(super) fn finding(nodes: usize, engine: &ConnectedEngine) -> Option<DoctorFinding> {
    let table = table().filter(|_| engine.location.is_local())?;
    Some(checks::neighbours(nodes, table))
}

/// A warning about a cluster whose nodes may not reach each other. Nodes of other kinds have few neighbours.
pub(super) fn neighbour_warning(target: &Target, engine: &ConnectedEngine) -> Option<Warning> {
    let topology = &target.topology;
    if topology.kind != Kind::Cluster || target.stored.is_some() {
        return None;
    }
    match finding(topology.nodes().len(), engine)? {
        DoctorFinding { severity: Severity::Warning, detail, hint: Some(hint), .. } => {
            Some(Warning::NeighbourTable { detail, hint })
        }
        _ => None,
    }
}

/// The neighbour table of this machine's kernel, on Linux.
fn table() -> Option<Neighbours> {
    let statistics = fs::read_to_string("/proc/net/stat/arp_cache").ok()?;
    let most = fs::read_to_string("/proc/sys/net/ipv4/neigh/default/gc_thresh3").ok()?;
    // The first line has titles, each other line belongs to a processor. The first column counts the whole table.
    let known = statistics.lines().nth(1)?.split_whitespace().next()?;
    Some(Neighbours { known: usize::from_str_radix(known, 16).ok()?, most: most.trim().parse().ok()? })
}
