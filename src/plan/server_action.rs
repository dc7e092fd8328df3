//! Calls to servers and sentinels.

use std::time::Duration;

use super::Peer;
use crate::topology::server::MoveWay;
use crate::topology::{Address, DeploymentName, NodeName, Settings, SlotSet};

/// The way in which a primary hands its role over to a replica.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HandOverWay {
    /// FAILOVER, if the primary's server has it.
    Command,
    /// The effect of FAILOVER, with REPLICAOF on both servers.
    ByHand,
    /// CLUSTER FAILOVER TAKEOVER on the replica, without a vote of the other primaries.
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
    /// CLUSTER DELSLOTS and ADDSLOTS of slots that other nodes own, and a higher config epoch.
    TakeSlots(SlotSet),
    /// Every slot goes to another primary with its keys, while clients read and write.
    MoveSlots {
        /// The slots.
        slots: SlotSet,
        /// The next owner.
        to: Peer,
        /// About how many keys they hold.
        keys: u64,
        /// The way.
        way: MoveWay,
    },
    /// CLUSTER SETSLOT STABLE: the slots are not open any longer.
    CloseSlots(SlotSet),
    /// CLUSTER CANCELSLOTMIGRATIONS: the node keeps its slots.
    CancelMigrations,
    /// CLUSTER MEET until every peer is known.
    Meet(Vec<Peer>),
    /// CLUSTER MEET, repeated until every peer stays known.
    MeetAgain(Vec<Peer>),
    /// CLUSTER FORGET.
    Forget {
        /// The id of a node outside the deployment.
        id: String,
    },
    /// CLUSTER RESET HARD: the node forgets its cluster, its copy of the keys and its id.
    Reset,
    /// CLUSTER REPLICATE.
    Replicate(NodeName),
    /// CLUSTER FAILOVER TAKEOVER, once the node knows the epoch of the node that took over before. Otherwise both
    /// nodes would choose the same epoch, and one of them would raise its own. Late gossip of its former primary
    /// could then set that epoch back, while other nodes keep the higher epoch (seen with Redis 8.0).
    TakeOver {
        /// The node that took over before.
        after: Option<NodeName>,
    },
    /// CLUSTER BUMPEPOCH: the node claims its slots with the highest epoch.
    RaiseEpoch,
    /// CLUSTER FAILOVER, and the wait until the primary has handed over. No write is lost.
    FailOver,
    /// Make a replica the primary once it has every write, and replicate it.
    HandOver {
        /// The replica.
        to: Peer,
        /// The way.
        way: HandOverWay,
    },
    /// SENTINEL FAILOVER, once the node's replicas have every write. The sentinels choose a replica as primary, and
    /// the node replicates it.
    HandOverBySentinels {
        /// The name under which sentinels watch the node.
        name: DeploymentName,
        /// The node's address.
        from: Address,
        /// Its replicas.
        replicas: Vec<Peer>,
        /// The sentinels. All of them must know the new primary in the end.
        sentinels: Vec<Peer>,
    },
    /// SENTINEL FAILOVER, and the wait until every answering sentinel names another primary.
    FailOverBySentinels {
        /// The name under which sentinels watch the primary.
        name: DeploymentName,
        /// The address of the former primary.
        from: Address,
        /// The answering sentinels.
        sentinels: Vec<Peer>,
    },
    /// REPLICAOF an address.
    Follow(Address),
    /// REPLICAOF NO ONE.
    Promote,
    /// SENTINEL MONITOR. It replaces the primary that the sentinel watches under this name.
    Monitor {
        /// The name under which the sentinel watches it: the deployment's.
        name: DeploymentName,
        /// The primary's address.
        primary: Address,
        /// The settings of SENTINEL SET.
        settings: Settings,
    },
    /// SENTINEL RESET: the sentinel forgets all replicas and sentinels, and discovers them again.
    Rediscover {
        /// The name under which the sentinel watches the primary.
        name: DeploymentName,
    },
    /// ACL SETUSER with `reset`: the user's rules, and its password, which a plan does not hold.
    SetUser {
        /// The user.
        user: String,
        /// All its rules.
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
    /// CONFIG SET of the node's login at its primary: the replication user, or no login. The link opens again.
    LogInToPrimary {
        /// Whether it logs in.
        with_password: bool,
    },
    /// SENTINEL SET and SENTINEL CONFIG SET of the sentinel's login at servers and other sentinels: redisctl's own
    /// user, or no login.
    LogInToWatched {
        /// The name under which the sentinel watches the primary.
        name: DeploymentName,
        /// Whether it logs in.
        with_password: bool,
    },
    /// WAIT, which asks the replicas for their offsets. The request itself raises the offset, and servers list
    /// replicas whose offset is above zero. A write would raise it too, but users would see the key.
    Announce,
    /// FLUSHALL and FUNCTION FLUSH, and the wait until the replicas have done the same.
    Empty {
        /// The number of replicas that are online.
        replicas: usize,
        /// Whether the server holds functions.
        has_functions: bool,
    },
    /// CLIENT LIST until the clients of a node that leaves have gone or are idle, for a limited time. Clients that still
    /// send commands learn the new owners of slots from MOVED.
    LetClientsMoveOn,
    /// CLIENT KILL of every client, except replicas, sentinels and this run.
    EndClients,
    /// SCRIPT FLUSH. Servers since Redis 7.0 do not replicate it.
    FlushScripts,
    /// BGREWRITEAOF, and the wait for its end. Then the file has the data only, without commands of the past.
    RewriteLog,
}

/// How long servers refuse a forgotten node.
const KEPT_OUT: Duration = Duration::from_secs(60);

/// The time that a server may take to write all its data.
pub const REWRITE: Duration = Duration::from_secs(60);

/// The time that the move of an empty slot may take.
const SLOWEST_SLOT: Duration = Duration::from_millis(20);

/// The time that the move of a key may take.
const SLOWEST_KEY: Duration = Duration::from_millis(1);

impl ServerAction {
    /// The time that the action may take beyond the timeout of a step.
    #[must_use]
    pub fn longer(&self) -> Duration {
        match self {
            Self::MeetAgain(_) => KEPT_OUT,
            Self::RewriteLog => REWRITE,
            Self::MoveSlots { slots, keys, .. } => {
                let slots = SLOWEST_SLOT * u32::try_from(slots.len()).unwrap_or(u32::MAX);
                slots + SLOWEST_KEY * u32::try_from(*keys).unwrap_or(u32::MAX)
            }
            _ => Duration::ZERO,
        }
    }
}
