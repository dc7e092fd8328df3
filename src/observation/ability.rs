//! A server's ability to serve.

/// A server's ability to serve, from INFO.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ability {
    /// `loading`: it reads its data from disk.
    pub loading: bool,
    /// `rdb_last_bgsave_status` is `err`.
    pub snapshot_failed: bool,
    /// `aof_last_write_status` is `err`, and an append-only file exists.
    pub append_failed: bool,
    /// `min_slaves_good_slaves`: the number of replicas that acknowledged in time. Servers report it only if
    /// `min-replicas-to-write` is set.
    pub good_replicas: Option<u64>,
    /// `maxmemory` in bytes, if the server uses more and `maxmemory_policy` finds no key to evict.
    pub exceeded_limit: Option<u64>,
}
