//! The file of `--junit`. It is created first, so that a wrong path is an error before anything is made.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::deployment::Error;

/// A file for a report.
pub(super) struct JunitFile {
    path: PathBuf,
    file: File,
}

impl JunitFile {
    /// Creates the file and its folders. An earlier report is removed.
    pub(super) fn create(path: &Path) -> Result<Self, Error> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let created = folder.map_or(Ok(()), std::fs::create_dir_all).and_then(|()| File::create(path));
        let file = created.map_err(failed(path))?;
        Ok(Self { path: path.to_owned(), file })
    }

    /// Writes the report.
    pub(super) fn write(mut self, report: &str) -> Result<(), Error> {
        self.file.write_all(report.as_bytes()).map_err(failed(&self.path))
    }
}

fn failed(path: &Path) -> impl FnOnce(std::io::Error) -> Error + '_ {
    |source| Error::File { operation: "write", path: path.to_owned(), source }
}
