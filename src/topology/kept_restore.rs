//! The record of a restore in the deployment's volume. So a run that was interrupted can be completed.

use serde::{Deserialize, Serialize};

use super::files::File;
use crate::spec::SecretText;

/// The file with the record, in the volume that all nodes share.
pub const RESTORE_FILE: &str = "restore.json";

/// The record.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct KeptRestore {
    /// The checksum of the snapshot.
    digest: String,
    /// Whether all of it was restored.
    done: bool,
}

impl KeptRestore {
    /// The record of a snapshot with this checksum.
    #[must_use]
    pub fn new(digest: &str, done: bool) -> Self {
        Self { digest: digest.to_owned(), done }
    }

    /// Reads the output of [`KeptRestore::file`]. Other bytes are an empty record.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Self {
        serde_json::from_slice(bytes).unwrap_or_default()
    }

    /// Whether a run was interrupted while it restored the snapshot with this checksum.
    #[must_use]
    pub fn is_interrupted(&self, digest: &str) -> bool {
        !self.done && self.digest == digest
    }

    /// The file with the record.
    #[must_use]
    pub fn file(&self) -> File {
        // Plain data always has a JSON form.
        let text = serde_json::to_string(self).unwrap_or_default();
        File::Content { path: RESTORE_FILE.to_owned(), text: SecretText::new(text) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_snapshot_is_completed() {
        let begun = KeptRestore::new("ab", false);
        let File::Content { text, .. } = begun.file() else { panic!("text") };
        assert_eq!(KeptRestore::read(text.expose().as_bytes()), begun);
        assert!(begun.is_interrupted("ab") && !begun.is_interrupted("cd"));
        assert!(!KeptRestore::new("ab", true).is_interrupted("ab"));
        assert!(!KeptRestore::read(b"{").is_interrupted("ab"));
    }
}
