//! The engine's address: from `--host`, `DOCKER_HOST`, the Docker context, or the platform's default.
//!
//! The decision depends on [`MachineFacts`] alone, so that every case can be tested on every platform.

use std::net::Ipv4Addr;
use std::path::PathBuf;

use crate::topology::address::is_loopback;
use crate::topology::{EngineName, EngineReference};

mod address;
mod context;
mod machine;

pub use address::{AddressError, EngineAddress, EngineTlsFiles, SshDestination};
pub(super) use machine::docker_configuration;
pub use machine::{MachineFacts, Platform, ThisMachine};

/// The name of the context for the platform's default.
const DEFAULT_CONTEXT: &str = "default";

/// The default engine's socket.
const DEFAULT_SOCKET: &str = "/var/run/docker.sock";

/// The socket of Podman's service for Docker's API, if the system runs it.
const PODMAN_SOCKET: &str = "/run/podman/podman.sock";

/// The default engine's pipe on Windows.
const DEFAULT_PIPE: &str = "//./pipe/docker_engine";

/// Sockets below the home directory, tried if the default socket is missing. They belong to Docker Desktop (macOS,
/// Linux), Colima and `OrbStack`.
const HOME_SOCKETS: [&str; 4] = [
    ".docker/run/docker.sock",
    ".docker/desktop/docker.sock",
    ".colima/default/docker.sock",
    ".orbstack/run/docker.sock",
];

/// An engine's address, with its origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineLocation {
    /// The address.
    pub address: EngineAddress,
    /// Its origin.
    pub origin: AddressOrigin,
}

/// The origin of the engine's address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AddressOrigin {
    /// `--host`.
    Flag,
    /// The context of this name, from `--context`.
    ContextFlag(String),
    /// The engine of this name in a spec.
    Spec(EngineName),
    /// A context that a spec names for the engine of this name.
    SpecContext(EngineName, String),
    /// The environment variable `DOCKER_HOST`.
    HostVariable,
    /// The context of this name, from `DOCKER_CONTEXT`.
    ContextVariable(String),
    /// The context of this name, the current context in Docker's configuration.
    CurrentContext(String),
    /// No source named an address: it is the platform's default.
    Platform {
        /// The other sockets that were tried, if none exists.
        absent: Vec<PathBuf>,
    },
}

impl AddressOrigin {
    /// The context's name, if the origin is a context.
    fn context(&self) -> Option<&str> {
        match self {
            Self::ContextFlag(name)
            | Self::ContextVariable(name)
            | Self::CurrentContext(name)
            | Self::SpecContext(_, name) => Some(name),
            Self::Spec(_) | Self::Flag | Self::HostVariable | Self::Platform { .. } => None,
        }
    }
}

impl std::fmt::Display for AddressOrigin {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Flag => formatter.write_str("from `--host`"),
            Self::ContextFlag(name) => write!(formatter, "`{name}`, from `--context`"),
            Self::Spec(engine) => write!(formatter, "engine `{engine}`"),
            Self::SpecContext(engine, name) => write!(formatter, "`{name}`, for engine `{engine}`"),
            Self::HostVariable => formatter.write_str("from `DOCKER_HOST`"),
            Self::ContextVariable(name) => write!(formatter, "`{name}`, from `DOCKER_CONTEXT`"),
            Self::CurrentContext(name) => write!(formatter, "`{name}`, from Docker's configuration"),
            Self::Platform { absent } => {
                formatter.write_str("the platform's default")?;
                for (position, socket) in absent.iter().enumerate() {
                    let before = if position == 0 { "; there is also no socket at" } else { "," };
                    write!(formatter, "{before} `{}`", socket.display())?;
                }
                Ok(())
            }
        }
    }
}

/// Why the engine's address is not known.
#[derive(Debug, thiserror::Error)]
pub enum LocationError {
    /// An address cannot be parsed.
    #[error("`{text}` ({origin}) is not an engine's address")]
    Address {
        /// The address as given.
        text: String,
        /// Its origin.
        origin: AddressOrigin,
        /// The problem.
        source: AddressError,
    },
    /// Docker's configuration cannot be read.
    #[error("cannot read Docker's configuration `{}`", path.display())]
    Configuration {
        /// The file.
        path: PathBuf,
        /// The problem.
        source: serde_json::Error,
    },
    /// The context does not exist.
    #[error("there is no Docker context {origin}: `{}` cannot be read", path.display())]
    NoContext {
        /// The origin of the context's name.
        origin: AddressOrigin,
        /// The missing file with its description.
        path: PathBuf,
    },
    /// A context has no address of a Docker engine.
    #[error("the Docker context {origin} has no Docker endpoint in `{}`", path.display())]
    NoEndpoint {
        /// The origin of the context's name.
        origin: AddressOrigin,
        /// The file with its description.
        path: PathBuf,
    },
}

