//! The facts about this machine that decide the engine's address: platform, environment, files.

use std::path::{Path, PathBuf};

use super::address::EngineTlsFiles;

/// The platforms that differ in their default address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Platform {
    /// Linux, macOS and similar systems: sockets.
    Unix,
    /// Windows: pipes.
    Windows,
}

/// Facts about the machine and the process.
pub trait MachineFacts {
    /// The platform.
    fn platform(&self) -> Platform;
    /// The environment variable `name`; `None` also if it is empty.
    fn variable(&self, name: &str) -> Option<String>;
    /// The user's home directory.
    fn home(&self) -> Option<PathBuf>;
    /// The text of a file; `None` if it is missing or cannot be read.
    fn read(&self, path: &Path) -> Option<String>;
    /// Whether `path` exists.
    fn exists(&self, path: &Path) -> bool;
}

/// This machine, and the environment of this process.
#[derive(Debug, Clone, Copy, Default)]
pub struct ThisMachine;

impl MachineFacts for ThisMachine {
    fn platform(&self) -> Platform {
        if cfg!(windows) { Platform::Windows } else { Platform::Unix }
    }

    fn variable(&self, name: &str) -> Option<String> {
        std::env::var(name).ok().filter(|value| !value.is_empty())
    }

    fn home(&self) -> Option<PathBuf> {
        std::env::home_dir()
    }

    fn read(&self, path: &Path) -> Option<String> {
        std::fs::read_to_string(path).ok()
    }

    fn exists(&self, path: &Path) -> bool {
        path.exists()
    }
}

/// The directory of Docker's configuration.
pub(super) fn docker_folder(machine: &impl MachineFacts) -> Option<PathBuf> {
    match machine.variable("DOCKER_CONFIG") {
        Some(folder) => Some(folder.into()),
        None => Some(machine.home()?.join(".docker")),
    }
}

/// Docker's configuration file on this machine.
pub(in crate::docker) fn docker_configuration() -> Option<PathBuf> {
    Some(docker_folder(&ThisMachine)?.join("config.json"))
}

/// The certificates for addresses that do not come from a context; `None` for connections without TLS. As with
/// Docker's own client, any value of `DOCKER_TLS_VERIFY` asks for TLS.
pub(super) fn tls_files(machine: &impl MachineFacts) -> Option<EngineTlsFiles> {
    machine.variable("DOCKER_TLS_VERIFY")?;
    let folder = match machine.variable("DOCKER_CERT_PATH") {
        Some(folder) => folder.into(),
        None => docker_folder(machine)?,
    };
    Some(EngineTlsFiles::in_folder(&folder))
}
