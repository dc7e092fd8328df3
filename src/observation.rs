//! What the engine and the servers say right now: snapshots, data only, no secrets.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::Ipv4Net;

use crate::topology::acl::Categories;
use crate::topology::certificates::Renewal;
use crate::topology::container::ContainerSettings;
use crate::topology::{Address, NodeName, Server, Settings, SlotSet, Topology};

/// A deployment as it is.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Observation {
    /// The id of the image that the topology names; `None`: the engine does not have it.
    pub image: Option<String>,
    /// The deployment's network.
    pub network: Option<ObservedNetwork>,
    /// What registries call the images that containers run, `redis@sha256:…`, by the images' ids.
    pub digests: BTreeMap<String, String>,
    /// Volumes of the deployment that exist.
    pub volumes: BTreeSet<String>,
    /// Whether this run of redisctl made the volume that the nodes share: nothing has lived in it before.
    pub begun: bool,
    /// Containers of the deployment by node name.
    pub containers: BTreeMap<NodeName, ObservedContainer>,
    /// What the servers of running containers say.
    pub servers: BTreeMap<NodeName, ObservedServer>,
    /// The topology that the deployment was last brought to; `None` where it cannot be read.
    pub stored: Option<Box<Topology>>,
    /// The users whose passwords are others than the deployment was last brought to.
    pub changed_passwords: Vec<String>,
    /// Nodes whose certificates are others than the deployment was last brought to, and why.
    pub renewed_certificates: BTreeMap<NodeName, Renewal>,
    /// Whether clients have to trust another CA than before.
    pub changed_authority: bool,
    /// Things on the engine that bear a name of the deployment, but are not redisctl's.
    pub foreign: Vec<Foreign>,
    /// Servers in the deployment's cluster that are not of the deployment and own slots, by cluster id.
    pub strangers: BTreeMap<String, Stranger>,
}

impl Observation {
    /// What a node's server says, where it answers.
    #[must_use]
    pub fn view(&self, node: &NodeName) -> Option<&ServerView> {
        self.servers.get(node)?.view()
    }

    /// The nodes that the topology does not have, but that run, and where they are.
    #[must_use]
    pub fn leaving(&self, topology: &Topology) -> Vec<(NodeName, Address)> {
        let leaving = self.containers.iter().filter(|(name, container)| {
            !topology.has_container(name) && container.state == ContainerState::Running
        });
        leaving
            .filter_map(|(name, container)| Some((name.clone(), container.settings.as_ref()?.address()?)))
            .collect()
    }

    /// The servers that own slots of the cluster and are not of the deployment, by cluster id, with their slots.
    ///
    /// An address of the deployment's own is no stranger's: its container now holds another identity, and
    /// the keys of the former one are gone.
    #[must_use]
    pub fn slot_owners_besides(&self, topology: &Topology) -> BTreeMap<String, (Address, SlotSet)> {
        let of = |topology: &Topology| -> Vec<Address> {
            topology.nodes().into_iter().map(|node| node.address).collect()
        };
        let leaving = self.leaving(topology).into_iter().map(|(_, address)| address);
        let stored = self.stored.iter().flat_map(|stored| of(stored));
        let own: BTreeSet<Address> = of(topology).into_iter().chain(stored).chain(leaving).collect();
        let mut owners: BTreeMap<String, (Address, SlotSet)> = BTreeMap::new();
        let views = self.servers.values().filter_map(|server| server.view()?.cluster.as_ref());
        for (id, line) in views.flat_map(|view| &view.nodes) {
            let Some(address) = line.address.filter(|address| !own.contains(address)) else { continue };
            if line.role == ClusterRole::Primary && !line.handshake && !line.slots.is_empty() {
                let (_, slots) = owners.entry(id.clone()).or_insert_with(|| (address, SlotSet::default()));
                *slots = slots.slots().chain(line.slots.slots()).collect();
            }
        }
        owners
    }

    /// The nodes whose containers run: the topology's, and those that leave.
    #[must_use]
    pub fn running(&self, topology: &Topology) -> Vec<NodeName> {
        let runs = |name: &NodeName| {
            self.containers.get(name).is_some_and(|container| container.state == ContainerState::Running)
        };
        let staying = topology.nodes().into_iter().map(|node| node.name.clone()).filter(runs);
        staying.chain(self.leaving(topology).into_iter().map(|(name, _)| name)).collect()
    }
}

/// The deployment's network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservedNetwork {
    /// Its subnet.
    pub subnet: Option<Ipv4Net>,
}

/// A container of the deployment.
#[derive(Debug, Clone, PartialEq)]
pub struct ObservedContainer {
    /// Whether it runs.
    pub state: ContainerState,
    /// How often the engine has restarted it because its server ended, since it was started last.
    pub restarts: u32,
    /// What redisctl made it from; `None` where the label cannot be read.
    pub settings: Option<ContainerSettings>,
    /// Whether it is attached to the deployment's network.
    pub attached: bool,
    /// The id of the image that it runs.
    pub image_id: String,
}

