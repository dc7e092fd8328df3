//! The contents of the image of this machine's server, and its tag.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::layout::{Layout, SERVER_ID};
use super::libraries::{self, LIBRARY_DIRECTORY};
use super::loader_conf;
use super::search::SearchPath;
use super::server::InstalledServer;
use super::{HostImageError, LibraryError};
use crate::docker::elf::{self, ElfTarget};

/// The length of the tag in hexadecimal digits of the hash. 48 bits are enough for the images of one machine.
const TAG_LENGTH: usize = 12;

/// The contents of an image, before they are packed.
pub(super) struct Recipe {
    pub layout: Layout,
    /// Dockerfile instructions for the image's settings.
    pub changes: Vec<String>,
    pub target: ElfTarget,
    pub program: &'static str,
    pub version: String,
}

/// The tag and size of an image, known before it is packed.
pub(super) struct Digest {
    /// The beginning of the SHA-256 of the contents and settings.
    pub tag: String,
    /// The archive's length in bytes.
    pub size: usize,
}

impl Recipe {
    /// The recipe for the server of this machine.
    pub(super) fn of_this_machine() -> Result<Self, HostImageError> {
        let variable = |name| std::env::var_os(name).unwrap_or_default();
        let server = InstalledServer::find(&variable("PATH")).ok_or(HostImageError::NoServer)?;
        let version = server.version().map_err(|source| why_without_version(server.path.clone(), source))?;
        let binary = std::fs::canonicalize(&server.path)
            .map_err(|source| LibraryError::Read { path: server.path.clone(), source })?;
        let search = SearchPath {
            environment: std::env::split_paths(&variable("LD_LIBRARY_PATH"))
                .filter(|path| path.is_absolute())
                .collect(),
            configured: loader_conf::directories(Path::new("/etc/ld.so.conf")),
        };

        let image_path = format!("/usr/local/bin/{}", server.name);
        let loaded = libraries::load(&binary, &search)?;
        let mut layout = Layout::new();
        layout.executable(&image_path, binary);
        for (path, source) in loaded.files {
            layout.executable(&path, source);
        }
        Ok(Self {
            layout,
            changes: changes(server.name, version.product, &version.version),
            target: loaded.target,
            program: server.name,
            version: version.version,
        })
    }

    /// The image's tag and size. The image is never in memory as a whole.
    pub(super) fn digest(&self) -> io::Result<Digest> {
        let HashWriter { mut hash, size } = self.layout.write_tar(HashWriter::default())?;
        for change in &self.changes {
            hash.update(change.as_bytes());
            hash.update(b"\n");
        }
        let mut tag = hex::encode(hash.finalize());
        tag.truncate(TAG_LENGTH);
        Ok(Digest { tag, size })
    }
}

/// Why the server of this machine does not tell its version. A program for another processor cannot be started.
fn why_without_version(path: PathBuf, source: io::Error) -> HostImageError {
    let mut header = Vec::new();
    let read = File::open(&path).and_then(|file| file.take(elf::HEADER).read_to_end(&mut header));
    let target = read.ok().and_then(|_| elf::target(&header));
    match target.map(ElfTarget::name).filter(|name| *name != elf::this_machine()) {
        Some(found) => HostImageError::OtherProcessor { path, found, needed: elf::this_machine(), source },
        None => HostImageError::Version { path, source },
    }
}

/// The image's settings, as Dockerfile instructions.
fn changes(program: &str, product: &str, version: &str) -> Vec<String> {
    vec![
        "WORKDIR /data".to_owned(),
        format!("USER {SERVER_ID}:{SERVER_ID}"),
        format!("CMD [\"{program}\"]"),
        format!("LABEL org.opencontainers.image.title={product}"),
        format!("LABEL org.opencontainers.image.version={version}"),
        "LABEL io.redisctl.image=host".to_owned(),
        format!("ENV LD_LIBRARY_PATH=\"{LIBRARY_DIRECTORY}\""),
    ]
}

/// Hashes and counts the bytes that are written to it.
#[derive(Default)]
struct HashWriter {
    hash: Sha256,
    size: usize,
}

impl io::Write for HashWriter {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.hash.update(data);
        self.size += data.len();
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recipe(version: &str, source: &Path) -> Recipe {
        let mut layout = Layout::new();
        layout.executable("/usr/local/bin/redis-server", source.to_owned());
        Recipe {
            layout,
            changes: changes("redis-server", "redis", version),
            target: ElfTarget { machine: 62, is_64: true },
            program: "redis-server",
            version: version.to_owned(),
        }
    }

    #[test]
    fn the_tag_follows_the_content_and_the_settings() {
        let folder = tempfile::tempdir().unwrap();
        let [one, other] = ["one", "other"].map(|name| folder.path().join(name));
        std::fs::write(&one, "1").unwrap();
        std::fs::write(&other, "2").unwrap();

        let tag = recipe("7.0.15", &one).digest().unwrap().tag;
        assert_eq!(tag.len(), TAG_LENGTH);
        assert!(tag.bytes().all(|digit| digit.is_ascii_hexdigit()), "{tag}");
        assert_eq!(recipe("7.0.15", &one).digest().unwrap().tag, tag);
        assert_ne!(recipe("7.0.16", &one).digest().unwrap().tag, tag);
        assert_ne!(recipe("7.0.15", &other).digest().unwrap().tag, tag);
    }

    #[test]
    fn the_settings_name_the_user_the_labels_and_the_library_path() {
        assert_eq!(
            changes("valkey-server", "valkey", "8.1.1"),
            [
                "WORKDIR /data",
                "USER 999:999",
                "CMD [\"valkey-server\"]",
                "LABEL org.opencontainers.image.title=valkey",
                "LABEL org.opencontainers.image.version=8.1.1",
                "LABEL io.redisctl.image=host",
                "ENV LD_LIBRARY_PATH=\"/usr/local/lib\"",
            ]
        );
    }
}
