//! What can go wrong between redisctl and the engine.

use std::time::Duration;

use bollard::errors::Error;

use crate::topology::DeploymentName;
use crate::topology::stored_format::NewerFormat;

/// The status of a call that names something that is not there.
const NOT_FOUND: u16 = 404;

/// The status of a call that makes what is there already, or that something which is going on stands against.
const CONFLICT: u16 = 409;

/// The status of a call that the engine failed to carry out.
const INTERNAL_ERROR: u16 = 500;

/// A call to the engine that failed.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The engine refused.
    #[error("the engine could not {operation}")]
    Call {
        /// What was asked of it.
        operation: String,
        /// Why not.
        source: Error,
    },
    /// The connection to the engine broke, or its answer did not come in time: it may have done what it
    /// was asked for, or not.
    #[error("no answer came from the engine when it was asked to {operation}")]
    NoAnswer {
        /// What was asked of it.
        operation: String,
        /// How the connection ended.
        source: Error,
    },
    /// A name that was free a moment ago is somebody else's now.
    #[error("somebody else has just made a {kind} `{name}`")]
    NameTaken {
        /// `container`, `network` or `volume`.
        kind: &'static str,
        /// The name.
        name: String,
    },
    /// The engine could not start a container; one reason is a port that somebody else has taken.
    #[error("the engine could not start the container `{container}`")]
    NotStarted {
        /// The container.
        container: String,
        /// Why not.
        source: Error,
    },
    /// A container that the engine has begun to remove is still there.
    #[error("the container `{container}` is being removed, and still not gone after {} s", waited.as_secs())]
    NotGone {
        /// The container.
        container: String,
        /// For how long it was waited for.
        waited: Duration,
    },
    /// Another network took the subnet first.
    #[error("the subnet `{subnet}` overlaps one that another network has taken")]
    SubnetTaken {
        /// The subnet.
        subnet: ipnet::Ipv4Net,
        /// The engine's answer.
        source: Error,
    },
    /// An archive could not be made or read.
    #[error("could not {operation}")]
    Archive {
        /// What was tried.
        operation: String,
        /// Why not.
        source: std::io::Error,
    },
    /// A deployment that a newer redisctl made or changed.
    #[error("a newer redisctl made or changed the deployment `{deployment}`")]
    NewerFormat {
        /// The deployment.
        deployment: DeploymentName,
        /// Both versions.
        source: NewerFormat,
    },
    /// An image in which neither server was found.
    #[error("the image `{0}` holds neither `redis-server` nor `valkey-server`")]
    NoServer(String),
    /// The server in an image is made for another processor than the engine's.
    #[error(
        "the image `{reference}` holds a `{program}` for {found}, and the engine runs programs for {needed}"
    )]
    OtherProcessor {
        /// The image.
        reference: String,
        /// The server's program.
        program: &'static str,
        /// Its processor, as the engine would call it.
        found: &'static str,
        /// The engine's processor.
        needed: String,
    },
    /// An image could not be pulled.
    #[error(transparent)]
    Pull(#[from] super::pull::PullError),
}

impl EngineError {
    /// Makes an error of a failed call: `.map_err(EngineError::call("create the network"))`.
    pub fn call(operation: impl Into<String>) -> impl FnOnce(Error) -> Self {
        move |source| {
            let operation = operation.into();
            if is_broken_connection(&source) {
                Self::NoAnswer { operation, source }
            } else {
                Self::Call { operation, source }
            }
        }
    }

    /// What to do next.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Pull(error) => Some(error.hint()),
            Self::SubnetTaken { .. } => Some("choose another one with `--subnet`"),
            Self::NewerFormat { .. } => {
                Some("upgrade redisctl; to remove the deployment, `redisctl down` of this version is enough")
            }
            Self::NoServer(_) => Some("name an image of Redis or Valkey with `--image`"),
            Self::OtherProcessor { .. } => {
                Some("name an image with `--image` that is made for the engine's processor")
            }
            Self::NotStarted { source, .. } if says_port_is_allocated(source) => Some(
                "no container publishes that port: the engine itself holds it, as one may that was killed while it \
                 started containers; restart the engine",
            ),
            Self::Call { source, .. } if says_network_is_in_use(source) => Some(
                "`docker network inspect` shows whose containers are attached to it; where it shows none, the engine \
                 counts one that is gone: restart the engine, and try again",
            ),
            Self::NoAnswer { .. } => Some("see whether the engine still runs (`docker info`)"),
            _ => None,
        }
    }
}

/// Whether the engine refused a subnet: 403, or 400 in newer engines.
pub(super) fn is_subnet_refused(error: &Error) -> bool {
    matches!(status(error), Some(400 | 403))
}

/// Whether there was no answer at all, or not the whole of it.
fn is_broken_connection(error: &Error) -> bool {
    matches!(
        error,
        Error::HyperLegacyError { .. }
            | Error::HyperResponseError { .. }
            | Error::IOError { .. }
            | Error::RequestTimeoutError
            | Error::SocketNotFoundError(_)
    )
}

/// The HTTP status that the engine answered with.
pub(super) fn status(error: &Error) -> Option<u16> {
    match error {
        Error::DockerResponseServerError { status_code, .. } => Some(*status_code),
        _ => None,
    }
}

/// Whether the engine counts a port among those that it has given away itself.
fn says_port_is_allocated(error: &Error) -> bool {
    matches!(error, Error::DockerResponseServerError { message, .. } if message.contains("port is already allocated"))
}

/// Whether the engine counts something that is attached to a network.
fn says_network_is_in_use(error: &Error) -> bool {
    matches!(error, Error::DockerResponseServerError { message, .. } if message.contains("has active endpoints"))
}

/// Whether a name is taken, or the engine is busy with what a call named.
pub(super) fn is_conflict(error: &Error) -> bool {
    status(error) == Some(CONFLICT)
}

/// Whether what a call named is not there.
pub(super) fn is_not_found(error: &Error) -> bool {
    status(error) == Some(NOT_FOUND)
}

/// Whether the engine failed at what it was asked for, rather than refused it.
pub(super) fn is_internal(error: &Error) -> bool {
    status(error) == Some(INTERNAL_ERROR)
}
