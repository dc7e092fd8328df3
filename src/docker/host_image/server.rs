//! This machine's own server: its path, product and version.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The names of the binaries, the preferred name first.
const NAMES: [&str; 2] = ["redis-server", "valkey-server"];

/// Directories that hold servers but are not on every user's `PATH`.
const MORE_DIRECTORIES: [&str; 3] = ["/usr/local/bin", "/usr/local/sbin", "/usr/sbin"];

/// A server that is installed on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct InstalledServer {
    /// `redis-server` or `valkey-server`. A server behaves by its name, and its file may have another name (in Debian
    /// `redis-check-rdb`).
    pub name: &'static str,
    /// Its path.
    pub path: PathBuf,
}

/// The answer of a server to `--version`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ServerVersion {
    /// `redis` or `valkey`.
    pub product: &'static str,
    /// For example `8.0.2`.
    pub version: String,
}

impl InstalledServer {
    /// The first server in the directories of `search_path` (the value of `PATH`), or in the usual directories.
    #[must_use]
    pub(super) fn find(search_path: &OsStr) -> Option<Self> {
        let directories: Vec<PathBuf> =
            std::env::split_paths(search_path).chain(MORE_DIRECTORIES.map(PathBuf::from)).collect();
        NAMES.into_iter().find_map(|name| {
            let path =
                directories.iter().map(|directory| directory.join(name)).find(|path| is_program(path))?;
            Some(Self { name, path })
        })
    }

    /// Asks the server for its version.
    ///
    /// # Errors
    /// It cannot be run, or its answer has no version (`InvalidData`).
    pub(super) fn version(&self) -> io::Result<ServerVersion> {
        let output = Command::new(&self.path).arg("--version").output()?;
        parse_version(&String::from_utf8_lossy(&output.stdout))
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "the answer has no version in it"))
    }
}

/// Parses `Redis server v=8.0.2 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=…`.
fn parse_version(answer: &str) -> Option<ServerVersion> {
    let version = answer.split_whitespace().find_map(|word| word.strip_prefix("v="))?;
    // The name of the binary does not tell: some distributions install Valkey under Redis's name.
    let product = if answer.to_ascii_lowercase().contains("valkey") { "valkey" } else { "redis" };
    version
        .starts_with(|first: char| first.is_ascii_digit())
        .then(|| ServerVersion { product, version: version.to_owned() })
}

/// Whether `path` is a file that may be executed.
#[cfg(unix)]
fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    path.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

/// Whether `path` is a file.
#[cfg(not(unix))]
fn is_program(path: &Path) -> bool {
    path.is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        for (answer, expected) in [
            (
                "Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=ae4d7c971a948f0\n",
                Some(("redis", "7.0.15")),
            ),
            ("Valkey server v=8.1.1 sha=00000000:0 malloc=libc bits=64 build=1\n", Some(("valkey", "8.1.1"))),
            ("Redis server v=8.0.0-rc1 sha=0:0\n", Some(("redis", "8.0.0-rc1"))),
            ("Redis server version 2.4.10 (00000000:0)\n", None),
            ("Redis server v=unstable\n", None),
            ("", None),
        ] {
            let expected =
                expected.map(|(product, version)| ServerVersion { product, version: version.to_owned() });
            assert_eq!(parse_version(answer), expected, "{answer}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn redis_comes_before_valkey_and_only_programs_count() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let [first, second] = ["first", "second"].map(|name| folder.path().join(name));
        for (path, mode) in [
            (first.join("redis-server"), 0o644),
            (first.join("valkey-server"), 0o755),
            (second.join("redis-server"), 0o755),
        ] {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, "").unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        }
        let search_path = std::env::join_paths([&first, &second]).unwrap();

        let found = InstalledServer::find(&search_path).unwrap();
        assert_eq!(found, InstalledServer { name: "redis-server", path: second.join("redis-server") });
    }
}
