//! Calls to servers and sentinels.

use std::time::Duration;

use super::Peer;
use crate::topology::{Address, DeploymentName, NodeName, Settings, SlotSet};

/// How a primary lets a replica take its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HandOverWay {
    /// FAILOVER, where the primary's server has it.
    Command,
    /// The effect of FAILOVER, with REPLICAOF on both servers.
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
        /// The id of a node that no longer belongs to the deployment.
        id: String,
    },
    /// CLUSTER RESET HARD: the node forgets its cluster, its copy of the keys and its id.
    Reset,
    /// CLUSTER REPLICATE.
    Replicate(NodeName),
    /// CLUSTER FAILOVER TAKEOVER, once the node knows the epoch of the node that took over before. Otherwise both
    /// nodes take the same epoch, and one of them raises its own. Late gossip of its former primary may then set that
    /// epoch back, while the other nodes keep the higher epoch (seen with Redis 8.0).
    TakeOver {
        /// The node that took over before.
        after: Option<NodeName>,
    },
    /// CLUSTER BUMPEPOCH: the node claims its slots with a higher epoch than any other.
    RaiseEpoch,
    /// CLUSTER FAILOVER, and the wait until the primary has handed over. No write is lost.
    FailOver,
    /// Make a replica the primary once it has every write, and follow it.
    HandOver {
        /// The replica.
        to: Peer,
        /// How.
        way: HandOverWay,
    },
    /// SENTINEL FAILOVER, once the node's replicas have every write. The sentinels choose a replica as primary, and
    /// the node follows it.
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
    /// SENTINEL RESET: the sentinel forgets all replicas and sentinels, and discovers them again.
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
    /// ACL SETUSER: the server accepts the user's new password beside the old password.
    AddPassword {
        /// The user.
        user: String,
    },
    /// ACL DELUSER.
    DeleteUser {
        /// The user.
        user: String,
    },
    /// CONFIG SET of the node's login at its primary: the replication user, or none. The link opens again.
    LogInToPrimary {
        /// Whether it does.
        with_password: bool,
    },
    /// SENTINEL SET and SENTINEL CONFIG SET of the sentinel's login at servers and other sentinels: redisctl's own
    /// user, or none.
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

/// How long servers refuse a node that a server has forgotten.
const KEPT_OUT: Duration = Duration::from_secs(60);

impl ServerAction {
    /// The time that it may take beyond the timeout of a step.
    #[must_use]
    pub fn longer(&self) -> Duration {
        match self {
            Self::MeetAgain(_) => KEPT_OUT,
            _ => Duration::ZERO,
        }
    }
}
