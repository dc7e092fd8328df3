//! The first data of a deployment as its volume keeps it: the files of `seed:`, and whether they were applied.
//!
//! The record is written with the first files of a deployment, so that an interrupted run is noticed. The files are kept,
//! because `reset` needs them when the user's own files are gone.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::files::File;
use crate::spec::SecretText;

/// The file with the record, in the volume that all nodes share.
pub const SEED_FILE: &str = "seed.json";

/// The folder of the files.
const FOLDER: &str = "seed";

/// The version of the record that this redisctl writes.
const VERSION: u64 = 1;

/// The record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptSeed {
    version: u64,
    /// Whether the files were applied.
    pub state: SeedState,
    /// The files in their order.
    pub files: Vec<KeptFile>,
}

/// Whether the files were applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SeedState {
    /// The deployment is new, and nothing was applied.
    Pending,
    /// A run began to apply them.
    Begun,
    /// They were applied, or the deployment existed before them.
    Done,
}

/// A kept file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptFile {
    /// Its path, as the spec names it.
    pub name: String,
    /// The SHA-256 of its content.
    pub digest: String,
}

impl KeptSeed {
    /// The record of these files: name and content.
    pub fn new<'a>(state: SeedState, files: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Self {
        let file = |(name, content): (&str, &[u8])| KeptFile {
            name: name.to_owned(),
            digest: hex::encode(Sha256::digest(content)),
        };
        Self { version: VERSION, state, files: files.into_iter().map(file).collect() }
    }

    /// The same record in another state.
    #[must_use]
    pub fn in_state(&self, state: SeedState) -> Self {
        Self { state, ..self.clone() }
    }

    /// Whether both are about the same contents. Names do not count.
    #[must_use]
    pub fn has_files_of(&self, other: &Self) -> bool {
        let digests = |seed: &Self| seed.files.iter().map(|file| file.digest.clone()).collect::<Vec<_>>();
        digests(self) == digests(other)
    }

    /// Reads the output of [`KeptSeed::file`]; `None` if it is something else, or of a newer redisctl.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok().filter(|seed: &Self| seed.version == VERSION)
    }

    /// The file with the record.
    #[must_use]
    pub fn file(&self) -> File {
        // Plain data always has a JSON form.
        let text = serde_json::to_string(self).unwrap_or_default();
        File::Content { path: SEED_FILE.to_owned(), text: SecretText::new(text) }
    }
}

/// The path of a kept file below the volume, by its position.
#[must_use]
pub fn kept_path(position: usize) -> String {
    format!("{FOLDER}/{}", position + 1)
}

/// The files for the volume: the contents, and at last their record.
#[must_use]
pub fn kept_files(seed: &KeptSeed, contents: &[Arc<[u8]>]) -> Vec<File> {
    let data = contents.iter().enumerate();
    let data = data.map(|(at, content)| File::Data { path: kept_path(at), content: Arc::clone(content) });
    let folder = File::Folder { path: FOLDER.to_owned() };
    std::iter::once(folder).chain(data).chain([seed.file()]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_record_keeps_its_form() {
        let seed = KeptSeed::new(SeedState::Begun, [("a.redis", b"SET a 1\n".as_slice())]);
        let File::Content { path, text } = seed.file() else { panic!("text") };
        insta::assert_snapshot!(format!("{path}: {}", text.expose()), @r#"seed.json: {"version":1,"state":"begun","files":[{"name":"a.redis","digest":"444b481ce81f4c7fbec6aefc9932851a038a65758331230ff87b207305d48d23"}]}"#);
        assert_eq!(KeptSeed::read(text.expose()), Some(seed.clone()));
        assert_eq!(KeptSeed::read(&text.expose().replace("\"version\":1", "\"version\":2")), None);
        let renamed = KeptSeed::new(SeedState::Done, [("b.redis", b"SET a 1\n".as_slice())]);
        let changed = KeptSeed::new(SeedState::Done, [("a.redis", b"SET a 2\n".as_slice())]);
        assert!(seed.has_files_of(&renamed) && !seed.has_files_of(&changed));
    }
}
