//! A node's view of its cluster, and the strangers in the cluster.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use crate::topology::{Address, SlotSet};

/// One node's view of its cluster.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ClusterView {
    /// Whether the node reports `cluster_state:ok`.
    pub ok: bool,
    /// The id of the node itself.
    pub own_id: String,
    /// `cluster_current_epoch`.
    pub current_epoch: u64,
    /// Whether its process has ever asked other nodes for their votes.
    pub asked_for_votes: bool,
    /// `CLUSTER NODES`, by node id.
    pub nodes: BTreeMap<String, ClusterNode>,
    /// The open slots of the node itself, each with the node at the other end.
    pub open_slots: BTreeMap<u16, SlotWay>,
    /// The slots that the node sends by running atomic migrations, by the id of their target.
    pub exports: BTreeMap<String, SlotSet>,
    /// `CLUSTER SLOTS`: for each range of slots, the ids of its nodes, the primary first.
    pub slots: BTreeMap<(u16, u16), Vec<String>>,
    /// The ids that it lists without a host: their announced host is not known yet.
    pub hostless: BTreeSet<String>,
    /// `CLUSTER SHARDS`: the listed node ids, and whether each is online; `None` if the server has no such command.
    pub shards: Option<BTreeMap<String, bool>>,
}

impl ClusterView {
    /// The line about the node itself.
    #[must_use]
    pub fn own(&self) -> Option<&ClusterNode> {
        self.nodes.get(&self.own_id)
    }
}

/// The direction of an open slot.
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
    /// The IP that it announces to clients instead; `None` if it announces the address.
    pub told_ip: Option<Ipv4Addr>,
    /// Primary, or replica of the node with this id.
    pub role: ClusterRole,
    /// Whether this is a handshake: the node's real id is not known yet.
    pub handshake: bool,
    /// Whether the node is seen as down: `fail`, `fail?` or `noaddr`.
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

/// A stranger: a server outside the deployment that owns slots of its cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stranger {
    /// The address that the cluster's nodes use.
    pub address: Address,
    /// The slots that it owns.
    pub slots: SlotSet,
    /// The number of its keys; `None` if it does not answer.
    pub keys: Option<u64>,
}

impl Stranger {
    /// Whether keys may be lost if its slots are given to another node. A server that does not answer may hold keys.
    #[must_use]
    pub fn may_hold_keys(&self) -> bool {
        self.keys != Some(0)
    }
}
