//! Actions as text.

use std::fmt;

use super::names::list;
use super::{Action, ClusterExpectation, Condition, EngineAction, Milestone, ServerAction};
use crate::counted::counted;
use crate::topology::container::ContainerSettings;
use crate::topology::users::{OPERATOR, REPLICATION};
use crate::topology::{Module, NodeName, Settings};

impl fmt::Display for Action {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Engine(action) => action.fmt(formatter),
            Self::Server(action) => action.fmt(formatter),
            Self::Await(condition) => condition.fmt(formatter),
        }
    }
}

impl fmt::Display for EngineAction {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PullImage { reference, platform } => {
                write!(formatter, "pull image {reference}")?;
                platform.iter().try_for_each(|platform| write!(formatter, " for {platform}"))
            }
            Self::RemoveVolume { name } => write!(formatter, "remove volume {name} with its data"),
            Self::RemoveNetwork(_) => formatter.write_str("remove network"),
            Self::CreateNetwork(network) => {
                write!(formatter, "create network, subnet {}", network.subnet)?;
                network.mtu.map_or(Ok(()), |mtu| write!(formatter, ", MTU {mtu}"))
            }
            Self::CreateVolume(volume) => write!(formatter, "create volume {}", volume.name),
            Self::CreateContainer(container) => {
                let ContainerSettings { image, network, modules, .. } = container.as_ref();
                write!(formatter, "create container, image {image}, {network}{}", with_modules(modules))
            }
            Self::WriteFiles { nodes, primary: None, .. } => {
                write!(formatter, "write files of {}", list(nodes))
            }
            Self::WriteFiles { nodes, primary: Some(primary), .. } => {
                write!(formatter, "write files of {}, primary {primary}", list(nodes))
            }
            Self::PrepareDataFolder => formatter.write_str("prepare data folder"),
            Self::StartContainer => formatter.write_str("start container"),
            Self::StopContainer => formatter.write_str("stop container"),
            Self::KillContainer => formatter.write_str("kill container"),
            Self::PauseContainer => formatter.write_str("pause container"),
            Self::UnpauseContainer => formatter.write_str("unpause container"),
            Self::AttachContainer { ip: Some(ip), .. } => write!(formatter, "attach to the network at {ip}"),
            Self::AttachContainer { ip: None, .. } => formatter.write_str("attach to the network"),
            Self::RemoveContainer => formatter.write_str("remove container"),
        }
    }
}

