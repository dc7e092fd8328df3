//! The result of a change of nodes as text.

use std::fmt::Write as _;

use super::Palette;
use crate::node_change::NodesChanged;
use crate::status::NodeCondition;
use crate::topology::NodeName;

/// The number of nodes that a line about unchanged nodes names. Lines about more nodes say how many.
const MOST_NAMED: usize = 2;

/// The changed nodes, the nodes that needed no change, and what clients can expect.
pub(super) fn render(result: &NodesChanged, palette: Palette) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    if !result.changed.is_empty() {
        let (done, all) = (result.command.done(), result.nodes);
        let nodes = names(result.changed.iter(), palette);
        let _ = writeln!(text, "{done} {nodes} ({} of {all} nodes)", result.changed.len());
    }
    let mut conditions: Vec<NodeCondition> = Vec::new();
    for unchanged in &result.unchanged {
        if !conditions.contains(&unchanged.condition) {
            conditions.push(unchanged.condition);
        }
    }
    for condition in conditions {
        let alike = result.unchanged.iter().filter(|unchanged| unchanged.condition == condition);
        let nodes = alike.map(|unchanged| &unchanged.node);
        let shown = match nodes.clone().count() {
            count if count > MOST_NAMED => format!("{count} nodes"),
            _ => names(nodes, palette),
        };
        let _ = writeln!(text, "nothing to do for {shown}: {}", condition.as_str());
    }
    text.extend(result.expect.iter().map(|sentence| format!("{sentence}\n")));
    text
}

fn names<'n>(nodes: impl Iterator<Item = &'n NodeName>, palette: Palette) -> String {
    nodes.map(|node| palette.strong(node)).collect::<Vec<_>>().join(", ")
}
