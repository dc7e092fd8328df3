//! Why a step exists, and what stands in a plan's way.

use std::collections::BTreeSet;
use std::fmt;

use super::effect::effect;
use crate::topology::{NodeName, SlotSet};

/// Why a step exists.
#[derive(Debug, Clone, PartialEq)]
pub enum Cause {
    /// The step's subject does not exist.
    NotFound,
    /// It was just made by an earlier step.
    New,
    /// The container has ended, or was never started.
    NotRunning,
    /// The container is frozen.
    Paused,
    /// The container is not attached to the network.
    Detached,
    /// The spec differs in these fields from what is there.
    SpecChanged(Vec<String>),
    /// The deployment has a shape that it cannot be brought out of.
    WrongShape(Vec<String>),
    /// The server does not answer.
    Silent(String),
    /// These slots have no owner.
    Unassigned(SlotSet),
    /// These nodes are not known.
    Unknown(Vec<NodeName>),
    /// It knows a node that is not, or no longer, one of the deployment's.
    Stranger(String),
    /// The node's primary is down, and nothing but this node has its keys.
    WouldComeBackEmpty(NodeName),
    /// Another node has a higher epoch for it than it has itself.
    EpochBehind(NodeName),
    /// Others do not know the node any more, under the id that it has.
    Forgotten,
    /// The node's primary does not count it among its shard.
    LeftOut(NodeName),
    /// The node does not tell clients of itself.
    Unlisted,
    /// The node replicates another node than it should, or none.
    WrongPrimary(String),
    /// The node should become the primary.
    RoleSwap,
    /// The spec has no such node any more.
    Leaves,
    /// The node's primary is about to leave, or to be replaced.
    PrimaryGoes(NodeName),
    /// The node goes away, or is replaced, once another one has its role.
    HandsOver,
    /// While nodes are replaced, first copies must not wait.
    Replacing,
    /// While a deployment is mended, other settings are better.
    Mending,
    /// Other nodes are primaries than the files say.
    RolesSwapped,
    /// Settings in force are not those wanted: name, value in force, value wanted.
    Settings(Vec<(String, String, String)>),
    /// Settings that the spec does not have any more.
    TakenOut(Vec<String>),
    /// The node's certificate has to be another one, and why.
    Certificate(String),
    /// A user is not as the spec has it: its name, and what is wrong.
    User(String, UserDrift),
    /// The server logs in to its primary in another way than it should.
    PrimaryLogin,
    /// The sentinel logs in to servers and other sentinels in another way than it should.
    SentinelLogin,
    /// While a deployment forms, other settings are better.
    Forming,
    /// A replica is listed for clients once it has seen a write.
    ReplicasUnseen,
    /// Earlier steps of the plan changed something that must come about.
    Changed,
    /// Not everything is as it should be yet.
    Unsettled(String),
}

