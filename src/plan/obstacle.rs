//! Obstacles: reasons why the planner makes no plan. Most need the user's consent to a loss.

use std::collections::BTreeSet;
use std::fmt;

use super::effect::effect;
use super::names::joined;
use crate::observation::NeededModules;
use crate::topology::kept_data::Misfit;
use crate::topology::{EngineName, NodeName, SpecField};

/// Why the deployment cannot be brought to the topology without a decision of the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Obstacle {
    /// A container, network or volume that redisctl did not make has a needed name.
    Foreign {
        /// `container`, `network` or `volume`.
        kind: &'static str,
        /// Its name.
        name: String,
    },
    /// The network must be removed, and a container that redisctl did not make is in it.
    Guest {
        /// The container.
        container: String,
    },
    /// An engine of the deployment does not answer. Its nodes may live.
    OutOfReach {
        /// The engine.
        engine: EngineName,
        /// The reason.
        cause: String,
        /// The existing nodes on it.
        nodes: Vec<NodeName>,
    },
    /// A replacement of an engine leaves no node with the keys of some nodes.
    NoLivingCopy {
        /// The replaced engine.
        engine: EngineName,
        /// The nodes that have the keys.
        nodes: Vec<NodeName>,
    },
    /// A change that needs a new container.
    Recreate {
        /// The node; `None`: the whole deployment.
        node: Option<NodeName>,
        /// The changed fields of the spec.
        fields: Vec<SpecField>,
    },
    /// A change that needs a restart of the node, although nothing keeps its keys.
    NothingKeepsKeys {
        /// The node.
        node: NodeName,
        /// The changed fields of the spec.
        fields: Vec<SpecField>,
    },
    /// A new deployment would begin with kept data that it cannot use.
    KeptData(Misfit),
    /// Modules go, and the data needs them.
    NeededModules(NeededModules),
    /// Slots would move to a primary that has no room for their keys, and evicts none.
    NoRoom {
        /// The primary.
        node: NodeName,
        /// `used_memory`, bytes.
        used: u64,
        /// About how many bytes would move to it.
        arriving: u64,
        /// `maxmemory`, bytes.
        limit: u64,
    },
}

impl fmt::Display for Obstacle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Foreign { kind, name } => {
                write!(formatter, "there is a {kind} `{name}` that redisctl did not make")
            }
            Self::OutOfReach { engine, cause, nodes } => {
                let nodes = nodes.iter().map(NodeName::as_str).collect::<Vec<_>>().join(", ");
                let with = if nodes.is_empty() { String::new() } else { format!(", with {nodes}") };
                write!(formatter, "the engine `{engine}` is out of reach{with}: {cause}")
            }
            Self::NoLivingCopy { engine, nodes } => {
                let nodes = nodes.iter().map(|node| format!("`{node}`")).collect::<Vec<_>>().join(" and ");
                write!(
                    formatter,
                    "only {nodes} had their keys, and engine `{engine}` is lost: no other copy lives"
                )
            }
            Self::Guest { container } => write!(
                formatter,
                "the network must be removed, and the container `{container}`, which redisctl did not make, is in it"
            ),
            Self::Recreate { node, fields } => {
                let subject = node.as_ref().map_or("the deployment".to_owned(), |node| format!("`{node}`"));
                write!(formatter, "{subject} must be recreated: {}", changed(fields))?;
                let reasons: BTreeSet<&str> =
                    fields.iter().filter_map(|field| effect(field).reason()).collect();
                let reasons: Vec<&str> = reasons.into_iter().collect();
                if reasons.is_empty() { Ok(()) } else { write!(formatter, " ({})", reasons.join("; ")) }
            }
            Self::NothingKeepsKeys { node, fields } => write!(
                formatter,
                "`{node}` must be restarted and would lose its keys: it has no replica and no volume; {}",
                changed(fields)
            ),
            Self::KeptData(misfit) => misfit.fmt(formatter),
            Self::NeededModules(needed) => needed.fmt(formatter),
            Self::NoRoom { node, used, arriving, limit } => write!(
                formatter,
                "`{node}` has no room for the keys of the slots that would move to it: it uses {}, about {} would \
                 move, and its `maxmemory` is {}, with the policy `noeviction`",
                mebibytes(*used),
                mebibytes(*arriving),
                mebibytes(*limit)
            ),
        }
    }
}

fn mebibytes(bytes: u64) -> String {
    format!("{} MiB", bytes.div_ceil(1 << 20))
}

/// The changes, as the second half of a sentence.
fn changed(fields: &[SpecField]) -> String {
    if fields.iter().all(SpecField::is_changed_without_the_spec) {
        joined(fields)
    } else {
        format!("the spec changed {}", joined(fields))
    }
}
