//! One server process: its settings, its keys, its replication and its side of the cluster.

use std::time::Duration;

use redisctl::observation::History;
use redisctl::topology::settings::usual::usual_default;
use redisctl::topology::{Address, Learned, Server, Settings};
use tokio::time::Instant;

use super::access::Accounts;
use super::cluster::Cluster;
use super::keys::Keys;
use super::sentinel::Sentinel;

/// How long a primary that has just started refuses to say `cluster_state:ok`.
const WRITABLE_DELAY: Duration = Duration::from_secs(2);

/// Directives whose defaults the servers print, beside those that forming changes.
const DEFAULTS: [(&str, &str); 10] = [
    ("appendonly", "no"),
    ("databases", "16"),
    ("lazyfree-lazy-expire", "no"),
    ("maxclients", "10000"),
    ("maxmemory", "0"),
    ("maxmemory-policy", "noeviction"),
    ("min-replicas-to-write", "0"),
    ("notify-keyspace-events", ""),
    ("replica-read-only", "yes"),
    ("save", "3600 1 300 100 60 10000"),
];

/// Defaults of what forming changes.
const FORMING: [&str; 7] = [
    "cluster-allow-replica-migration",
    "cluster-node-timeout",
    "cluster-replica-no-failover",
    "cluster-require-full-coverage",
    "repl-diskless-load",
    "repl-diskless-sync-delay",
    "repl-ping-replica-period",
];

/// What a server has where its configuration says nothing.
fn defaults() -> Settings {
    let forming = FORMING.iter().filter_map(|name| Some((*name, usual_default(name)?)));
    DEFAULTS.into_iter().chain(forming).collect()
}

/// What servers make of directives.
pub(crate) fn learned() -> Learned {
    let defaults = defaults();
    let live = defaults.iter().map(|(name, _)| name).filter(|name| !IMMUTABLE.contains(name));
    let live = live.map(str::to_owned).collect();
    let mut learned = Learned::nothing_of("sha256:1");
    learned.learn(&Settings::default(), &defaults, Some(&live));
    learned
}

/// Directives that no CONFIG SET changes.
pub(crate) const IMMUTABLE: [&str; 4] = ["cluster-enabled", "cluster-config-file", "databases", "io-threads"];

/// How far a replica's link is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Link {
    Down,
    Joining,
    Up,
}

/// What outlives a process, in its folder.
#[derive(Debug, Clone, Default)]
pub(crate) struct Data {
    pub(crate) cluster: Option<Cluster>,
    /// Who wrote it.
    pub(crate) server: Option<Server>,
    pub(crate) keys: Keys,
}

/// A running server.
#[derive(Debug)]
pub(crate) struct Process {
    /// By its container's image.
    pub(crate) server: Server,
    pub(crate) address: Address,
    pub(crate) settings: Settings,
    pub(crate) accounts: Accounts,
    /// By its file; it decides which password the default user has.
    pub(crate) starts_as_primary: bool,
    pub(crate) started: Instant,
    pub(crate) pinged: Instant,
    pub(crate) cluster: Option<Cluster>,
    pub(crate) sentinel: Option<Sentinel>,
    /// REPLICAOF, where it is no cluster node.
    pub(crate) follows: Option<Address>,
    /// The link to the primary that it has, or makes.
    pub(crate) link: (Option<Address>, Link),
    /// The user as which the link is logged in.
    pub(crate) linked_as: String,
    pub(crate) offset: u64,
    /// Whether writes are kept for replicas: only from the first replica on.
    pub(crate) has_backlog: bool,
    pub(crate) keys: Keys,
    /// The history that the data set belongs to.
    pub(crate) history: History,
}

impl Process {
    /// Starts a server on a configuration; `id` is for a cluster node that has none yet.
    pub(crate) fn start(
        server: Server,
        configuration: &Settings,
        accounts: Accounts,
        address: Address,
        data: Data,
        id: String,
    ) -> Self {
        let mut settings = defaults();
        for (name, value) in configuration.iter() {
            settings.set(name, value);
        }
        let follows = settings.get("replicaof").and_then(|text| {
            let (ip, port) = text.split_once(' ')?;
            Some(Address { ip: ip.parse().ok()?, port: port.parse().ok()? })
        });
        let mut cluster = None;
        if settings.get("cluster-enabled") == Some("yes") {
            let mut state = data.cluster.unwrap_or_else(|| Cluster::new(id, address));
            state.ok = false;
            state.own_mut().address = Some(address);
            let gets_its_id =
                data.server.is_some_and(|before| !before.has_shard_ids()) && server.has_shard_ids();
            state.is_unlisted = gets_its_id && !state.own().slots.is_empty();
            cluster = Some(state);
        }
        Self {
            server,
            address,
            starts_as_primary: settings.get("replicaof").is_none(),
            settings,
            accounts,
            started: Instant::now(),
            pinged: Instant::now(),
            cluster,
            sentinel: None,
            follows,
            link: (None, Link::Down),
            linked_as: String::new(),
            offset: 0,
            has_backlog: false,
            keys: data.keys,
            history: History { id: format!("{address} from {:?}", Instant::now()), earlier: None },
        }
    }

    /// `REPLICAOF NO ONE`: a history of its own goes on from the primary's.
    pub(crate) fn promote(&mut self) {
        if self.follows.take().is_some() {
            let earlier = Some((self.history.id.clone(), self.offset + 1));
            self.history = History { id: format!("{}/{}", self.history.id, self.address), earlier };
        }
    }

    /// What is left in the folder when the process ends.
    pub(crate) fn end(self) -> Data {
        let persists =
            self.settings.get("save") != Some("") || self.settings.get("appendonly") == Some("yes");
        Data {
            cluster: self.cluster,
            server: Some(self.server),
            keys: if persists { self.keys } else { Keys::default() },
        }
    }

    /// Who it replicates, if anybody.
    pub(crate) fn primary(&self) -> Option<Address> {
        match &self.cluster {
            Some(cluster) => match &cluster.own().role {
                redisctl::observation::ClusterRole::Primary => None,
                redisctl::observation::ClusterRole::Replica(id) => {
                    cluster.nodes.get(id).and_then(|line| line.address)
                }
            },
            None => self.follows,
        }
    }

    pub(crate) fn is_replica(&self) -> bool {
        match &self.cluster {
            Some(cluster) => cluster.own().role != redisctl::observation::ClusterRole::Primary,
            None => self.follows.is_some(),
        }
    }

    pub(crate) fn is_fresh(&self) -> bool {
        self.started.elapsed() < WRITABLE_DELAY
    }

    /// A write of some bytes; without a backlog nobody counts them.
    pub(crate) fn write(&mut self, bytes: u64) {
        if self.has_backlog {
            self.offset += bytes;
        }
    }
}