impl fmt::Display for ServerAction {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Configure(settings) => write!(formatter, "set {}", pairs(settings)),
            Self::SetConfigEpoch(epoch) => write!(formatter, "set config epoch {epoch}"),
            Self::AssignSlots(slots) => write!(formatter, "assign slots {slots}"),
            Self::TakeSlots(slots) => write!(formatter, "take back slots {slots}"),
            Self::MoveSlots { slots, to, keys, .. } => {
                let (slots, keys) = (counted(slots.len(), "slot"), counted(*keys, "key"));
                write!(formatter, "move {slots} to {}, about {keys}", to.node)
            }
            Self::CancelMigrations => formatter.write_str("cancel its migrations of slots"),
            Self::CloseSlots(slots) => write!(formatter, "close slots {slots}"),
            Self::Meet(peers) => {
                let names: Vec<NodeName> = peers.iter().map(|peer| peer.node.clone()).collect();
                write!(formatter, "meet {}", list(&names))
            }
            Self::MeetAgain(peers) => {
                let names: Vec<NodeName> = peers.iter().map(|peer| peer.node.clone()).collect();
                write!(formatter, "meet {} again until it stays known, for up to a minute", list(&names))
            }
            Self::Forget { id } => write!(formatter, "forget {}", id.get(..8).unwrap_or(id)),
            Self::Reset => formatter.write_str("reset, and drop its copy of the keys"),
            Self::Replicate(primary) => write!(formatter, "replicate {primary}"),
            Self::TakeOver { .. } => formatter.write_str("take over from its primary"),
            Self::RaiseEpoch => formatter.write_str("raise its config epoch"),
            Self::FailOver => formatter.write_str("become primary by a failover"),
            Self::HandOverBySentinels { .. } => {
                formatter.write_str("hand over to the replica that the sentinels choose")
            }
            Self::FailOverBySentinels { .. } => {
                formatter.write_str("fail over to the replica that the sentinels choose")
            }
            Self::HandOver { to, .. } => write!(formatter, "hand over to {}", to.node),
            Self::Follow(address) => write!(formatter, "follow {address}"),
            Self::Promote => formatter.write_str("become primary"),
            Self::Monitor { primary, .. } => write!(formatter, "watch the primary at {primary}"),
            Self::Rediscover { .. } => formatter.write_str("rediscover replicas and sentinels"),
            Self::SetUser { user, .. } => write!(formatter, "set user {user}"),
            Self::AddPassword { user } => write!(formatter, "accept the new password of user {user} too"),
            Self::DeleteUser { user } => write!(formatter, "delete user {user}"),
            Self::LogInToPrimary { with_password: true } => {
                write!(formatter, "log in to its primary as {REPLICATION}")
            }
            Self::LogInToPrimary { with_password: false } => {
                formatter.write_str("stop logging in to its primary")
            }
            Self::LogInToWatched { with_password: true, .. } => {
                write!(formatter, "log in to servers and sentinels as {OPERATOR}")
            }
            Self::LogInToWatched { with_password: false, .. } => {
                formatter.write_str("stop logging in to servers and sentinels")
            }
            Self::Announce => formatter.write_str("make its replicas known"),
            Self::Empty { has_functions: true, .. } => formatter.write_str("remove keys and functions"),
            Self::Empty { has_functions: false, .. } => formatter.write_str("remove keys"),
            Self::LetClientsMoveOn => formatter.write_str("wait until its clients have moved on"),
            Self::EndClients => formatter.write_str("end the connections of clients"),
            Self::FlushScripts => formatter.write_str("remove cached scripts"),
            Self::RewriteLog => formatter.write_str("rewrite its append-only file"),
        }
    }
}

impl Condition {
    /// The condition as a clause.
    #[must_use]
    pub fn clause(&self) -> &'static str {
        match self {
            Self::Answers => "it answers",
            Self::ClusterIsUp => "it accepts keys",
            Self::ClusterAgrees(expectation) if expectation.milestone == Milestone::Ready => {
                "all nodes agree and list every replica"
            }
            Self::ClusterAgrees(ClusterExpectation { milestone: Milestone::Barrier(_), .. }) => {
                "the replicas can take over"
            }
            Self::ClusterAgrees(_) => "all nodes agree",
            Self::Empty(_) => "all nodes are empty",
            Self::ReplicasFollow(_) => "all replicas follow",
            Self::SentinelsAgree(_) => "all sentinels agree",
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "wait until {}", self.clause())
    }
}

/// `, modules rejson.so, redisearch.so`; empty without modules.
pub(super) fn with_modules(modules: &[Module]) -> String {
    let names: Vec<&str> = modules.iter().map(Module::file_name).collect();
    if names.is_empty() { String::new() } else { format!(", modules {}", names.join(", ")) }
}

/// The first settings, and the number of the others.
fn pairs(settings: &Settings) -> String {
    const MOST_SHOWN: usize = 2;
    let show = |value: &str| if value.is_empty() { "\"\"".to_owned() } else { value.to_owned() };
    let all: Vec<String> = settings.iter().map(|(name, value)| format!("{name} {}", show(value))).collect();
    match all.len().checked_sub(MOST_SHOWN) {
        Some(more) if more > 1 => format!("{} and {more} more", all[..MOST_SHOWN].join(", ")),
        _ => all.join(", "),
    }
}
