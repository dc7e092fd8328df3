//! A node that is primary in the place of the spec's primary, and stays primary.

use std::fmt;

use super::names::nodes_in_short;
use crate::topology::{DeploymentName, NodeName};

/// A node that is primary in the place of the spec's primary. This is no problem, but may surprise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SwappedRole {
    /// The primary.
    pub primary: NodeName,
    /// The spec's primary.
    pub by_spec: NodeName,
}

impl fmt::Display for SwappedRole {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { primary, by_spec } = self;
        write!(formatter, "roles are swapped, and stay so: {primary} is primary in the place of {by_spec}")
    }
}

/// A single sentence for all swapped roles; `None` if there are none.
pub(super) fn in_short(swapped: &[SwappedRole], deployment: &DeploymentName) -> Option<String> {
    match swapped {
        [] => None,
        [only] => Some(only.to_string()),
        several => {
            let nodes = |name: fn(&SwappedRole) -> &NodeName| {
                nodes_in_short(&several.iter().map(name).collect::<Vec<_>>(), deployment)
            };
            let (primaries, by_spec) = (nodes(|role| &role.primary), nodes(|role| &role.by_spec));
            Some(format!(
                "roles are swapped, and stay so: {primaries} are primaries in the place of {by_spec}"
            ))
        }
    }
}
