//! Lists in a plan's text.

use std::fmt::Display;

use crate::topology::NodeName;

/// Names of nodes, at most four of them: a large cluster's plan stays readable.
pub(super) fn list(nodes: &[NodeName]) -> String {
    match nodes {
        [first, .., last] if nodes.len() > 4 => format!("{first} … {last} ({} nodes)", nodes.len()),
        _ => joined(nodes),
    }
}

/// All items with commas between them.
pub(super) fn joined(items: &[impl Display]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
