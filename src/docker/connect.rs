//! Connects to an engine, and tells why it cannot be reached.

use std::io::ErrorKind;
use std::time::Duration;

use bollard::{API_DEFAULT_VERSION, Docker};

use super::location::{EngineAddress, EngineLocation};

mod ssh;

/// The time limit until an engine begins its answer. Creating thirty containers at once takes seconds on a busy
/// machine. A request that takes a minute has failed.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);

/// The time limit for the first answer of an engine. A connection through `ssh` takes seconds. On a busy machine, so
/// does Podman's version: Podman looks up its packages for it.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// The oldest API with all calls that redisctl makes: that of Docker 20.10.
const OLDEST_API: ApiVersion = ApiVersion { major: 1, minor: 41 };

/// Why redisctl cannot connect to an engine.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// This platform has no connections of this kind.
    #[error("engines at `{}` ({}) cannot be reached from this platform", location.address, location.origin)]
    Unsupported {
        /// The engine.
        location: Box<EngineLocation>,
    },
    /// Nothing answers at the address, or something other than an engine.
    #[error("cannot reach the engine at `{}` ({})", location.address, location.origin)]
    Unreachable {
        /// The engine.
        location: Box<EngineLocation>,
        /// The kind of the failure.
        reason: UnreachableReason,
        /// The error.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The engine is too old for redisctl.
    #[error(
        "the engine at `{}` has version {found} of the API, and redisctl needs {OLDEST_API} (Docker 20.10 or later)",
        location.address
    )]
    TooOld {
        /// The engine.
        location: Box<EngineLocation>,
        /// The version of its API, as the engine reports it.
        found: String,
    },
    /// The engine runs containers of another system.
    #[error("the engine at `{}` runs {system} containers, but Redis needs Linux containers", location.address)]
    NotLinux {
        /// The engine.
        location: Box<EngineLocation>,
        /// The system, as the engine reports it.
        system: String,
    },
}

/// Why an engine cannot be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnreachableReason {
    /// The socket does not exist, or no process listens at the address.
    NotRunning,
    /// This user may not open the socket.
    Permission,
    /// No answer came in time.
    Timeout,
    /// The answer is an HTTP error: the engine may want TLS, or the address is not an engine's.
    HttpStatus,
    /// The connection failed: an unknown host, no route, or wrong certificates.
    NoConnection,
    /// Another error.
    Other,
}

impl ConnectError {
    /// A hint for the user on this platform.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::Unsupported { .. } => {
                "name the engine's address with `--host`, or choose another Docker context".to_owned()
            }
            Self::Unreachable { location, reason, .. } => {
                unreachable_hint(&location.address, *reason, std::env::consts::OS)
            }
            Self::TooOld { .. } => "update the engine".to_owned(),
            Self::NotLinux { .. } => "switch Docker Desktop to Linux containers".to_owned(),
        }
    }
}

/// Connects to the engine, and checks that redisctl can use it.
///
/// # Errors
/// The engine cannot be reached, is too old, or runs no Linux containers.
pub async fn connect(location: &EngineLocation) -> Result<Docker, ConnectError> {
    let boxed = || Box::new(location.clone());
    let unreachable = |source: bollard::errors::Error| ConnectError::Unreachable {
        location: boxed(),
        reason: reason(&source),
        source: without_wrapping(source),
    };
    let docker = client(&location.address)
        .ok_or_else(|| ConnectError::Unsupported { location: boxed() })?
        .map_err(unreachable)?
        .with_timeout(REQUEST_TIMEOUT);

    let version = tokio::time::timeout(CONNECT_TIMEOUT, docker.version())
        .await
        .unwrap_or(Err(bollard::errors::Error::RequestTimeoutError))
        .map_err(unreachable)?;
    let found = version.api_version.unwrap_or_default();
    if ApiVersion::parse(&found).is_none_or(|found| found < OLDEST_API) {
        return Err(ConnectError::TooOld { location: boxed(), found });
    }
    match version.os {
        Some(system) if system != "linux" => Err(ConnectError::NotLinux { location: boxed(), system }),
        _ => Ok(docker),
    }
}

