//! Rules of `nodes`: which of them there are.

use crate::spec::{Problem, Spec};
use crate::topology::DeploymentName;

/// Every entry of `nodes` names a node that there is.
pub(in crate::topology) fn nodes_exist(
    spec: &Spec,
    deployment: &DeploymentName,
    count: usize,
) -> Vec<Problem> {
    let exists = |name: &str| (1..=count).any(|number| deployment.node(number).as_str() == name);
    let names = spec.nodes.iter().flatten().map(|(name, _)| name);
    names
        .filter(|name| !exists(name))
        .map(|name| {
            let (first, last) = (deployment.node(1), deployment.node(count));
            let hint = match count {
                1 => format!("the only node is `{first}`"),
                2 => format!("the nodes are `{first}` and `{last}`"),
                _ => format!("the nodes are `{first}` to `{last}`"),
            };
            Problem::new(&["nodes", name], format!("there is no node `{name}`")).hint(hint)
        })
        .collect()
}
