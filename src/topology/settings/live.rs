//! Which directives a running server takes, and their defaults.
//!
//! Measured with `CONFIG GET *` and a `CONFIG SET` of every directive on Redis 6.0, 7.0 and 8.0 and on Valkey 8.1
//! (November 2026). If a server lacks a directive, the other servers count.

use super::names::is_same_directive;

/// Directives that CONFIG SET changes on every server that has them, with their defaults, which are the same
/// for all servers. Directives with differing defaults (`lazyfree-…`, `repl-backlog-size`,
/// `repl-diskless-sync`) are not listed: a restart finds the right default.
const LIVE: [(&str, &str); 109] = [
    ("acllog-max-len", "128"),
    ("active-defrag-cycle-max", "25"),
    ("active-defrag-cycle-min", "1"),
    ("active-defrag-cycle-us", "500"),
    ("active-defrag-ignore-bytes", "104857600"),
    ("active-defrag-max-scan-fields", "1000"),
    ("active-defrag-threshold-lower", "10"),
    ("active-defrag-threshold-upper", "100"),
    ("active-expire-effort", "1"),
    ("activedefrag", "no"),
    ("activerehashing", "yes"),
    ("aof-load-truncated", "yes"),
    ("aof-rewrite-incremental-fsync", "yes"),
    ("aof-timestamp-enabled", "no"),
    ("aof-use-rdb-preamble", "yes"),
    ("appendfsync", "everysec"),
    ("appendonly", "no"),
    ("auto-aof-rewrite-min-size", "67108864"),
    ("auto-aof-rewrite-percentage", "100"),
    ("busy-reply-threshold", "5000"),
    ("client-output-buffer-limit", "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60"),
    ("client-query-buffer-limit", "1073741824"),
    ("cluster-allow-pubsubshard-when-down", "yes"),
    ("cluster-allow-reads-when-down", "no"),
    ("cluster-allow-replica-migration", "yes"),
    ("cluster-announce-hostname", ""),
    ("cluster-announce-ip", ""),
    ("cluster-blacklist-ttl", "60"),
    ("cluster-link-sendbuf-limit", "0"),
    ("cluster-manual-failover-timeout", "5000"),
    ("cluster-migration-barrier", "1"),
    ("cluster-node-timeout", "15000"),
    ("cluster-preferred-endpoint-type", "ip"),
    ("cluster-replica-no-failover", "no"),
    ("cluster-replica-validity-factor", "10"),
    ("cluster-require-full-coverage", "yes"),
    ("cluster-slot-stats-enabled", "no"),
    ("commandlog-execution-slower-than", "10000"),
    ("commandlog-large-reply-max-len", "128"),
    ("commandlog-large-request-max-len", "128"),
    ("commandlog-reply-larger-than", "1048576"),
    ("commandlog-request-larger-than", "1048576"),
    ("commandlog-slow-execution-max-len", "128"),
    ("dynamic-hz", "yes"),
    ("hash-max-listpack-entries", "512"),
    ("hash-max-listpack-value", "64"),
    ("hash-max-ziplist-entries", "512"),
    ("hash-max-ziplist-value", "64"),
    ("hll-sparse-max-bytes", "3000"),
    ("hz", "10"),
    ("jemalloc-bg-thread", "yes"),
    ("latency-monitor-threshold", "0"),
    ("latency-tracking", "yes"),
    ("latency-tracking-info-percentiles", "50 99 99.9"),
    ("lfu-decay-time", "1"),
    ("lfu-log-factor", "10"),
    ("list-compress-depth", "0"),
    ("list-max-listpack-size", "-2"),
    ("list-max-ziplist-size", "-2"),
    ("loglevel", "notice"),
    ("lua-time-limit", "5000"),
    ("maxclients", "10000"),
    ("maxmemory", "0"),
    ("maxmemory-clients", "0"),
    ("maxmemory-eviction-tenacity", "10"),
    ("maxmemory-policy", "noeviction"),
    ("maxmemory-samples", "5"),
    ("min-replicas-max-lag", "10"),
    ("min-replicas-to-write", "0"),
    ("no-appendfsync-on-rewrite", "no"),
    ("notify-keyspace-events", ""),
    ("propagation-error-behavior", "ignore"),
    ("proto-max-bulk-len", "536870912"),
    ("rdb-del-sync-files", "no"),
    ("rdb-save-incremental-fsync", "yes"),
    ("rdbcompression", "yes"),
    ("repl-backlog-ttl", "3600"),
    ("repl-disable-tcp-nodelay", "no"),
    ("repl-diskless-load", "disabled"),
    ("repl-diskless-sync-delay", "5"),
    ("repl-diskless-sync-max-replicas", "0"),
    ("repl-ping-replica-period", "10"),
    ("repl-timeout", "60"),
    ("replica-full-sync-buffer-limit", "0"),
    ("replica-ignore-disk-write-errors", "no"),
    ("replica-ignore-maxmemory", "yes"),
    ("replica-priority", "100"),
    ("replica-read-only", "yes"),
    ("replica-serve-stale-data", "yes"),
    ("sanitize-dump-payload", "no"),
    ("save", "3600 1 300 100 60 10000"),
    ("set-max-intset-entries", "512"),
    ("set-max-listpack-entries", "128"),
    ("set-max-listpack-value", "64"),
    ("shutdown-on-sigint", "default"),
    ("shutdown-on-sigterm", "default"),
    ("shutdown-timeout", "10"),
    ("slowlog-log-slower-than", "10000"),
    ("slowlog-max-len", "128"),
    ("stop-writes-on-bgsave-error", "yes"),
    ("stream-node-max-bytes", "4096"),
    ("stream-node-max-entries", "100"),
    ("tcp-keepalive", "300"),
    ("timeout", "0"),
    ("tracking-table-max-keys", "1000000"),
    ("zset-max-listpack-entries", "128"),
    ("zset-max-listpack-value", "64"),
    ("zset-max-ziplist-entries", "128"),
    ("zset-max-ziplist-value", "64"),
];

