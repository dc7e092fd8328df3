//! Writes snapshots.

use std::io::{self, Write};

use sha2::{Digest as _, Sha256};

use super::{END, FUNCTIONS, HEAD, KEY, KeyRecord, MAGIC, Record, SnapshotHead, VERSION};

/// Writes a snapshot, record after record.
pub struct SnapshotWriter<W> {
    to: W,
    digest: Sha256,
    keys: u64,
}

impl<W: Write> SnapshotWriter<W> {
    /// Writes the head.
    ///
    /// # Errors
    /// As of the target.
    pub fn begin(to: W, head: &SnapshotHead) -> io::Result<Self> {
        let mut writer = Self { to, digest: Sha256::new(), keys: 0 };
        writer.put(MAGIC)?;
        writer.put(format!("{VERSION}\n").as_bytes())?;
        writer.frame(HEAD, &[&serde_json::to_vec(head)?])?;
        Ok(writer)
    }

    /// Writes a record.
    ///
    /// # Errors
    /// As of the target.
    pub fn write(&mut self, record: &Record) -> io::Result<()> {
        match record {
            Record::Functions(payload) => self.frame(FUNCTIONS, &[payload]),
            Record::Key(record) => self.key(record),
        }
    }

    fn key(&mut self, record: &KeyRecord) -> io::Result<()> {
        self.keys += 1;
        let expiry = record.expires_at.unwrap_or(0).to_le_bytes();
        let length = u32::try_from(record.key.len()).map_err(io::Error::other)?.to_le_bytes();
        let database = record.database.to_le_bytes();
        self.frame(KEY, &[&database, &expiry, &length, &record.key, &record.payload])
    }

    /// Writes the end. Returns the target and the number of keys.
    ///
    /// # Errors
    /// As of the target.
    pub fn end(mut self) -> io::Result<(W, u64)> {
        let digest = self.digest.clone().finalize();
        let keys = self.keys.to_le_bytes();
        self.frame(END, &[&keys, digest.as_slice()])?;
        self.to.flush()?;
        Ok((self.to, self.keys))
    }

    fn frame(&mut self, tag: u8, parts: &[&[u8]]) -> io::Result<()> {
        let length: u64 = parts.iter().map(|part| part.len() as u64).sum();
        self.put(&[tag])?;
        self.put(&length.to_le_bytes())?;
        parts.iter().try_for_each(|part| self.put(part))
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.digest.update(bytes);
        self.to.write_all(bytes)
    }
}
