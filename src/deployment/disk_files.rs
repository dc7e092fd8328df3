//! The configuration files on this machine's disk.

use std::fs::File;
use std::io::{self, ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use glob::{MatchOptions, Pattern, glob_with};

use crate::spec::config_file::{ConfigFile, ConfigFiles, LARGEST_FILE, UnreadableFile};

/// This machine's disk.
pub(super) struct Disk;

impl ConfigFiles for Disk {
    fn read(&self, path: &Path) -> Result<ConfigFile, UnreadableFile> {
        // Not by the kind of the error: Windows denies access to folders that are read as files.
        if path.is_dir() {
            return Err(UnreadableFile::Folder);
        }
        let read = || -> io::Result<ConfigFile> {
            let mut bytes = Vec::new();
            File::open(path)?.take(LARGEST_FILE + 1).read_to_end(&mut bytes)?;
            Ok(ConfigFile { identity: path.canonicalize()?, bytes })
        };
        match read() {
            Ok(file) if file.bytes.len() as u64 > LARGEST_FILE => Err(UnreadableFile::TooLarge),
            Ok(file) => Ok(file),
            Err(error) if error.kind() == ErrorKind::NotFound => Err(UnreadableFile::Missing),
            Err(error) => Err(UnreadableFile::Other(error.to_string())),
        }
    }

    fn matching(&self, folder: &Path, pattern: &str) -> Option<Vec<PathBuf>> {
        // As the C library does for servers: `*` finds no hidden file, and no file of another folder.
        let options = MatchOptions {
            case_sensitive: true,
            require_literal_separator: true,
            require_literal_leading_dot: true,
        };
        let escaped = PathBuf::from(Pattern::escape(&folder.to_string_lossy()));
        let found = glob_with(&escaped.join(pattern).to_string_lossy(), options).ok()?;
        // Sorted by name. A folder that cannot be read has no files.
        Some(found.filter_map(Result::ok).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_read_and_found_by_a_pattern() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::create_dir(path("[d]")).unwrap();
        for name in ["[d]/2.conf", "[d]/1.conf", "[d]/.3.conf", "[d]/4.txt"] {
            std::fs::write(path(name), "hz 10\n").unwrap();
        }
        let found = Disk.matching(&path("[d]"), "*.conf");
        assert_eq!(found, Some(vec![path("[d]/1.conf"), path("[d]/2.conf")]));
        assert_eq!(Disk.matching(&path("none"), "*.conf"), Some(Vec::new()));
        assert_eq!(Disk.matching(folder.path(), "a***"), None);

        assert_eq!(Disk.read(&path("[d]/1.conf")).unwrap().bytes, b"hz 10\n");
        assert_eq!(Disk.read(&path("none")), Err(UnreadableFile::Missing));
        assert_eq!(Disk.read(&path("[d]")), Err(UnreadableFile::Folder));
        std::fs::write(path("large"), vec![b'#'; usize::try_from(LARGEST_FILE).unwrap() + 1]).unwrap();
        assert_eq!(Disk.read(&path("large")), Err(UnreadableFile::TooLarge));
    }
}