/// Directives that CONFIG SET cannot change on some of the servers.
const AT_START: [&str; 38] = [
    "aclfile",
    "always-show-logo",
    "aof-rewrite-cpulist",
    "appenddirname",
    "appendfilename",
    "bgsave-cpulist",
    "bio-cpulist",
    "cluster-config-file",
    "cluster-enabled",
    "cluster-port",
    "daemonize",
    "databases",
    "dbfilename",
    "dir",
    "disable-thp",
    "enable-debug-command",
    "enable-module-command",
    "enable-protected-configs",
    "io-threads",
    "io-threads-do-reads",
    "loadmodule",
    "logfile",
    "pidfile",
    "rdbchecksum",
    "rename-command",
    "replicaof",
    "server-cpulist",
    "set-proc-title",
    "slaveof",
    "socket-mark-id",
    "supervised",
    "syslog-enabled",
    "syslog-facility",
    "syslog-ident",
    "tcp-backlog",
    "unixsocket",
    "unixsocketgroup",
    "unixsocketperm",
];

/// The default of a directive; `None` where it is unknown or differs between servers.
#[must_use]
pub fn server_default(directive: &str) -> Option<&'static str> {
    let mut found = LIVE.iter().filter(|(name, _)| is_same_directive(name, directive));
    found.next().map(|(_, default)| *default)
}

/// Directives with defaults that only a person changes: name and default.
///
/// `maxclients` is left out: servers lower it by themselves where they may not open as many files.
/// `notify-keyspace-events` is left out: clients set it to receive events of keys.
pub fn lasting_defaults() -> impl Iterator<Item = (&'static str, &'static str)> {
    LIVE.into_iter().filter(|(name, _)| !["maxclients", "notify-keyspace-events"].contains(name))
}

/// Whether the servers refuse to change a directive while they run.
#[must_use]
pub fn is_immutable(directive: &str) -> bool {
    AT_START.binary_search(&directive).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_looked_up_is_sorted_and_in_one_list_only() {
        assert!(LIVE.is_sorted_by_key(|(name, _)| name));
        assert!(AT_START.is_sorted());
        assert!(LIVE.iter().all(|(name, _)| !is_immutable(name)));
        assert_eq!(server_default("maxmemory"), Some("0"));
        assert!(is_immutable("databases"));
    }
}
