//! Files with the first data of a deployment. They are read and checked as a whole before anything is sent.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Error;
use crate::command_file;

/// The command line's word for stdin.
const STDIN: &str = "-";

/// A file with data for a deployment.
#[derive(Debug, Clone)]
pub struct SeedFile {
    /// Its path, as the caller gave it.
    pub(super) name: String,
    pub(super) bytes: Arc<[u8]>,
    pub(super) content: SeedContent,
}

/// The kind of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SeedContent {
    /// Commands, and their number.
    Commands(usize),
}

impl SeedFile {
    /// Reads a file, and checks all of it. `-` is stdin.
    ///
    /// # Errors
    /// The file cannot be read, or lines of it are no commands.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let failed = |source| Error::File { operation: "read", path: path.to_owned(), source };
        let bytes = if path == Path::new(STDIN) {
            let mut bytes = Vec::new();
            std::io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes)
        } else {
            std::fs::read(path)
        };
        Self::of_bytes(path.display().to_string(), bytes.map_err(failed)?)
    }

    /// Checks the content of a file.
    pub(super) fn of_bytes(name: String, bytes: Vec<u8>) -> Result<Self, Error> {
        match command_file::check(&bytes) {
            Ok(count) => Ok(Self { name, bytes: bytes.into(), content: SeedContent::Commands(count) }),
            Err(problems) => Err(Error::BrokenFile { path: PathBuf::from(name), problems }),
        }
    }
}
