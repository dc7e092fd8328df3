//! The way in which slots move to another primary with their keys.

/// The quickest way that a server has to move slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MoveWay {
    /// Whether CLUSTER MIGRATESLOTS comes first: the source sends its keys by itself. If the servers refuse it, SETSLOT
    /// and MIGRATE follow. A module that does not know atomic migrations forbids them.
    pub atomic: bool,
    /// Whether CLUSTER SETSLOT waits until the replicas have executed it.
    pub waits_for_replicas: bool,
}

impl MoveWay {
    /// The way of a server with a number of databases. Valkey 9 forgets the database of the last key that it received:
    /// its replicas put later writes of clients into that database (seen with Valkey 9.1.2).
    #[must_use]
    pub fn with_databases(self, databases: u64) -> Self {
        Self { atomic: self.atomic && databases <= 1, ..self }
    }

    /// The way between two servers. During an upgrade, they differ.
    #[must_use]
    pub fn between(self, other: Self) -> Self {
        Self {
            atomic: self.atomic && other.atomic,
            waits_for_replicas: self.waits_for_replicas || other.waits_for_replicas,
        }
    }

    /// The number of connections to each end for SETSLOT and MIGRATE.
    #[must_use]
    pub fn connections(self) -> usize {
        // While one connection waits for a file to be written, the other moves keys.
        const USUAL: usize = 2;
        // Valkey 8 does 70 SETSLOT in a second on one connection, and 2500 on 32 connections.
        const WAITING: usize = 32;
        if self.waits_for_replicas { WAITING } else { USUAL }
    }
}
