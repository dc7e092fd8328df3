//! What a node says of its cluster, and the servers in it that are not of the deployment.

use std::collections::{BTreeMap, BTreeSet};

use crate::topology::{Address, SlotSet};

/// One node's view of its cluster.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ClusterView {
    /// Whether the node says `cluster_state:ok`.
    pub ok: bool,
    /// The id of the node that says all this.
    pub own_id: String,
    /// `cluster_current_epoch`.
    pub current_epoch: u64,
    /// `CLUSTER NODES`, by node id.
    pub nodes: BTreeMap<String, ClusterNode>,
    /// The slots that the node itself says are open, each with the node at the other end.
    pub open_slots: BTreeMap<u16, SlotWay>,
    /// What `CLUSTER SLOTS` lists: per range of slots, the ids of the nodes that serve it, the
    /// primary first.
    pub slots: BTreeMap<(u16, u16), Vec<String>>,
    /// The ids of those whom it lists without a host to dial: what they announce has not got here yet.
    pub hostless: BTreeSet<String>,
    /// Whom `CLUSTER SHARDS` lists, by node id, and whether as online; `None` if the server has no
    /// such command.
    pub shards: Option<BTreeMap<String, bool>>,
}

impl ClusterView {
    /// The line about the node itself.
    #[must_use]
    pub fn own(&self) -> Option<&ClusterNode> {
        self.nodes.get(&self.own_id)
    }
}

/// The way of an open slot.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum SlotWay {
    /// MIGRATING to the node with this cluster id.
    Migrating(String),
    /// IMPORTING from the node with this cluster id.
    Importing(String),
}

/// One line of `CLUSTER NODES`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterNode {
    /// The address that gossip uses.
    pub address: Option<Address>,
    /// Primary, or replica of the node with this id.
    pub role: ClusterRole,
    /// Whether this is a handshake: the node's real id is not known yet.
    pub handshake: bool,
    /// Whether the node is thought to be down: `fail`, `fail?` or `noaddr`.
    pub failing: bool,
    /// The slots that it owns.
    pub slots: SlotSet,
    /// Its configuration epoch.
    pub epoch: u64,
    /// Whether the bus link to it is connected.
    pub connected: bool,
}

/// A cluster node's role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClusterRole {
    /// A primary.
    Primary,
    /// The replica of the node with this id.
    Replica(String),
}

/// A server that is not of the deployment, and owns slots of its cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stranger {
    /// Where the cluster's nodes reach it.
    pub address: Address,
    /// The slots that it owns.
    pub slots: SlotSet,
    /// How many keys it holds; `None` if it does not say.
    pub keys: Option<u64>,
}

impl Stranger {
    /// Whether keys go when its slots are given to another node. A server that does not answer counts as one
    /// that has keys.
    #[must_use]
    pub fn may_hold_keys(&self) -> bool {
        self.keys != Some(0)
    }
}