/// Whether a container runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContainerState {
    /// Made, but never started.
    Created,
    /// Running.
    Running,
    /// Running, but frozen.
    Paused,
    /// It ended.
    Exited,
    /// It ended, and the engine is about to start it again.
    Restarting,
}

/// What redisctl did not make, under a name that it would use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foreign {
    /// `container`, `network` or `volume`.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
}

/// A server that is not of the deployment, and owns slots of its cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stranger {
    /// Where the cluster's nodes reach it.
    pub address: Address,
    /// The slots that it owns.
    pub slots: SlotSet,
    /// How many keys it holds; `None` where it does not say.
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
    /// The server that answers; `None` where its version cannot be read.
    pub server: Option<Server>,
    /// Its replication.
    pub replication: Replication,
    /// The history of its data set; `None` where it does not say.
    pub history: Option<History>,
    /// How many keys it holds.
    pub keys: u64,
    /// `used_memory`, bytes.
    pub memory: u64,
    /// Every directive in force, passwords left out.
    pub settings: Settings,
    /// Its users; `None` where it was not asked for them.
    pub access: Option<AccessView>,
    /// Its view of the cluster; `None` where it is no cluster node.
    pub cluster: Option<ClusterView>,
    /// What it watches; `None` where it is no sentinel. A sentinel replicates nobody, and its
    /// settings are those under which it watches.
    pub sentinel: Option<SentinelView>,
}

/// What a sentinel knows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SentinelView {
    /// The primary that it watches under the deployment's name, if it does.
    pub watched: Option<Watched>,
}

/// A primary, as a sentinel sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watched {
    /// Its address; `None` where that is not written as an IP.
    pub primary: Option<Address>,
    /// Whether the sentinel thinks that it is down, or is about to replace it.
    pub failing: bool,
    /// Whether the sentinel is replacing it: another server is told to be primary, or is one already.
    pub choosing: bool,
    /// The number of the choice that it was made primary by; 0 where there was none. Of two sentinels that name
    /// different ones, the one with the higher number is right, and the other one hears of it.
    pub epoch: u64,
    /// The replicas that it knows of, and whether each seems to be up and in its place.
    pub replicas: BTreeMap<Address, bool>,
    /// The other sentinels that it knows of, and whether each seems to be up.
    pub sentinels: BTreeMap<Address, bool>,
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

/// Who may do what at a server. Passwords, and what could be tried against a list of them, have been
/// judged where they were read, and are not in it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AccessView {
    /// Its users by name.
    pub users: BTreeMap<String, ObservedUser>,
    /// How it logs in to its primary.
    pub primary_login: PrimaryLogin,
    /// Its commands by category: what rules mean.
    pub categories: Categories,
}

/// An ACL user of a server.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ObservedUser {
    /// Its rules as the server says them, `nopass` among them, other words about passwords left out.
    pub rules: Vec<String>,
    /// Whether its password of the spec lets in.
    pub right_password: bool,
    /// Whether another password lets in.
    pub other_password: bool,
}

/// How a server logs in to its primary; or a sentinel to servers and other sentinels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PrimaryLogin {
    /// Not at all.
    #[default]
    None,
    /// As it should where there is `auth`: as the user for that, with that one's password.
    Right,
    /// In another way.
    Other,
}

/// The replication history that a server's data set belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// `master_replid`.
    pub id: String,
    /// The history that it went on from, and the first offset that is not of it any more: `master_replid2` and
    /// `second_repl_offset`.
    pub earlier: Option<(String, u64)>,
}

/// `INFO replication`, what matters of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Replication {
    /// A primary.
    Primary {
        /// Addresses of replicas that are online.
        online_replicas: BTreeSet<Address>,
        /// Addresses of replicas that are still being brought up to date, or have not acknowledged
        /// anything for a while.
        joining_replicas: BTreeSet<Address>,
        /// Its replication offset, bytes.
        offset: u64,
    },
    /// A replica.
    Replica {
        /// The address of its primary; `None` where that is not written as an IP.
        of: Option<Address>,
        /// Whether the link to it is up.
        link_up: bool,
        /// Its replication offset, bytes.
        offset: u64,
    },
}

impl Replication {
    /// The replication offset, bytes.
    #[must_use]
    pub fn offset(&self) -> u64 {
        match self {
            Self::Primary { offset, .. } | Self::Replica { offset, .. } => *offset,
        }
    }
}

impl Default for Replication {
    fn default() -> Self {
        Self::Primary { online_replicas: BTreeSet::new(), joining_replicas: BTreeSet::new(), offset: 0 }
    }
}

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
    /// Whom `CLUSTER SHARDS` lists, by node id, and whether as online; `None` where the server has no
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
