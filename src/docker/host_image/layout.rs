//! The image's root file system as a tar archive. The same content gives the same bytes.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;

use tar::{EntryType, Header};

/// The user and group that the server runs as: the numbers of the official images.
pub(super) const SERVER_ID: u64 = 999;

const PASSWD: &str = "root:x:0:0:root:/root:/sbin/nologin\nredis:x:999:999:redis:/data:/sbin/nologin\n";
const GROUP: &str = "root:x:0:\nredis:x:999:\n";

/// A root file system: entries by their path, without the leading slash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Layout(BTreeMap<String, ArchiveEntry>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct ArchiveEntry {
    mode: u32,
    owner: u64,
    content: ArchiveContent,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum ArchiveContent {
    Directory,
    /// This text.
    Text(&'static str),
    /// A file of this machine. It is read when the archive is written, so that memory never holds all files.
    HostFile(PathBuf),
}

impl Default for Layout {
    fn default() -> Self {
        Self::new()
    }
}

impl Layout {
    /// The directories and accounts of every image: `/tmp`, `/data`, root and the server's user.
    #[must_use]
    pub(super) fn new() -> Self {
        let mut layout = Self(BTreeMap::new());
        layout.insert("/tmp", ArchiveEntry { mode: 0o1777, owner: 0, content: ArchiveContent::Directory });
        layout.insert(
            "/data",
            ArchiveEntry { mode: 0o750, owner: SERVER_ID, content: ArchiveContent::Directory },
        );
        layout.insert(
            "/etc/passwd",
            ArchiveEntry { mode: 0o644, owner: 0, content: ArchiveContent::Text(PASSWD) },
        );
        layout.insert(
            "/etc/group",
            ArchiveEntry { mode: 0o644, owner: 0, content: ArchiveContent::Text(GROUP) },
        );
        layout
    }

    /// Adds `source`, a program or library of this machine, at an absolute `path`, and the directories above it. It
    /// belongs to root, and every user may read and execute it.
    pub(super) fn executable(&mut self, path: &str, source: PathBuf) {
        self.insert(path, ArchiveEntry { mode: 0o755, owner: 0, content: ArchiveContent::HostFile(source) });
    }

    fn insert(&mut self, path: &str, entry: ArchiveEntry) {
        let path = path.trim_matches('/');
        for (at, _) in path.match_indices('/') {
            self.0.entry(path[..at].to_owned()).or_insert(ArchiveEntry {
                mode: 0o755,
                owner: 0,
                content: ArchiveContent::Directory,
            });
        }
        self.0.insert(path.to_owned(), entry);
    }

    /// Writes the archive. Entries are sorted by path, so that a directory precedes its files. All times are zero.
    ///
    /// # Errors
    /// A file of this machine cannot be read, or `output` cannot be written.
    pub(super) fn write_tar<Output: Write>(&self, output: Output) -> io::Result<Output> {
        let mut archive = tar::Builder::new(output);
        for (path, entry) in &self.0 {
            let mut header = Header::new_gnu();
            header.set_mode(entry.mode);
            header.set_uid(entry.owner);
            header.set_gid(entry.owner);
            header.set_mtime(0);
            match &entry.content {
                ArchiveContent::Directory => {
                    header.set_entry_type(EntryType::Directory);
                    header.set_size(0);
                    archive.append_data(&mut header, path, io::empty())?;
                }
                ArchiveContent::Text(text) => {
                    header.set_size(text.len() as u64);
                    archive.append_data(&mut header, path, text.as_bytes())?;
                }
                ArchiveContent::HostFile(source) => {
                    let file = File::open(source)?;
                    header.set_size(file.metadata()?.len());
                    archive.append_data(&mut header, path, file)?;
                }
            }
        }
        archive.into_inner()
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn entries(archive: &[u8]) -> Vec<String> {
        let mut archive = tar::Archive::new(archive);
        let describe = |entry: io::Result<tar::Entry<'_, &[u8]>>| {
            let entry = entry.unwrap();
            let header = entry.header();
            assert_eq!(header.mtime().unwrap(), 0);
            assert_eq!(header.uid().unwrap(), header.gid().unwrap());
            let kind = if header.entry_type().is_dir() { "directory" } else { "file" };
            let path = entry.path().unwrap().display().to_string();
            format!("{kind} {path} {:o} {}", header.mode().unwrap(), header.uid().unwrap())
        };
        archive.entries().unwrap().map(describe).collect()
    }

    /// A layout with files of the given paths and contents, kept in `folder`.
    fn layout(folder: &Path, files: &[(&str, &str)]) -> Layout {
        let mut layout = Layout::new();
        for (path, content) in files {
            let source = folder.join(path.replace('/', "_"));
            std::fs::write(&source, content).unwrap();
            layout.executable(path, source);
        }
        layout
    }

    fn archive(files: &[(&str, &str)]) -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        layout(folder.path(), files).write_tar(Vec::new()).unwrap()
    }

    #[test]
    fn holds_everything_with_its_owner_and_mode() {
        assert_eq!(
            entries(&archive(&[("/usr/local/bin/redis-server", "binary")])),
            [
                "directory data 750 999",
                "directory etc 755 0",
                "file etc/group 644 0",
                "file etc/passwd 644 0",
                "directory tmp 1777 0",
                "directory usr 755 0",
                "directory usr/local 755 0",
                "directory usr/local/bin 755 0",
                "file usr/local/bin/redis-server 755 0",
            ]
        );
    }

    #[test]
    fn is_the_same_whatever_the_order_and_the_time_of_adding() {
        let forwards = archive(&[("/lib/a.so", "a"), ("/lib/b.so", "b")]);
        let backwards = archive(&[("/lib/b.so", "b"), ("/lib/a.so", "a")]);

        assert_eq!(forwards, backwards);
    }

    #[test]
    fn differs_when_a_file_does() {
        assert_ne!(archive(&[("/lib/a.so", "1")]), archive(&[("/lib/a.so", "2")]));
    }

    #[test]
    fn a_path_longer_than_the_header_field_is_kept_whole() {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("library");
        std::fs::write(&source, "").unwrap();
        let path = format!("/store/{}/libc.so.6", "x".repeat(180));
        let mut layout = Layout::new();
        layout.executable(&path, source);

        let listed = entries(&layout.write_tar(Vec::new()).unwrap());
        assert!(listed.iter().any(|line| line.contains(path.trim_start_matches('/'))), "{listed:?}");
    }

    #[test]
    fn a_directory_does_not_lose_its_own_mode_to_a_file_below_it() {
        assert!(entries(&archive(&[("/tmp/x", "")])).contains(&"directory tmp 1777 0".to_owned()));
    }

    #[test]
    fn a_file_that_is_gone_is_an_error() {
        let mut layout = Layout::new();
        layout.executable("/lib/a.so", PathBuf::from("/nowhere/a.so"));

        assert_eq!(layout.write_tar(Vec::new()).unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
