//! What a server says of its ability to serve.

/// What INFO says of a server's ability to serve.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ability {
    /// `loading`: it reads its data from disk.
    pub loading: bool,
    /// `rdb_last_bgsave_status` is `err`.
    pub snapshot_failed: bool,
    /// `aof_last_write_status` is `err`, and there is an append-only file.
    pub append_failed: bool,
    /// `min_slaves_good_slaves`: replicas that acknowledged in time. Without a demand, servers do not say.
    pub good_replicas: Option<u64>,
    /// `maxmemory`, bytes, where the server uses more, and `maxmemory_policy` finds no key to evict.
    pub exceeded_limit: Option<u64>,
}
