//! Directives of `redis.conf` with their values: the directives that redisctl owns, and comparisons of values.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Kind, Server, Topology};

pub mod usual;
pub mod values;

use crate::spec::redis_conf::names::newest_name;

/// Directives with their values, spelt as in `redis.conf`. A directive may have an old and a new name. Both names
/// find it, and it keeps the name by which it was set.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settings(BTreeMap<String, Setting>);

/// A directive's name in lower case, and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Setting {
    name: String,
    value: String,
}

impl Settings {
    /// Sets a directive.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        let setting = Setting { name: name.to_ascii_lowercase(), value: value.into() };
        self.0.insert(newest_name(name).into_owned(), setting);
    }

    /// The value of a directive.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(&*newest_name(name)).map(|setting| setting.value.as_str())
    }

    /// Removes a directive.
    pub fn remove(&mut self, name: &str) {
        self.0.remove(&*newest_name(name));
    }

    /// Every directive, sorted by its newest name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.values().map(|setting| (setting.name.as_str(), setting.value.as_str()))
    }

    /// Whether it has no directive.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Settings {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for Settings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(BTreeMap::<String, String>::deserialize(deserializer)?.into_iter().collect())
    }
}

impl<N: AsRef<str>, V: Into<String>> FromIterator<(N, V)> for Settings {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        let mut settings = Self::default();
        for (name, value) in pairs {
            settings.set(name.as_ref(), value);
        }
        settings
    }
}

/// Directives that redisctl decides, each with the field to set instead, or the reason. A `*` at the end
/// stands for any ending.
const OWNED: [(&str, &str); 30] = [
    ("port", "set `ports.base` or `nodes.<node>.port`"),
    ("tls-*", "set `tls`"),
    ("bind", "set `ports.bind`"),
    ("bind-source-addr", "addresses come from `network.subnet`"),
    ("protected-mode", "redisctl decides it from `auth` and `ports.bind`"),
    ("unixsocket*", "clients reach the servers through their endpoints"),
    ("requirepass", "set `auth.password`"),
    ("masterauth", "set `auth.password`, or `auth.replica_password` where replicas have another password"),
    ("masteruser", "set `auth`"),
    ("primaryauth", "set `auth.password`"),
    ("primaryuser", "set `auth`"),
    ("user", "set `auth.users`"),
    ("aclfile", "set `auth.users`"),
    ("cluster-enabled", "set `kind`"),
    ("cluster-config-file", "redisctl keeps it with the node's data"),
    ("cluster-port", "it follows the node's port"),
    ("cluster-announce-*", "set `access` and `nodes.<node>.ip`"),
    ("cluster-preferred-endpoint-type", "set `access`"),
    ("replicaof", "set `kind` and `replicas`"),
    ("slaveof", "set `kind` and `replicas`"),
    ("replica-announce-*", "set `nodes.<node>.ip`"),
    ("slave-announce-*", "set `nodes.<node>.ip`"),
    ("dir", "set `data`"),
    ("daemonize", "the server is its container's first process"),
    ("supervised", "the server is its container's first process"),
    ("pidfile", "the server is its container's first process"),
    ("logfile", "`redisctl logs` shows the container's log, which the server writes to"),
    ("include", "set `config_file`: that file may include others"),
    (
        "sentinel",
        "sentinels know their deployment: set `down-after-milliseconds`, `failover-timeout` or `parallel-syncs`",
    ),
    ("quorum", "it is the majority of `sentinels`"),
];

/// Why redisctl owns a directive, and which field to set instead; `None` if the user may set it.
#[must_use]
pub fn owned(directive: &str) -> Option<&'static str> {
    let directive = directive.to_ascii_lowercase();
    OWNED.iter().find_map(|(pattern, advice)| {
        let matches = match pattern.strip_suffix('*') {
            Some(stem) => directive.starts_with(stem),
            None => directive == *pattern,
        };
        matches.then_some(*advice)
    })
}

/// Directives that `data` decides if the spec does not set them, with their values. Servers return them unchanged.
const DECIDED_BY_DATA: [(&str, &str); 2] = [("appendonly", "yes"), ("save", "")];

/// The directives of a node whose values are the user's own.
pub fn of_spec(settings: &Settings) -> impl Iterator<Item = (&str, &str)> {
    settings.iter().filter(|setting| owned(setting.0).is_none() && !DECIDED_BY_DATA.contains(setting))
}

/// Directives of `sentinel.conf` that the user may set. None of them is a directive of `redis.conf`. The
/// quorum follows from the number of sentinels.
pub(super) const OF_SENTINELS: [&str; 3] = ["down-after-milliseconds", "failover-timeout", "parallel-syncs"];

/// Whether a directive is for sentinels only.
#[must_use]
pub fn is_of_sentinels(directive: &str) -> bool {
    OF_SENTINELS.iter().any(|own| directive.eq_ignore_ascii_case(own))
}

