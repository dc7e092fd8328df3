//! The result of a change of nodes as text.

use std::fmt::Write as _;

use super::Palette;
use crate::node_change::{NodesChanged, Unchanged};
use crate::topology::NodeName;

/// The changed nodes, and the nodes that needed no change.
pub(super) fn render(result: &NodesChanged, palette: Palette) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    if !result.changed.is_empty() {
        let (done, all) = (result.command.done(), result.nodes);
        let nodes = names(&result.changed, palette);
        let _ = writeln!(text, "{done} {nodes} ({} of {all} nodes)", result.changed.len());
    }
    for Unchanged { node, condition } in &result.unchanged {
        let _ = writeln!(text, "nothing to do for {}: it is {}", palette.strong(node), condition.as_str());
    }
    text
}

fn names(nodes: &[NodeName], palette: Palette) -> String {
    nodes.iter().map(|node| palette.strong(node)).collect::<Vec<_>>().join(", ")
}