impl fmt::Display for Cause {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound => formatter.write_str("not found"),
            Self::New => formatter.write_str("new"),
            Self::NotRunning => formatter.write_str("not running"),
            Self::Paused => formatter.write_str("paused"),
            Self::Detached => formatter.write_str("detached from the network"),
            Self::SpecChanged(fields) => write!(formatter, "spec changed: {}", fields.join(", ")),
            Self::WrongShape(reasons) => formatter.write_str(&reasons.join(", ")),
            Self::Silent(reason) => write!(formatter, "does not answer: {reason}"),
            Self::Unassigned(slots) => write!(formatter, "slots {slots} unassigned"),
            Self::Unknown(nodes) => write!(formatter, "{} not known", list(nodes)),
            Self::Stranger(what) => write!(formatter, "knows {what}, which is not of this deployment"),
            Self::WouldComeBackEmpty(primary) => {
                write!(formatter, "{primary} is down, and would come back without its keys")
            }
            Self::LeftOut(primary) => write!(formatter, "{primary} leaves it out of its shard"),
            Self::Unlisted => formatter.write_str("leaves itself out of CLUSTER SHARDS"),
            Self::EpochBehind(other) => write!(formatter, "{other} has a higher epoch for it"),
            Self::Forgotten => formatter.write_str("forgotten by others"),
            Self::WrongPrimary(what) | Self::Unsettled(what) | Self::Certificate(what) => {
                formatter.write_str(what)
            }
            Self::RoleSwap => formatter.write_str("primary according to the spec"),
            Self::Leaves => formatter.write_str("the spec has no such node any more"),
            Self::PrimaryGoes(primary) => write!(formatter, "{primary} goes"),
            Self::HandsOver => formatter.write_str("goes once another node is primary"),
            Self::Replacing => formatter.write_str("while nodes are replaced"),
            Self::Mending => formatter.write_str("while it is mended"),
            Self::RolesSwapped => formatter.write_str("roles swapped"),
            Self::Settings(settings) => {
                for (position, (name, found, wanted)) in settings.iter().enumerate() {
                    let separator = if position == 0 { "" } else { ", " };
                    write!(formatter, "{separator}{name} is `{found}`, not `{wanted}`")?;
                }
                Ok(())
            }
            Self::TakenOut(names) => write!(formatter, "no longer in the spec: {}", names.join(", ")),
            Self::User(user, drift) => write!(formatter, "user `{user}` {drift}"),
            Self::PrimaryLogin => formatter.write_str("logs in to its primary in another way"),
            Self::SentinelLogin => formatter.write_str("logs in to servers and sentinels in another way"),
            Self::Forming => formatter.write_str("while forming"),
            Self::ReplicasUnseen => formatter.write_str("a replica that saw no write is not listed"),
            Self::Changed => formatter.write_str("changed by the steps before"),
        }
    }
}

/// How a user differs from the spec's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserDrift {
    /// There is no such user.
    NotFound,
    /// It has other rules.
    Rules,
    /// Its password is not the one that lets in, or not the only one.
    Password,
    /// Both.
    RulesAndPassword,
    /// The spec has no such user.
    Surplus,
}

impl fmt::Display for UserDrift {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::NotFound => "not found",
            Self::Rules => "differs in its rules",
            Self::Password => "differs in its password",
            Self::RulesAndPassword => "differs in its rules and its password",
            Self::Surplus => "is not of the spec",
        })
    }
}

/// At most a few names; a large cluster's plan stays readable.
pub(super) fn list(nodes: &[NodeName]) -> String {
    match nodes {
        [first, .., last] if nodes.len() > 4 => format!("{first} … {last} ({} nodes)", nodes.len()),
        _ => nodes.iter().map(NodeName::as_str).collect::<Vec<_>>().join(", "),
    }
}

/// Why the deployment cannot be brought to the topology without the user's say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Obstacle {
    /// Something that redisctl did not make bears a name that is needed.
    Foreign {
        /// `container`, `network` or `volume`.
        kind: &'static str,
        /// Its name.
        name: String,
    },
    /// A change that needs the container to be made anew.
    Recreate {
        /// The node; `None`: the whole deployment.
        node: Option<NodeName>,
        /// What the spec changed.
        fields: Vec<String>,
    },
    /// A change for which the node must be restarted, while nothing keeps its keys meanwhile.
    NothingKeepsKeys {
        /// The node.
        node: NodeName,
        /// What the spec changed.
        fields: Vec<String>,
    },
    /// The cluster's shape is another one than the spec's.
    Shape(String),
}

impl fmt::Display for Obstacle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Foreign { kind, name } => {
                write!(formatter, "there is a {kind} `{name}` that redisctl did not make")
            }
            Self::Recreate { node, fields } => {
                let subject = node.as_ref().map_or("the deployment".to_owned(), |node| format!("`{node}`"));
                write!(formatter, "{subject} must be made anew: the spec changed {}", fields.join(", "))?;
                let reasons: BTreeSet<&str> =
                    fields.iter().filter_map(|field| effect(field).reason()).collect();
                let reasons: Vec<&str> = reasons.into_iter().collect();
                if reasons.is_empty() { Ok(()) } else { write!(formatter, " ({})", reasons.join("; ")) }
            }
            Self::NothingKeepsKeys { node, fields } => write!(
                formatter,
                "`{node}` must be restarted, and its keys would go: it has neither a replica nor a volume; \
                 the spec changed {}",
                fields.join(", ")
            ),
            Self::Shape(what) => formatter.write_str(what),
        }
    }
}
