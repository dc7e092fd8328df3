//! Lists in a plan's text.

use std::collections::BTreeSet;
use std::fmt::Display;

use crate::topology::{DeploymentName, NodeName};

/// Names of nodes, four at most, so that a large cluster's plan stays readable.
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

/// Nodes in short: `shop-1`, `shop-1, shop-2`, `shop-1 … shop-6 (6 nodes)`.
pub(super) fn nodes_in_short(nodes: &[&NodeName], deployment: &DeploymentName) -> String {
    /// The maximum number of ranges that are listed.
    const MOST_RUNS: usize = 3;
    let nodes: BTreeSet<&NodeName> = nodes.iter().copied().collect();
    let nodes: Vec<&NodeName> = nodes.into_iter().collect();
    let follows = |one: &&NodeName, other: &&NodeName| {
        let numbers = one.number_in(deployment).zip(other.number_in(deployment));
        numbers.is_some_and(|(one, other)| one + 1 == other)
    };
    let runs: Vec<&[&NodeName]> = nodes.chunk_by(follows).collect();
    let text = |run: &&[&NodeName]| match run {
        [first, _, .., last] => format!("{first} … {last}"),
        short => joined(short),
    };
    match nodes.as_slice() {
        few @ ([] | [_] | [_, _]) => joined(few),
        [first, .., last] if runs.len() > MOST_RUNS => format!("{first} … {last} ({} nodes)", nodes.len()),
        many => format!("{} ({} nodes)", joined(&runs.iter().map(text).collect::<Vec<_>>()), many.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_that_follow_one_another_are_a_range() {
        let shop = DeploymentName::new("shop").expect("a good name");
        let text = |numbers: &[usize]| {
            let names: Vec<NodeName> = numbers.iter().map(|number| shop.node(*number)).collect();
            nodes_in_short(&names.iter().collect::<Vec<_>>(), &shop)
        };
        assert_eq!(text(&[1]), "shop-1");
        assert_eq!(text(&[2, 1, 2]), "shop-1, shop-2");
        assert_eq!(text(&[1, 3]), "shop-1, shop-3");
        assert_eq!(text(&[9, 10, 11]), "shop-9 … shop-11 (3 nodes)");
        assert_eq!(text(&[1, 4, 5, 6]), "shop-1, shop-4 … shop-6 (4 nodes)");
        assert_eq!(text(&[1, 3, 5, 7, 9]), "shop-1 … shop-9 (5 nodes)");
        let network = shop.anchor();
        assert_eq!(
            nodes_in_short(&[&network, &shop.node(1), &shop.node(2)], &shop),
            "shop-network, shop-1, shop-2 (3 nodes)"
        );
    }
}
