//! The file of a snapshot: the keys of a deployment in the servers' own form (DUMP), for any shape of deployment.
//!
//! A magic line with the version of the format comes first. Frames follow, each with a tag of one byte and the length
//! of its body (64 bits, little endian): the head (JSON), functions, keys, and at last the end, with the number of keys
//! and the SHA-256 of all bytes before it. Reader and writer hold one frame in memory.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::topology::{DeploymentName, Kind, Server};

#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod reader;
mod writer;

pub use reader::{SnapshotFault, SnapshotReader};
pub use writer::SnapshotWriter;

/// The first bytes of a snapshot, without its version.
pub const MAGIC: &[u8] = b"redisctl-snapshot ";

/// The version that this redisctl writes and reads.
const VERSION: u32 = 1;

/// The tag of the head.
const HEAD: u8 = b'H';

/// The tag of functions.
const FUNCTIONS: u8 = b'F';

/// The tag of a key.
const KEY: u8 = b'K';

/// The tag of the end.
const END: u8 = b'E';

/// The bytes of a key's frame before the key: database, expiry and the key's length.
const BEFORE_KEY: usize = 4 + 8 + 4;

/// What a snapshot is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotHead {
    /// The deployment.
    pub deployment: DeploymentName,
    /// Its kind.
    pub kind: Kind,
    /// Its server.
    pub server: Server,
    /// The version of the values' format (RDB).
    pub data_format: u16,
    /// The number of keys of each database when the snapshot began.
    pub databases: BTreeMap<u32, u64>,
    /// When it began: seconds since 1970.
    pub taken: u64,
}

/// A part of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    /// All functions, as FUNCTION DUMP returns them.
    Functions(Vec<u8>),
    /// A key.
    Key(KeyRecord),
}

/// A key with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRecord {
    /// The database.
    pub database: u32,
    /// When the key expires: milliseconds since 1970.
    pub expires_at: Option<u64>,
    /// The key.
    pub key: Vec<u8>,
    /// The value, as DUMP returns it.
    pub payload: Vec<u8>,
}

impl KeyRecord {
    /// The command that makes the key, whether it exists or not.
    #[must_use]
    pub fn into_command(self) -> Vec<Vec<u8>> {
        let expiry = self.expires_at.unwrap_or(0).to_string().into_bytes();
        let word = |word: &str| word.as_bytes().to_vec();
        vec![word("RESTORE"), self.key, expiry, self.payload, word("REPLACE"), word("ABSTTL")]
    }
}

/// The version of the data format (RDB) in a value of DUMP: two bytes before a checksum of eight bytes.
#[must_use]
pub fn format_of_payload(payload: &[u8]) -> Option<u16> {
    let footer = payload.len().checked_sub(10)?;
    Some(u16::from_le_bytes([payload[footer], payload[footer + 1]]))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A snapshot with these records.
    pub(crate) fn snapshot(records: &[Record]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut writer = SnapshotWriter::begin(&mut bytes, &head()).expect("memory");
        for record in records {
            writer.write(record).expect("memory");
        }
        writer.end().expect("memory");
        bytes
    }

    pub(crate) fn head() -> SnapshotHead {
        SnapshotHead {
            deployment: DeploymentName::new("shop").expect("a name"),
            kind: Kind::Cluster,
            server: Server::assumed("redis:7.0"),
            data_format: 10,
            databases: BTreeMap::from([(0, 2)]),
            taken: 1_795_000_000,
        }
    }

    fn key(key: &[u8], expires_at: Option<u64>) -> Record {
        Record::Key(KeyRecord { database: 0, expires_at, key: key.to_vec(), payload: b"value".to_vec() })
    }

    fn read(bytes: &[u8]) -> Result<Vec<Record>, SnapshotFault> {
        let mut reader = SnapshotReader::begin(bytes)?;
        assert_eq!(reader.head(), &head());
        let mut records = Vec::new();
        while let Some(record) = reader.next_record()? {
            records.push(record);
        }
        Ok(records)
    }

    #[test]
    fn what_was_written_is_read() {
        let records =
            [Record::Functions(vec![0, 1]), key(b"a", None), key(b"\xff\n", Some(1)), key(b"", None)];
        assert_eq!(read(&snapshot(&records)).expect("a snapshot"), records);
        assert!(read(&snapshot(&[])).expect("a snapshot").is_empty());
    }

    #[test]
    fn a_damaged_snapshot_is_refused() {
        let whole = snapshot(&[key(b"a", None), key(b"b", Some(7))]);
        for end in 0..whole.len() {
            let fault = SnapshotReader::begin(&whole[..end]).and_then(|mut reader| {
                while reader.next_record()?.is_some() {}
                Ok(())
            });
            assert!(fault.is_err(), "cut off after {end} of {} bytes", whole.len());
        }
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 1;
            let fault = SnapshotReader::begin(damaged.as_slice()).and_then(|mut reader| {
                while reader.next_record()?.is_some() {}
                Ok(())
            });
            assert!(fault.is_err(), "byte {at} is damaged");
        }
        let mut longer = whole.clone();
        longer.push(0);
        assert!(matches!(read(&longer), Err(SnapshotFault::AfterEnd)));
        let text = String::from_utf8_lossy(&whole).replace("redisctl-snapshot 1", "redisctl-snapshot 2");
        let fault = SnapshotReader::begin(text.as_bytes()).err().expect("a fault");
        assert_eq!(fault.to_string(), "its format is version 2, and this redisctl reads version 1");
        let fault = SnapshotReader::begin(&b"REDIS0010"[..]).err().expect("a fault");
        assert_eq!(fault.to_string(), "it is not a snapshot of redisctl");
    }

    #[test]
    fn a_value_tells_its_format() {
        assert_eq!(format_of_payload(b"\x00\x01a\x0a\x00cccccccc"), Some(10));
        assert_eq!(format_of_payload(b"short"), None);
        let record = KeyRecord { database: 3, expires_at: None, key: b"a".to_vec(), payload: b"v".to_vec() };
        assert_eq!(record.into_command().join(&b' '), b"RESTORE a 0 v REPLACE ABSTTL");
    }
}
