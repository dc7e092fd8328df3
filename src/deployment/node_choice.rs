//! The node that a user's word names.

use super::Error;
use crate::topology::DeploymentName;

/// Finds the node that a word names: by its name, or by its number alone.
pub(super) fn find_node<'n, T: ?Sized>(
    word: &str,
    deployment: &DeploymentName,
    nodes: &[&'n T],
    name: impl Fn(&T) -> &str,
) -> Result<&'n T, Error> {
    let number = format!("{deployment}-{word}");
    let found = nodes.iter().find(|node| [word, &number].contains(&name(node)));
    found.copied().ok_or_else(|| Error::Invalid {
        message: format!("`{deployment}` has no node `{word}`"),
        hint: format!(
            "its nodes are `{}`",
            nodes.iter().map(|node| name(node)).collect::<Vec<_>>().join("`, `")
        ),
    })
}
