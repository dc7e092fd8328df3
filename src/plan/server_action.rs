//! Calls to servers and sentinels.

use std::time::Duration;

use super::Peer;
use crate::topology::{Address, DeploymentName, NodeName, Settings, SlotSet};

/// How a primary lets a replica take its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HandOverWay {
    /// FAILOVER, where the primary's server has it.
    Command,
    /// What FAILOVER does, with REPLICAOF on both.
    ByHand,
    /// CLUSTER FAILOVER TAKEOVER on the replica, which the rest of the cluster has no vote in.
    TakeOver,
}

/// A call to a server.
#[derive(Debug, Clone, PartialEq)]
pub enum ServerAction {
    /// CONFIG SET.
    Configure(Settings),
    /// CLUSTER SET-CONFIG-EPOCH.
    SetConfigEpoch(u64),
    /// CLUSTER ADDSLOTS.
    AssignSlots(SlotSet),
    /// CLUSTER MEET until every peer is known.
    Meet(Vec<Peer>),
    /// CLUSTER MEET again and again, until every peer stays known.
    MeetAgain(Vec<Peer>),
    /// CLUSTER FORGET.
    Forget {
        /// The id of a node that is no longer one of the deployment's.
        id: String,
    },
    /// CLUSTER RESET HARD: the node forgets its cluster, its copy of the keys and its id.
    Reset,
    /// CLUSTER REPLICATE.
    Replicate(NodeName),
    /// CLUSTER FAILOVER TAKEOVER, once the node has heard of the epoch of who took over before. Two nodes
    /// that take the same one part them, but while one does, late news from its former primary may set it
    /// back, and the others keep the higher one (seen with Redis 8.0).
    TakeOver {
        /// Who took over before, if anybody.
        after: Option<NodeName>,
    },
    /// CLUSTER BUMPEPOCH: the node claims its slots with a higher epoch than any other.
    RaiseEpoch,
    /// CLUSTER FAILOVER, and the wait until the primary has handed over. Nothing is lost by it.
    FailOver,
    /// Let a replica become primary in the node's place, once it has everything, and follow it.
    HandOver {
        /// The replica.
        to: Peer,
        /// How.
        way: HandOverWay,
    },
    /// SENTINEL FAILOVER, once the node's replicas have everything: the sentinels let one of them become
    /// primary in the node's place, which follows it.
    HandOverBySentinels {
        /// The name that the node is watched under.
        name: DeploymentName,
        /// Where the node is.
        from: Address,
        /// Its replicas.
        replicas: Vec<Peer>,
        /// The sentinels: all of them have to know in the end.
        sentinels: Vec<Peer>,
    },
    /// SENTINEL FAILOVER, and the wait until every sentinel that answers names another primary.
    FailOverBySentinels {
        /// The name that the primary is watched under.
        name: DeploymentName,
        /// Where the primary was.
        from: Address,
        /// The sentinels that answer.
        sentinels: Vec<Peer>,
    },
    /// REPLICAOF an address.
    Follow(Address),
    /// REPLICAOF NO ONE.
    Promote,
    /// SENTINEL MONITOR, in place of whatever the sentinel watches under the deployment's name.
    Monitor {
        /// The name to watch it under: the deployment's.
        name: DeploymentName,
        /// Where the primary is.
        primary: Address,
        /// How it is watched, in the words of SENTINEL SET.
        settings: Settings,
    },
    /// SENTINEL RESET: the sentinel forgets all but the primary, and finds out anew who there is.
    Rediscover {
        /// The name that the primary is watched under.
        name: DeploymentName,
    },
    /// ACL SETUSER from nothing: the user's rules, and its password, which a plan does not hold.
    SetUser {
        /// The user.
        user: String,
        /// Its rules, all of them.
        rules: Vec<String>,
    },
    /// ACL SETUSER: the user's password lets in beside the one that does already.
    AddPassword {
        /// The user.
        user: String,
    },
    /// ACL DELUSER.
    DeleteUser {
        /// The user.
        user: String,
    },
    /// CONFIG SET of how the node logs in to its primary: as the user for that; or no longer. Its link
    /// opens again.
    LogInToPrimary {
        /// Whether it does.
        with_password: bool,
    },
    /// SENTINEL SET and SENTINEL CONFIG SET of how the sentinel logs in at servers and at other sentinels:
    /// as redisctl's own user; or no longer.
    LogInToWatched {
        /// The name that the primary is watched under.
        name: DeploymentName,
        /// Whether it does.
        with_password: bool,
    },
    /// WAIT, which asks the replicas for their offsets. The question itself moves the offset, and servers tell clients
    /// of replicas whose offset is above zero. A write would move it, too, and users would see the key.
    Announce,
}

/// For how long servers keep out a node that one of them has forgotten.
const KEPT_OUT: Duration = Duration::from_secs(60);

impl ServerAction {
    /// By how much it may take longer than any other action.
    #[must_use]
    pub fn longer(&self) -> Duration {
        match self {
            Self::MeetAgain(_) => KEPT_OUT,
            _ => Duration::ZERO,
        }
    }
}
