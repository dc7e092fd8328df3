//! Lists as short texts.

use crate::event::Missing;
use crate::topology::NodeName;

/// The nodes of a stage: `shop-1`, `6 nodes`, or an empty text for the whole deployment.
pub(super) fn nodes_in_short(nodes: &[&NodeName]) -> String {
    match nodes {
        [] => String::new(),
        [only] => only.to_string(),
        nodes => format!("{} nodes", nodes.len()),
    }
}

/// The number of items after the first.
pub(super) fn more(missing: &[Missing]) -> String {
    match missing {
        [] | [_] => String::new(),
        [_, rest @ ..] => format!(" (and {} more)", rest.len()),
    }
}