impl LocationError {
    /// A hint for the user.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Address { .. } => {
                "an address is `unix:///PATH`, `npipe:////./pipe/NAME`, `tcp://HOST:PORT` or \
                 `ssh://[USER@]HOST[:PORT]`"
            }
            Self::Configuration { .. } => "repair the file, or name the engine's address with `--host`",
            Self::NoContext { .. } | Self::NoEndpoint { .. } => {
                "choose another one (`docker context ls`, `docker context use NAME`), or name the engine's \
                 address with `--host`"
            }
        }
    }
}

impl EngineLocation {
    /// Finds the engine's address: `flag` (`--host`), else `DOCKER_HOST`, else the context that `DOCKER_CONTEXT` or
    /// Docker's configuration names, else the platform's default.
    ///
    /// # Errors
    /// An address is malformed, or a context cannot be read.
    pub fn find(flag: Option<&str>, machine: &impl MachineFacts) -> Result<Self, LocationError> {
        if let Some(text) = flag {
            return Self::given(text, AddressOrigin::Flag, machine);
        }
        if let Some(text) = machine.variable("DOCKER_HOST") {
            return Self::given(&text, AddressOrigin::HostVariable, machine);
        }
        let origin = match machine.variable("DOCKER_CONTEXT") {
            Some(name) => Some(AddressOrigin::ContextVariable(name)),
            None => context::current(machine)?.map(AddressOrigin::CurrentContext),
        };
        match origin {
            Some(origin) if origin.context() != Some(DEFAULT_CONTEXT) => {
                let address = context::address(&origin, machine)?;
                Ok(Self { address, origin })
            }
            _ => Ok(Self::of_platform(machine)),
        }
    }

    /// The engine that a spec names.
    ///
    /// # Errors
    /// The address is malformed, or the context cannot be read.
    pub fn of_engine(
        name: &EngineName,
        at: &EngineReference,
        machine: &impl MachineFacts,
    ) -> Result<Self, LocationError> {
        match at {
            EngineReference::Host(text) => Self::given(text, AddressOrigin::Spec(name.clone()), machine),
            EngineReference::Context(context) => {
                let origin = AddressOrigin::SpecContext(name.clone(), context.clone());
                Ok(Self { address: context::address(&origin, machine)?, origin })
            }
        }
    }

    /// The engine of `--host` or `--context`.
    ///
    /// # Errors
    /// The address is malformed, or the context cannot be read.
    pub fn of_flag(at: &EngineReference, machine: &impl MachineFacts) -> Result<Self, LocationError> {
        match at {
            EngineReference::Host(text) => Self::given(text, AddressOrigin::Flag, machine),
            EngineReference::Context(context) if context == DEFAULT_CONTEXT => Ok(Self::of_platform(machine)),
            EngineReference::Context(context) => {
                let origin = AddressOrigin::ContextFlag(context.clone());
                Ok(Self { address: context::address(&origin, machine)?, origin })
            }
        }
    }

    /// The engine at an address that the user gave.
    fn given(text: &str, origin: AddressOrigin, machine: &impl MachineFacts) -> Result<Self, LocationError> {
        match EngineAddress::parse(text, machine::tls_files(machine)) {
            Ok(address) => Ok(Self { address, origin }),
            Err(source) => Err(LocationError::Address { text: text.to_owned(), origin, source }),
        }
    }

    /// The platform's default: the default socket, else another existing socket.
    fn of_platform(machine: &impl MachineFacts) -> Self {
        let at = |address, absent| Self { address, origin: AddressOrigin::Platform { absent } };
        if machine.platform() == Platform::Windows {
            return at(EngineAddress::Pipe(DEFAULT_PIPE.into()), Vec::new());
        }
        let default = PathBuf::from(DEFAULT_SOCKET);
        let others = other_sockets(machine);
        match std::iter::once(&default).chain(&others).find(|socket| machine.exists(socket)) {
            Some(found) => at(EngineAddress::Unix(found.clone()), Vec::new()),
            None => at(EngineAddress::Unix(default), others),
        }
    }

    /// Whether the address belongs to this machine.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.address.host().is_none_or(is_loopback)
    }

    /// The host that clients dial for published ports: 127.0.0.1 if the engine is on this machine, else the engine's
    /// host.
    #[must_use]
    pub fn endpoint_host(&self) -> String {
        match self.address.host() {
            Some(host) if !is_loopback(host) => host.to_owned(),
            _ => Ipv4Addr::LOCALHOST.to_string(),
        }
    }
}

/// The sockets that are tried after the default socket, in this order.
fn other_sockets(machine: &impl MachineFacts) -> Vec<PathBuf> {
    let run = machine.variable("XDG_RUNTIME_DIR").map(PathBuf::from);
    let home = machine.home();
    let below = |folder: &Option<PathBuf>, socket: &str| Some(folder.as_ref()?.join(socket));
    let rootless = below(&run, "docker.sock");
    let below_home = HOME_SOCKETS.iter().filter_map(|socket| below(&home, socket));
    let podman = below(&run, "podman/podman.sock").into_iter().chain([PathBuf::from(PODMAN_SOCKET)]);
    rootless.into_iter().chain(below_home).chain(podman).collect()
}

#[cfg(test)]
mod tests;
