//! The meanings of the engine's error responses, by status. Some need the words of the engine.

use bollard::errors::Error;

/// The status of a call about a container, network, volume or image that does not exist.
const NOT_FOUND: u16 = 404;

/// The status of a call that creates an existing object, or that conflicts with another call.
const CONFLICT: u16 = 409;

/// The status of a call that the engine failed to carry out.
const INTERNAL_ERROR: u16 = 500;

/// Whether the engine refused a subnet: 403, or 400 in newer engines.
pub(super) fn is_subnet_refused(error: &Error) -> bool {
    matches!(status(error), Some(400 | 403))
}

/// Whether the answer is missing or incomplete.
pub(super) fn is_broken_connection(error: &Error) -> bool {
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

/// Whether the engine has already given the port to a container.
pub(super) fn says_port_is_allocated(error: &Error) -> bool {
    matches!(error, Error::DockerResponseServerError { message, .. } if message.contains("port is already allocated"))
}

/// Whether a process of the engine's machine has the port.
pub(super) fn says_address_is_in_use(error: &Error) -> bool {
    matches!(error, Error::DockerResponseServerError { message, .. } if message.contains("address already in use"))
}

/// Whether containers are attached to the network.
pub(super) fn says_network_is_in_use(error: &Error) -> bool {
    matches!(error, Error::DockerResponseServerError { message, .. } if message.contains("has active endpoints"))
}

/// Whether a registry wants a log-in, or refuses the user's. Engines answer with its status, or with 500 and its words.
pub(super) fn asks_for_login(error: &Error) -> bool {
    const WORDS: [&str; 3] = ["no basic auth credentials", "unauthorized", "authentication required"];
    match error {
        Error::DockerResponseServerError { status_code: 401 | 403, .. } => true,
        Error::DockerResponseServerError { status_code: INTERNAL_ERROR, message }
        | Error::DockerStreamError { error: message } => WORDS.iter().any(|words| message.contains(words)),
        _ => false,
    }
}

/// Whether a name is taken, or the call conflicts with another call.
pub(super) fn is_conflict(error: &Error) -> bool {
    status(error) == Some(CONFLICT)
}

/// Whether the object of the call does not exist.
pub(super) fn is_not_found(error: &Error) -> bool {
    status(error) == Some(NOT_FOUND)
}

/// Whether the engine accepted a call, but failed to do it.
pub(super) fn is_internal(error: &Error) -> bool {
    status(error) == Some(INTERNAL_ERROR)
}