/// The directives of a sentinel that SENTINEL SET accepts.
#[must_use]
pub fn sentinel_settings(settings: &Settings) -> Settings {
    settings.iter().filter(|(name, _)| *name == "quorum" || is_of_sentinels(name)).collect()
}

/// The default directives of `count` sentinels, as `SENTINEL SET` spells them.
///
/// Sentinels see a primary as down after 5 s: short enough for users, and long enough for a busy machine. They retry
/// a failover that is stuck after one minute; the servers' default is three.
#[must_use]
pub fn sentinel_defaults(count: usize) -> Settings {
    let quorum = (count / 2 + 1).to_string();
    [
        ("quorum", quorum.as_str()),
        ("down-after-milliseconds", "5000"),
        ("failover-timeout", "60000"),
        ("parallel-syncs", "1"),
    ]
    .into_iter()
    .collect()
}

/// Directives whose values are passwords. An observation never holds them.
#[must_use]
pub fn is_secret(directive: &str) -> bool {
    matches!(
        directive.to_ascii_lowercase().as_str(),
        "requirepass" | "masterauth" | "primaryauth" | "tls-key-file-pass" | "tls-client-key-file-pass"
    )
}

/// A cluster of up to this many nodes forms with a very low node timeout.
pub const SMALL_CLUSTER: usize = 12;

/// Temporary directives while a deployment forms.
///
/// The first full sync starts at once. Primaries ping replicas each second, because CLUSTER SLOTS omits replicas with
/// offset 0. In a cluster, a low node timeout makes gossip fast. Failovers and replica migration are off, because a
/// busy machine could cause them.
#[must_use]
pub fn while_forming(topology: &Topology) -> Settings {
    let Topology { kind, tls, .. } = topology;
    let mut settings = Settings::default();
    if *kind == Kind::Standalone || !topology.formed {
        return settings;
    }
    settings.set("repl-diskless-sync-delay", "0");
    settings.set("repl-ping-replica-period", "1");
    if topology.every_server(Server::loads_first_copy_slowly) {
        settings.set("repl-diskless-load", "on-empty-db");
    }
    if *kind == Kind::Cluster {
        // Every 100 ms, a node pings all nodes that were silent for half the timeout. With 180 ms, these are all
        // nodes each time, which is possible for few nodes only. On a busy machine, a TLS handshake can take longer.
        // Then the server would close the link and connect again, without end.
        let timeout = match topology.nodes().len() {
            ..=SMALL_CLUSTER if tls.is_none() => "180",
            ..=30 if tls.is_none() => "500",
            ..=30 => "1000",
            ..=60 if tls.is_none() => "1000",
            _ => "2000",
        };
        settings.set("cluster-node-timeout", timeout);
        settings.set("cluster-require-full-coverage", "no");
        settings.set("cluster-replica-no-failover", "yes");
        if topology.every_server(Server::can_forbid_replica_migration) {
            settings.set("cluster-allow-replica-migration", "no");
        }
    }
    settings
}

/// The directive that stops writes at a primary during a hand-over without FAILOVER. It requires more replicas than
/// exist.
pub const STOPS_WRITES: &str = "min-replicas-to-write";

/// Temporary directives of primaries while nodes are replaced: a full sync starts at once and does not wait for other
/// replicas.
#[must_use]
pub fn while_replacing() -> Settings {
    std::iter::once(("repl-diskless-sync-delay", "0")).collect()
}

/// Temporary directives while a deployment is repaired. A full sync starts at once. In a cluster, nodes ping each
/// other every second, and failovers are off.
///
/// The node timeout is higher than in [`while_forming`]: with the low timeout, nodes on a busy machine would often
/// see each other as down.
#[must_use]
pub fn while_repairing(is_cluster: bool) -> Settings {
    let mut settings = while_replacing();
    if is_cluster {
        settings.set("cluster-node-timeout", "2000");
        settings.set("cluster-replica-no-failover", "yes");
    }
    settings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topology::resolve::{Facts, resolve};

    #[test]
    fn owned_directives_name_the_field_to_set() {
        assert_eq!(owned("PORT"), Some("set `ports.base` or `nodes.<node>.port`"));
        assert_eq!(owned("tls-port"), Some("set `tls`"));
        assert!(owned("cluster-announce-ip").is_some());
        assert_eq!(owned("maxmemory"), None);
        assert_eq!(owned("cluster-node-timeout"), None);
    }

    #[test]
    fn all_that_forming_changes_has_a_default_to_go_back_to() {
        let spec = serde_yaml::from_str("{kind: cluster, image: 'valkey:9.0'}").unwrap();
        let topology = resolve(&spec, &Facts::offline("shop")).unwrap();
        assert_ne!(while_forming(&topology).iter().count(), 0);
        for (name, _) in while_forming(&topology).iter() {
            assert!(usual::usual_default(name).is_some(), "{name}");
        }
    }
}
