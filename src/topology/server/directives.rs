//! The first version of each directive: a server refuses to start with a directive that it does not know.

use super::{Flavor, Server};

/// Directives that are newer than Redis 6.0: their names, and the first Redis and Valkey that have them. They are
/// from the servers' own lists (`CONFIG GET *`) and release notes. For a directive in no list, the server decides.
const NEWER: [(&[&str], Option<First>, Option<First>); 7] = [
    (
        &[
            "acl-pubsub-default",
            "crash-log-enabled",
            "crash-memcheck-enabled",
            "disable-thp",
            "lazyfree-lazy-user-flush",
            "maxmemory-eviction-tenacity",
            "proc-title-template",
            "replica-announced",
            "sanitize-dump-payload",
            "set-proc-title",
        ],
        Some((6, 2)),
        Some(FIRST_VALKEY),
    ),
    (
        &[
            "aof-timestamp-enabled",
            "appenddirname",
            "busy-reply-threshold",
            "cluster-allow-pubsubshard-when-down",
            "cluster-link-sendbuf-limit",
            "enable-debug-command",
            "enable-module-command",
            "enable-protected-configs",
            "hash-max-listpack-entries",
            "hash-max-listpack-value",
            "latency-tracking",
            "latency-tracking-info-percentiles",
            "list-max-listpack-size",
            "maxmemory-clients",
            "propagation-error-behavior",
            "repl-diskless-sync-max-replicas",
            "replica-ignore-disk-write-errors",
            "shutdown-on-sigint",
            "shutdown-on-sigterm",
            "shutdown-timeout",
            "socket-mark-id",
            "zset-max-listpack-entries",
            "zset-max-listpack-value",
        ],
        Some((7, 0)),
        Some(FIRST_VALKEY),
    ),
    (
        &["locale-collate", "set-max-listpack-entries", "set-max-listpack-value"],
        Some((7, 2)),
        Some(FIRST_VALKEY),
    ),
    (&["cluster-compatibility-sample-ratio", "replica-full-sync-buffer-limit"], Some((8, 0)), None),
    (
        &[
            "availability-zone",
            "cluster-slot-stats-enabled",
            "dual-channel-replication-enabled",
            "extended-redis-compatibility",
            "prefetch-batch-max-size",
            "rdb-version-check",
        ],
        None,
        Some((8, 0)),
    ),
    (
        &[
            "cluster-manual-failover-timeout",
            "commandlog-execution-slower-than",
            "commandlog-large-reply-max-len",
            "commandlog-large-request-max-len",
            "commandlog-reply-larger-than",
            "commandlog-request-larger-than",
            "commandlog-slow-execution-max-len",
            "import-mode",
            "log-format",
            "log-timestamp-format",
        ],
        None,
        Some((8, 1)),
    ),
    (&["cluster-databases"], None, Some((9, 0))),
];

/// Major and minor number of a first version.
type First = (u16, u16);

/// Valkey's first release, which has the directives of Redis 7.2.
const FIRST_VALKEY: First = (7, 2);

impl Server {
    /// The first versions with a directive that this server does not know, like `redis 7.0 and valkey 7.2`. `None` if
    /// the server knows the directive, or no list has it.
    #[must_use]
    pub fn came_too_early_for(self, directive: &str) -> Option<String> {
        let directive = directive.to_ascii_lowercase();
        let (_, redis, valkey) = NEWER.iter().find(|(names, ..)| names.contains(&directive.as_str()))?;
        let own = match self.flavor {
            Flavor::Redis => redis,
            Flavor::Valkey => valkey,
        };
        if own.is_some_and(|(major, minor)| self.at_least(major, minor)) {
            return None;
        }
        let first = |flavor: Flavor, first: &Option<First>| {
            first.map(|(major, minor)| format!("{flavor} {major}.{minor}"))
        };
        let all = [first(Flavor::Redis, redis), first(Flavor::Valkey, valkey)];
        Some(all.into_iter().flatten().collect::<Vec<_>>().join(" and "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directive_is_known_from_its_version_on() {
        for (image, directive, since) in [
            ("redis:6.0", "maxmemory-clients", Some("redis 7.0 and valkey 7.2")),
            ("redis:6.0", "MaxMemory-Clients", Some("redis 7.0 and valkey 7.2")),
            ("redis:7.0", "maxmemory-clients", None),
            ("valkey:8.1", "maxmemory-clients", None),
            ("redis:8.0", "import-mode", Some("valkey 8.1")),
            ("valkey:8.0", "import-mode", Some("valkey 8.1")),
            ("valkey:8.1", "replica-full-sync-buffer-limit", Some("redis 8.0")),
            ("redis:6.0", "maxmemory", None),
            ("redis:8.0", "search-threads", None),
        ] {
            let server = Server::assumed(image);
            assert_eq!(server.came_too_early_for(directive).as_deref(), since, "{image} {directive}");
        }
    }

    #[test]
    fn what_forming_sets_is_known_to_whom_it_is_set() {
        use crate::topology::resolve::{Facts, resolve};
        use crate::topology::settings::while_forming;
        for image in ["redis:6.0", "redis:6.2", "redis:7.0", "redis:8.0", "valkey:7.2", "valkey:9.0"] {
            let spec = serde_yaml::from_str(&format!("{{kind: cluster, image: '{image}'}}")).unwrap();
            let topology = resolve(&spec, &Facts::offline("shop")).unwrap();
            let settings = while_forming(&topology);
            assert_ne!(settings.iter().count(), 0, "{image}");
            for (directive, _) in settings.iter() {
                assert_eq!(topology.server.came_too_early_for(directive), None, "{image}");
            }
        }
    }
}
