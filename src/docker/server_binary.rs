//! Finds programs and modules in an image, and reads their processors from their ELF headers.

use std::io::Read as _;

use bollard::Docker;
use bollard::query_parameters::DownloadFromContainerOptionsBuilder;
use futures_util::TryStreamExt as _;

use super::elf::{self, ElfTarget};

/// The directories of programs if an image has no `PATH`, as in Docker.
const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The maximum number of symbolic links. More links are a loop.
const MOST_LINKS: usize = 8;

/// The number of bytes that are read of an archive: an entry's header, headers for long names, and an ELF header.
const ARCHIVE_BEGINNING: usize = 8192;

/// A program in a container.
pub(super) struct Program {
    /// Its path, once all links are followed.
    pub(super) path: String,
    /// Its processor; `None` if it is not an ELF file.
    pub(super) target: Option<ElfTarget>,
}

/// Finds `program` in a container; `path` is the container's `PATH`.
pub(super) async fn find(
    docker: &Docker,
    container: &str,
    program: &str,
    path: Option<&str>,
) -> Option<Program> {
    for directory in path.unwrap_or(DEFAULT_PATH).split(':') {
        // `Path` is not used, because it would join with a backslash on Windows.
        if let Some(found) = at(docker, container, &format!("{directory}/{program}")).await {
            return Some(found);
        }
    }
    None
}

/// The file at a path in a container, once all links are followed; `None` if there is no file.
pub(super) async fn at(docker: &Docker, container: &str, path: &str) -> Option<Program> {
    let mut file = path.to_owned();
    for _ in 0..MOST_LINKS {
        match entry(&beginning(docker, container, &file).await?)? {
            PathEntry::File(header) => return Some(Program { path: file, target: elf::target(&header) }),
            PathEntry::Link(to) if to.starts_with('/') => file = to,
            PathEntry::Link(to) => file = format!("{}/{to}", file.rsplit_once('/')?.0),
            PathEntry::Other => return None,
        }
    }
    None
}

/// The first bytes of the file at a path in a container; `None` if there is no file.
pub(super) async fn first_bytes(docker: &Docker, container: &str, path: &str) -> Option<Vec<u8>> {
    match entry(&beginning(docker, container, path).await?)? {
        PathEntry::File(bytes) => Some(bytes),
        PathEntry::Link(_) | PathEntry::Other => None,
    }
}

/// The file at a path in a container.
#[derive(Debug, PartialEq, Eq)]
enum PathEntry {
    /// A file that begins with these bytes.
    File(Vec<u8>),
    /// A symbolic link.
    Link(String),
    /// A folder, or another entry without content.
    Other,
}

/// The beginning of the archive of `file`, empty if the file does not exist; `None` if the engine does not answer.
async fn beginning(docker: &Docker, container: &str, file: &str) -> Option<Vec<u8>> {
    let options = DownloadFromContainerOptionsBuilder::default().path(file).build();
    let mut chunks = docker.download_from_container(container, Some(options));
    let mut archive = Vec::new();
    while archive.len() < ARCHIVE_BEGINNING {
        match chunks.try_next().await {
            Ok(Some(chunk)) => archive.extend_from_slice(&chunk),
            Ok(None) => break,
            Err(error) if super::response::is_not_found(&error) => break,
            Err(_) => return None,
        }
    }
    Some(archive)
}

/// The first entry of the beginning of an archive.
fn entry(archive: &[u8]) -> Option<PathEntry> {
    let mut archive = tar::Archive::new(archive);
    let entry = archive.entries().ok()?.next()?.ok()?;
    if entry.header().entry_type().is_dir() {
        return Some(PathEntry::Other);
    }
    if let Some(link) = entry.link_name_bytes() {
        return Some(PathEntry::Link(String::from_utf8_lossy(&link).into_owned()));
    }
    let mut header = Vec::new();
    entry.take(elf::HEADER).read_to_end(&mut header).ok()?;
    Some(PathEntry::File(header))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_told_from_a_file_of_which_only_the_beginning_is_there() {
        let mut archive = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_size(100_000);
        archive.append_data(&mut header, "redis-server", vec![7; 100_000].as_slice()).unwrap();
        let archive = archive.into_inner().unwrap();
        assert_eq!(entry(&archive[..ARCHIVE_BEGINNING]), Some(PathEntry::File(vec![7; 64])));

        let mut archive = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::Symlink);
        header.set_size(0);
        archive.append_link(&mut header, "redis-server", "redis-check-rdb").unwrap();
        let link = entry(&archive.into_inner().unwrap());
        assert_eq!(link, Some(PathEntry::Link("redis-check-rdb".into())));
        assert_eq!(entry(b""), None);
    }
}
