//! What one server says of itself and its neighbours.

use super::ability::Ability;
use super::access::AccessView;
use super::cluster::ClusterView;
use super::loaded_module::LoadedModule;
use super::replication::{History, Replication};
use super::sentinel::{SentinelView, Watched};
use crate::topology::{Server, Settings};

/// A server, as far as it answers.
#[derive(Debug, Clone, PartialEq)]
pub enum ObservedServer {
    /// It does not answer, and why.
    Silent(String),
    /// It answers.
    Answering(Box<ServerView>),
}

impl ObservedServer {
    /// The view, where the server answers.
    #[must_use]
    pub fn view(&self) -> Option<&ServerView> {
        match self {
            Self::Silent(_) => None,
            Self::Answering(view) => Some(view),
        }
    }
}

/// What one server says of itself and its neighbours.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ServerView {
    /// The server that answers; `None` if its version cannot be read.
    pub server: Option<Server>,
    /// Its replication.
    pub replication: Replication,
    /// The history of its data set; `None` if it does not say.
    pub history: Option<History>,
    /// How many keys it holds.
    pub keys: u64,
    /// `used_memory`, bytes.
    pub memory: u64,
    /// For how many seconds it has run; `None` if it does not say.
    pub uptime: Option<u64>,
    /// What it says of its ability to serve.
    pub ability: Ability,
    /// Every directive in force, passwords left out.
    pub settings: Settings,
    /// The modules that it has loaded; `None` if it was not asked for them, or does not say.
    pub modules: Option<Vec<LoadedModule>>,
    /// Its users; `None` if it was not asked for them.
    pub access: Option<AccessView>,
    /// Its view of the cluster; `None` if it is no cluster node.
    pub cluster: Option<ClusterView>,
    /// What it watches; `None` if it is no sentinel. A sentinel replicates nobody, and its
    /// settings are those under which it watches.
    pub sentinel: Option<SentinelView>,
}

impl ServerView {
    /// Whether every write that another server holds has been applied here, by the servers' replication
    /// histories. A server without keys has nothing to lose.
    #[must_use]
    pub fn has_all_of(&self, other: &Self) -> bool {
        if other.keys == 0 {
            return true;
        }
        let (Some(own), Some(theirs)) = (&self.history, &other.history) else { return false };
        let (heard, written) = (self.replication.offset(), other.replication.offset());
        // The offset up to which a server's data is a given history's; a promotion ends the earlier one.
        let reach = |history: &History, id: &str, offset: u64| {
            let earlier = history.earlier.as_ref().filter(|(earlier, _)| earlier == id);
            if history.id == id { Some(offset) } else { earlier.map(|(_, end)| end.saturating_sub(1)) }
        };
        let histories = std::iter::once(&theirs.id).chain(theirs.earlier.as_ref().map(|(id, _)| id));
        // All that the other server wrote must be of a history that this one has followed as far.
        let mut common =
            histories.filter_map(|id| Some((reach(own, id, heard)?, reach(theirs, id, written)?)));
        common.any(|(here, there)| there >= written && here >= written)
    }

    /// What it watches, where it is a sentinel and does.
    #[must_use]
    pub fn watched(&self) -> Option<&Watched> {
        self.sentinel.as_ref()?.watched.as_ref()
    }
}
