//! Whether the neighbour table of this machine's kernel has room for the nodes of a cluster.

use std::fs;

use super::engine::ConnectedEngine;
use super::target::Target;
use crate::doctor::{DoctorFinding, Neighbours, Severity, checks};
use crate::event::Warning;
use crate::topology::Kind;

/// A table with less than one part in this many free is full.
const FREE_PART: usize = 8;

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

/// A warning about a full table, after nodes of a cluster did not reach each other.
pub(super) fn full_table(target: &Target, engine: &ConnectedEngine) -> Option<Warning> {
    let is_cluster = target.topology.kind == Kind::Cluster;
    let Neighbours { known, most } = table().filter(|_| is_cluster && engine.location.is_local())?;
    // The kernel removes entries until some are free.
    let is_full = known + most / FREE_PART >= most;
    let detail =
        format!("{known} of the kernel's {most} entries for the neighbours of all containers are taken");
    is_full.then(|| Warning::NeighbourTable { detail, hint: checks::MORE_NEIGHBOURS.to_owned() })
}

/// The neighbour table of this machine's kernel, on Linux.
fn table() -> Option<Neighbours> {
    let statistics = fs::read_to_string("/proc/net/stat/arp_cache").ok()?;
    let most = fs::read_to_string("/proc/sys/net/ipv4/neigh/default/gc_thresh3").ok()?;
    // The first line has titles, each other line belongs to a processor. The first column counts the whole table.
    let known = statistics.lines().nth(1)?.split_whitespace().next()?;
    Some(Neighbours { known: usize::from_str_radix(known, 16).ok()?, most: most.trim().parse().ok()? })
}
