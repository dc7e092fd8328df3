//! Why a step exists.

use std::fmt;

use super::Disagreement;
use super::names::{joined, list};
use crate::observation::Contents;
use crate::topology::certificates::Renewal;
use crate::topology::{EngineName, NodeName, SlotSet, SpecField};

mod stranger;
mod user_drift;
mod wrong_primary;

pub use stranger::StrangerReference;
pub use user_drift::UserDrift;
pub use wrong_primary::WrongPrimary;

/// Why a step exists.
#[derive(Debug, Clone, PartialEq)]
pub enum Cause {
    /// The user asked for it.
    AskedFor,
    /// The step's subject does not exist.
    NotFound,
    /// Its engine was replaced: the node is on another engine now.
    EngineReplaced(EngineName),
    /// An earlier step has just made it.
    New,
    /// The container has ended, or was never started.
    NotRunning,
    /// The kernel killed the server because the container's memory was used up.
    OutOfMemory,
    /// The container is paused.
    Paused,
    /// The container is not attached to the network.
    Detached,
    /// The spec changed these fields.
    SpecChanged(Vec<SpecField>),
    /// The server does not answer: the error of the connection.
    Silent(String),
    /// It or its replicas hold data that clients left: the data of the node itself.
    Holds(Contents),
    /// This number of clients is connected.
    Connected(u64),
    /// These slots have no owner.
    Unassigned(SlotSet),
    /// Another node owns these slots.
    SlotsElsewhere(NodeName),
    /// The spec has the slots in another shard.
    Misplaced,
    /// The slots are in MIGRATING or IMPORTING state.
    OpenSlots,
    /// Clients formed a cluster of nodes that the spec leaves unformed.
    FormedByClients,
    /// The node becomes the primary of a new shard.
    NewShard,
    /// The node leaves, and its slots must move before.
    HoldsSlots,
    /// The node does not know these nodes.
    Unknown(Vec<NodeName>),
    /// The node knows a stranger.
    Stranger(StrangerReference),
    /// The node's primary is down, and only this node has its keys.
    WouldComeBackEmpty(NodeName),
    /// Another node has a higher config epoch for the node than the node itself.
    EpochBehind(NodeName),
    /// Other nodes have forgotten the node.
    Forgotten,
    /// The node's primary does not list the node in its shard.
    LeftOut(NodeName),
    /// The node does not list itself in CLUSTER SHARDS.
    Unlisted,
    /// The node has a wrong primary.
    WrongPrimary(WrongPrimary),
    /// The node should become the primary.
    RoleSwap,
    /// The node is not in the spec.
    Leaves,
    /// The node's primary leaves or is replaced.
    PrimaryGoes(NodeName),
    /// The node leaves or is replaced once another node has its role.
    HandsOver,
    /// A first full sync must not be delayed while nodes are replaced.
    Replacing,
    /// Other settings make a repair faster.
    Mending,
    /// The files name other nodes as primaries.
    RolesSwapped,
    /// Settings differ from the spec: directive, value in force, wanted value.
    Settings(Vec<(String, String, String)>),
    /// The spec no longer has these directives.
    TakenOut(Vec<String>),
    /// The node has another certificate.
    Certificate(Renewal),
    /// A user differs from the spec: the name of the user, and the difference.
    User(String, UserDrift),
    /// The server's login at its primary is wrong.
    PrimaryLogin,
    /// The sentinel's login at servers and other sentinels is wrong.
    SentinelLogin,
    /// Other settings make forming faster.
    Forming,
    /// A replica is listed for clients once it has seen a write.
    ReplicasUnseen,
    /// Earlier steps of the plan changed the deployment.
    Changed,
    /// The first disagreement with the expected state.
    Unsettled(Disagreement),
}

impl fmt::Display for Cause {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AskedFor => formatter.write_str("asked for"),
            Self::NotFound => formatter.write_str("not found"),
            Self::EngineReplaced(engine) => write!(formatter, "engine {engine} was replaced"),
            Self::New => formatter.write_str("new"),
            Self::NotRunning => formatter.write_str("not running"),
            Self::OutOfMemory => {
                formatter.write_str("killed by the kernel: out of memory, see `resources.memory`")
            }
            Self::Paused => formatter.write_str("paused"),
            Self::Detached => formatter.write_str("detached from the network"),
            Self::SpecChanged(fields) if fields.iter().all(SpecField::is_changed_without_the_spec) => {
                formatter.write_str(&joined(fields))
            }
            Self::SpecChanged(fields) => write!(formatter, "spec changed: {}", joined(fields)),
            Self::Silent(reason) => write!(formatter, "does not answer: {reason}"),
            Self::Connected(1) => formatter.write_str("1 client is connected"),
            Self::Connected(number) => write!(formatter, "{number} clients are connected"),
            Self::Holds(contents) => write!(formatter, "holds {contents}"),
            Self::Unassigned(slots) => write!(formatter, "slots {slots} unassigned"),
            Self::SlotsElsewhere(owner) => write!(formatter, "{owner} owns them"),
            Self::Misplaced => formatter.write_str("slots of another shard"),
            Self::OpenSlots => formatter.write_str("open slots"),
            Self::FormedByClients => formatter.write_str("part of a cluster that clients formed"),
            Self::NewShard => formatter.write_str("primary of a new shard"),
            Self::HoldsSlots => formatter.write_str("leaves, and its slots move before"),
            Self::Unknown(nodes) => write!(formatter, "{} not known", list(nodes)),
            Self::Stranger(stranger) => {
                write!(formatter, "knows {stranger}, which is not of this deployment")
            }
            Self::WouldComeBackEmpty(primary) => {
                write!(formatter, "{primary} is down, and would come back without its keys")
            }
            Self::LeftOut(primary) => write!(formatter, "{primary} does not list it in its shard"),
            Self::Unlisted => formatter.write_str("does not list itself in CLUSTER SHARDS"),
            Self::EpochBehind(other) => write!(formatter, "{other} has a higher config epoch for it"),
            Self::Forgotten => formatter.write_str("forgotten by others"),
            Self::WrongPrimary(wrong) => wrong.fmt(formatter),
            Self::Unsettled(disagreement) => disagreement.fmt(formatter),
            Self::Certificate(renewal) => renewal.fmt(formatter),
            Self::RoleSwap => formatter.write_str("primary according to the spec"),
            Self::Leaves => formatter.write_str("not in the spec"),
            Self::PrimaryGoes(primary) => write!(formatter, "{primary} leaves or is replaced"),
            Self::HandsOver => formatter.write_str("leaves or is replaced later"),
            Self::Replacing => formatter.write_str("while nodes are replaced"),
            Self::Mending => formatter.write_str("while it is repaired"),
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
            Self::PrimaryLogin => formatter.write_str("its login to its primary differs"),
            Self::SentinelLogin => formatter.write_str("its login to servers and sentinels differs"),
            Self::Forming => formatter.write_str("while forming"),
            Self::ReplicasUnseen => formatter.write_str("clients see a replica after its first write"),
            Self::Changed => formatter.write_str("changed by earlier steps"),
        }
    }
}
