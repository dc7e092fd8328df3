//! Rules of `nodes`: its entries name existing nodes.

use std::collections::BTreeMap;

use crate::spec::{Problem, Spec};
use crate::topology::NodeName;

/// Every entry of `nodes` names a node. `names` are the nodes' names by number. For names that `may_exist`, the
/// engine must be asked first.
pub(in crate::topology) fn nodes_exist(
    spec: &Spec,
    names: &BTreeMap<usize, NodeName>,
    may_exist: impl Fn(&str) -> bool,
) -> Vec<Problem> {
    let exists = |name: &str| names.values().any(|node| node.as_str() == name);
    let written = spec.nodes.iter().flatten().map(|(name, _)| name);
    written
        .filter(|name| !exists(name) && !may_exist(name))
        .map(|name| Problem::new(&["nodes", name], format!("there is no node `{name}`")).hint(list(names)))
        .collect()
}

/// The nodes as text.
fn list(names: &BTreeMap<usize, NodeName>) -> String {
    let is_gapless = names.keys().copied().eq(1..=names.len());
    let all: Vec<String> = names.values().map(|name| format!("`{name}`")).collect();
    match all.as_slice() {
        [only] => format!("the only node is {only}"),
        [first, .., last] if is_gapless && all.len() > 2 => format!("the nodes are {first} to {last}"),
        [others @ .., last] => format!("the nodes are {} and {last}", others.join(", ")),
        [] => String::new(),
    }
}
