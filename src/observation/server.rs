//! A server's answers about itself and its neighbours.

use super::ability::Ability;
use super::access::AccessView;
use super::clients::Clients;
use super::cluster::ClusterView;
use super::contents::Contents;
use super::loaded_module::LoadedModule;
use super::replication::{History, Replication};
use super::sentinel::{SentinelView, Watched};
use crate::topology::{Server, Settings};

/// A server's answers, or the reason of its silence.
#[derive(Debug, Clone, PartialEq)]
pub enum ObservedServer {
    /// It does not answer, for this reason.
    Silent(String),
    /// It answers.
    Answering(Box<ServerView>),
}

impl ObservedServer {
    /// The view, if the server answers.
    #[must_use]
    pub fn view(&self) -> Option<&ServerView> {
        match self {
            Self::Silent(_) => None,
            Self::Answering(view) => Some(view),
        }
    }
}

/// A server's answers about itself and its neighbours.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ServerView {
    /// The server and its version; `None` if the version cannot be read.
    pub server: Option<Server>,
    /// Its replication.
    pub replication: Replication,
    /// The history of its data; `None` if it does not report it.
    pub history: Option<History>,
    /// The number of its keys.
    pub keys: u64,
    /// The number of its libraries of functions.
    pub libraries: u64,
    /// The number of its cached scripts.
    pub scripts: u64,
    /// Its clients; none if it was not asked for them.
    pub clients: Clients,
    /// `used_memory`, bytes.
    pub memory: u64,
    /// `used_memory_dataset`, bytes: its memory without that of the server itself.
    pub data: u64,
    /// The seconds since its start; `None` if it does not report them.
    pub uptime: Option<u64>,
    /// Its ability to serve.
    pub ability: Ability,
    /// All directives in force, without passwords.
    pub settings: Settings,
    /// The modules that it has loaded; `None` if it was not asked for them, or does not say.
    pub modules: Option<Vec<LoadedModule>>,
    /// Its users; `None` if they were not asked for.
    pub access: Option<AccessView>,
    /// Its view of the cluster; `None` if it is not a cluster node.
    pub cluster: Option<ClusterView>,
    /// Its view as a sentinel; `None` if it is not a sentinel. A sentinel does not replicate, and its settings are
    /// those of SENTINEL SET.
    pub sentinel: Option<SentinelView>,
}

impl ServerView {
    /// The data that it holds for clients.
    #[must_use]
    pub fn contents(&self) -> Contents {
        Contents { keys: self.keys, libraries: self.libraries, scripts: self.scripts }
    }

    /// Whether this server has all writes of another server, by their replication histories. A server without keys
    /// has no writes to lose.
    #[must_use]
    pub fn has_all_of(&self, other: &Self) -> bool {
        if other.keys == 0 {
            return true;
        }
        let (Some(own), Some(theirs)) = (&self.history, &other.history) else { return false };
        let (heard, written) = (self.replication.offset(), other.replication.offset());
        // The offset up to which a server's data belongs to a given history. A promotion ends the earlier history.
        let reach = |history: &History, id: &str, offset: u64| {
            let earlier = history.earlier.as_ref().filter(|(earlier, _)| earlier == id);
            if history.id == id { Some(offset) } else { earlier.map(|(_, end)| end.saturating_sub(1)) }
        };
        let histories = std::iter::once(&theirs.id).chain(theirs.earlier.as_ref().map(|(id, _)| id));
        // All writes of the other server must belong to a history that this server has followed as far.
        let mut common =
            histories.filter_map(|id| Some((reach(own, id, heard)?, reach(theirs, id, written)?)));
        common.any(|(here, there)| there >= written && here >= written)
    }

    /// The primary that it watches, if it is a sentinel.
    #[must_use]
    pub fn watched(&self) -> Option<&Watched> {
        self.sentinel.as_ref()?.watched.as_ref()
    }
}
