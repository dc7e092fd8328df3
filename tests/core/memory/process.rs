//! A server process: its settings, its keys, its replication and its side of the cluster.

use std::time::Duration;

use redisctl::observation::History;
use redisctl::topology::settings::usual::usual_default;
use redisctl::topology::{Address, Learned, Server, Settings};
use tokio::time::Instant;

use super::access::Accounts;
use super::cluster::Cluster;
use super::keys::Keys;
use super::sentinel::Sentinel;

/// How long a primary does not report `cluster_state:ok` after its start.
const WRITABLE_DELAY: Duration = Duration::from_secs(2);

/// Directives with known defaults, except those that forming changes.
const DEFAULTS: [(&str, &str); 11] = [
    ("appendonly", "no"),
    ("databases", "16"),
    ("lazyfree-lazy-expire", "no"),
    ("maxclients", "10000"),
    ("maxmemory", "0"),
    ("maxmemory-policy", "noeviction"),
    ("min-replicas-to-write", "0"),
    ("replica-priority", "100"),
    ("notify-keyspace-events", ""),
    ("replica-read-only", "yes"),
    ("save", "3600 1 300 100 60 10000"),
];

/// Defaults of directives that forming changes.
const FORMING: [&str; 7] = [
    "cluster-allow-replica-migration",
    "cluster-node-timeout",
    "cluster-replica-no-failover",
    "cluster-require-full-coverage",
    "repl-diskless-load",
    "repl-diskless-sync-delay",
    "repl-ping-replica-period",
];

/// The settings of a server with an empty configuration.
fn defaults() -> Settings {
    let forming = FORMING.iter().filter_map(|name| Some((*name, usual_default(name)?)));
    DEFAULTS.into_iter().chain(forming).collect()
}

/// The facts about directives that servers tell.
pub(crate) fn learned() -> Learned {
    let defaults = defaults();
    let live = defaults.iter().map(|(name, _)| name).filter(|name| !IMMUTABLE.contains(name));
    let live = live.map(str::to_owned).collect();
    let mut learned = Learned::nothing_of("sha256:1");
    learned.learn(&Settings::default(), &defaults, Some(&live));
    learned
}

/// Directives that CONFIG SET cannot change.
pub(crate) const IMMUTABLE: [&str; 4] = ["cluster-enabled", "cluster-config-file", "databases", "io-threads"];

/// The state of a replica's link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Link {
    Down,
    Joining,
    Up,
}

/// The data of a process in its folder.
#[derive(Debug, Clone, Default)]
pub(crate) struct Data {
    pub(crate) cluster: Option<Cluster>,
    /// The server that wrote it.
    pub(crate) server: Option<Server>,
    pub(crate) keys: Keys,
}

/// A running server.
#[derive(Debug)]
pub(crate) struct Process {
    /// The server of its container's image.
    pub(crate) server: Server,
    pub(crate) address: Address,
    pub(crate) settings: Settings,
    pub(crate) accounts: Accounts,
    /// Whether its file makes it a primary. This decides the default user's password.
    pub(crate) starts_as_primary: bool,
    pub(crate) started: Instant,
    pub(crate) pinged: Instant,
    pub(crate) cluster: Option<Cluster>,
    pub(crate) sentinel: Option<Sentinel>,
    /// REPLICAOF, if it is not a cluster node.
    pub(crate) follows: Option<Address>,
    /// Its link to the primary, open or opening.
    pub(crate) link: (Option<Address>, Link),
    /// The user of the link.
    pub(crate) linked_as: String,
    pub(crate) offset: u64,
    /// Whether it keeps writes for replicas: from the first replica on.
    pub(crate) has_backlog: bool,
    pub(crate) keys: Keys,
    /// The replication history of its data.
    pub(crate) history: History,
}

impl Process {
    /// Starts a server with a configuration. `id` is for a cluster node without an id.
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

    /// `REPLICAOF NO ONE`: its own history continues the primary's.
    pub(crate) fn promote(&mut self) {
        if self.follows.take().is_some() {
            let earlier = Some((self.history.id.clone(), self.offset + 1));
            self.history = History { id: format!("{}/{}", self.history.id, self.address), earlier };
        }
    }

    /// The data in the folder after the end of the process.
    pub(crate) fn end(self) -> Data {
        let persists =
            self.settings.get("save") != Some("") || self.settings.get("appendonly") == Some("yes");
        Data {
            cluster: self.cluster,
            server: Some(self.server),
            keys: if persists { self.keys } else { Keys::default() },
        }
    }

    /// The address of its primary, if any.
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

    /// A write of some bytes. Without a backlog the offset does not move.
    pub(crate) fn write(&mut self, bytes: u64) {
        if self.has_backlog {
            self.offset += bytes;
        }
    }
}
