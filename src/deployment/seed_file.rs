//! Files with the first data of a deployment. They are read and checked as a whole before anything is sent.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Error;
use crate::command_file;
use crate::spec::{Problem, SeedSpec, Spec};
use crate::topology::server::DataFormat;

/// The command line's word for stdin.
const STDIN: &str = "-";

/// The limit of the files of `seed` in a spec together. The deployment keeps them in a volume.
const LARGEST_SEED: usize = 256 * 1024 * 1024;

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
    /// The data file of a server (RDB).
    Data,
}

impl SeedFile {
    /// The number of commands.
    pub(super) fn commands(&self) -> u64 {
        match self.content {
            SeedContent::Commands(count) => count as u64,
            SeedContent::Data => 0,
        }
    }

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
        if DataFormat::of_file(&bytes).is_some() {
            return Ok(Self { name, bytes: bytes.into(), content: SeedContent::Data });
        }
        match command_file::check(&bytes) {
            Ok(count) => Ok(Self { name, bytes: bytes.into(), content: SeedContent::Commands(count) }),
            Err(problems) => Err(Error::BrokenFile { path: PathBuf::from(name), problems }),
        }
    }
}

/// The files of a spec's `seed`, and their problems.
pub(super) fn seed_files(spec: &Spec, folder: &Path) -> (Vec<SeedFile>, Vec<Problem>) {
    let (mut files, mut problems) = (Vec::new(), Vec::new());
    let mut room = LARGEST_SEED;
    for (at, path) in spec.seed.iter().flat_map(SeedSpec::files) {
        let field = field(at);
        let name = path.display().to_string();
        let problem = |message: String| Problem::new(&field, message);
        let bytes = match std::fs::read(folder.join(path)) {
            Ok(bytes) => bytes,
            Err(error) => {
                problems.push(problem(format!("`{name}` cannot be read: {error}")));
                continue;
            }
        };
        let Some(left) = room.checked_sub(bytes.len()) else {
            let limit = LARGEST_SEED / 1024 / 1024;
            let message =
                format!("`seed` has more than {limit} MB with `{name}`, and the deployment keeps it");
            problems.push(problem(message).hint("`redisctl seed NAME FILE` applies files of any size"));
            break;
        };
        room = left;
        match SeedFile::of_bytes(name.clone(), bytes) {
            Ok(file) => files.push(file),
            Err(Error::BrokenFile { problems: broken, .. }) => {
                problems.extend(broken.iter().map(|broken| problem(format!("{name}:{broken}"))));
            }
            Err(error) => problems.push(problem(format!("`{name}` cannot be used: {error}"))),
        }
    }
    (files, problems)
}

/// The path of a file in the spec.
pub(super) fn field(at: Option<usize>) -> Vec<String> {
    std::iter::once("seed".to_owned()).chain(at.map(|at| at.to_string())).collect()
}
