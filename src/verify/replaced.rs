//! The check that no former node lives on an engine that was replaced.

use super::Judgement;
use crate::topology::{EngineName, NodeName, Topology};

/// The name of the check in reports.
pub const NAME: &str = "replaced-engines";

/// What it proves.
pub const PROVES: &str = "no node lives twice";

/// Judges the containers of former nodes on replaced engines; `None`: no engine was replaced.
#[must_use]
pub fn replaced_engines(topology: &Topology, found: &[(EngineName, NodeName)]) -> Option<Judgement> {
    let engines: Vec<&str> = topology.replaced.keys().map(EngineName::as_str).collect();
    if engines.is_empty() {
        return None;
    }
    let former: Vec<String> =
        found.iter().map(|(engine, node)| format!("a former {node} is on engine {engine}")).collect();
    Some(if former.is_empty() {
        Ok(format!("no former node was found on {}", engines.join(", ")))
    } else {
        Err(format!("{}; `up` removes what is left of a replaced engine", former.join(", ")))
    })
}