/// A client for the address, not yet connected. `None`: this platform has no connections of this kind.
fn client(address: &EngineAddress) -> Option<Result<Docker, bollard::errors::Error>> {
    let timeout = REQUEST_TIMEOUT.as_secs();
    match address {
        #[cfg(unix)]
        EngineAddress::Unix(path) => {
            Some(Docker::connect_with_unix(&path.to_string_lossy(), timeout, API_DEFAULT_VERSION))
        }
        #[cfg(windows)]
        EngineAddress::Pipe(path) => {
            Some(Docker::connect_with_named_pipe(path, timeout, API_DEFAULT_VERSION))
        }
        EngineAddress::Ssh(destination) => Some(ssh::client(&destination.arguments(), timeout)),
        EngineAddress::Tcp { .. } => {
            Some(Docker::connect_with_http(&address.to_string(), timeout, API_DEFAULT_VERSION))
        }
        EngineAddress::Tls { files, .. } => Some(Docker::connect_with_ssl(
            &address.to_string(),
            &files.key,
            &files.cert,
            &files.ca,
            timeout,
            API_DEFAULT_VERSION,
        )),
        #[cfg(unix)]
        EngineAddress::Pipe(_) => None,
        #[cfg(windows)]
        EngineAddress::Unix(_) => None,
    }
}

/// The reason why an engine cannot be reached, from the kind of the error or of its causes.
fn reason(error: &bollard::errors::Error) -> UnreachableReason {
    use bollard::errors::Error;
    match error {
        Error::SocketNotFoundError(_) => return UnreachableReason::NotRunning,
        Error::RequestTimeoutError => return UnreachableReason::Timeout,
        Error::DockerResponseServerError { .. } => return UnreachableReason::HttpStatus,
        _ => {}
    }
    // The source of an `IOError` is the source of the error inside it: the chain starts with the error inside.
    let first: &(dyn std::error::Error + 'static) = match error {
        Error::IOError { err } => err,
        other => other,
    };
    let causes = std::iter::successors(Some(first), |error| error.source());
    let kinds = causes.filter_map(|cause| cause.downcast_ref::<std::io::Error>()).map(std::io::Error::kind);
    for kind in kinds {
        match kind {
            ErrorKind::NotFound | ErrorKind::ConnectionRefused => return UnreachableReason::NotRunning,
            ErrorKind::PermissionDenied => return UnreachableReason::Permission,
            ErrorKind::TimedOut => return UnreachableReason::Timeout,
            _ => {}
        }
    }
    match error {
        Error::HyperLegacyError { err } if err.is_connect() => UnreachableReason::NoConnection,
        _ => UnreachableReason::Other,
    }
}

/// The error inside bollard's wrapper. The wrapper's text would repeat it.
fn without_wrapping(error: bollard::errors::Error) -> Box<dyn std::error::Error + Send + Sync> {
    match error {
        bollard::errors::Error::HyperLegacyError { err } => Box::new(err),
        other => Box::new(other),
    }
}

/// The hint if `address` is unreachable for this reason on this system (a name of `std::env::consts::OS`).
fn unreachable_hint(address: &EngineAddress, reason: UnreachableReason, system: &str) -> String {
    match (address, reason) {
        (EngineAddress::Ssh(destination), _) => format!(
            "check that `ssh {} docker version` works without asking for a password",
            destination.arguments().join(" ")
        ),
        (EngineAddress::Unix(_) | EngineAddress::Pipe(_), UnreachableReason::Permission) => match system {
            "linux" => "become a member of the group `docker` (`sudo usermod -aG docker $USER`, then log in \
                        again), or use a rootless engine"
                .to_owned(),
            _ => "let this user open the socket or pipe of the engine".to_owned(),
        },
        (EngineAddress::Unix(_) | EngineAddress::Pipe(_), _) => match system {
            "linux" => {
                "start the engine (`sudo systemctl start docker`), or name the address of another engine with `--host`"
            }
            "macos" => "start Docker Desktop, Colima or OrbStack, or name the address of an engine with `--host`",
            _ => "start Docker Desktop, or name the address of an engine with `--host`",
        }
        .to_owned(),
        (_, UnreachableReason::NotRunning | UnreachableReason::Timeout)
        | (EngineAddress::Tcp { .. }, UnreachableReason::NoConnection) => {
            format!("check that the engine listens at `{address}`, and that no firewall is in the way")
        }
        (EngineAddress::Tcp { .. }, _) => {
            "the engine may want TLS: set `DOCKER_TLS_VERIFY=1`, and `DOCKER_CERT_PATH` to the directory of \
             `ca.pem`, `cert.pem` and `key.pem`"
                .to_owned()
        }
        (EngineAddress::Tls { files, .. }, _) => format!(
            "check that the certificates in `{}` are those of this engine",
            files.ca.parent().unwrap_or(&files.ca).display()
        ),
    }
}

/// A version of the engine's API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct ApiVersion {
    major: u16,
    minor: u16,
}

impl ApiVersion {
    /// Parses `1.41`.
    fn parse(text: &str) -> Option<Self> {
        let (major, minor) = text.split_once('.')?;
        Some(Self { major: major.parse().ok()?, minor: minor.parse().ok()? })
    }
}

impl std::fmt::Display for ApiVersion {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}.{}", self.major, self.minor)
    }
}

#[cfg(test)]
mod tests;
