//! The memory limit of a container. Without a limit, a container could take all memory of the machine.

use super::Settings;
use super::settings::values::memory_bytes;

/// The spec's word for no limit.
const UNLIMITED: &str = "unlimited";

const MEBIBYTE: u64 = 1024 * 1024;

/// The default limit: enough for tests, and small enough for several nodes on a machine.
const USUAL: u64 = 1024 * MEBIBYTE;

/// The memory that a server needs beside its keys: for the process, and for the buffers of clients and replicas.
const BESIDE_KEYS: u64 = 128 * MEBIBYTE;

/// The limit of the anchor, which runs a server without keys.
pub(super) const OF_ANCHOR: u64 = 64 * MEBIBYTE;

/// The limit of a node with these settings. While the server writes a snapshot, each page with keys may exist twice.
pub(super) fn usual_memory(settings: &Settings) -> u64 {
    let most_keys = settings.get("maxmemory").and_then(memory_bytes).unwrap_or(0);
    USUAL.max(most_keys.saturating_mul(2).saturating_add(BESIDE_KEYS))
}

/// A limit that a spec asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MemoryLimit {
    /// No limit.
    Unlimited,
    /// A limit in bytes.
    Bytes(u64),
}

impl MemoryLimit {
    /// Parses the spec's text; `None` if it is not an amount of memory.
    pub(super) fn read(text: &str) -> Option<Self> {
        if text == UNLIMITED { Some(Self::Unlimited) } else { memory_bytes(text).map(Self::Bytes) }
    }

    /// Bytes, if it is a limit.
    pub(super) fn bytes(self) -> Option<u64> {
        match self {
            Self::Unlimited => None,
            Self::Bytes(bytes) => Some(bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_has_room_for_its_keys_and_for_their_snapshot() {
        let of = |value: &str| usual_memory(&std::iter::once(("maxmemory", value)).collect());
        assert_eq!(usual_memory(&Settings::default()), 1024 * MEBIBYTE);
        // A change of `maxmemory` within this limit is applied live: the container stays.
        assert_eq!(of("0"), of("448mb"));
        assert_eq!(of("1gb"), (2048 + 128) * MEBIBYTE);
    }

    #[test]
    fn a_spec_may_want_no_limit() {
        assert_eq!(MemoryLimit::read("unlimited"), Some(MemoryLimit::Unlimited));
        assert_eq!(MemoryLimit::read("128mb"), Some(MemoryLimit::Bytes(128 * MEBIBYTE)));
        assert_eq!(MemoryLimit::read("much"), None);
    }
}
