//! Errors between redisctl and a server.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use redis::{ErrorKind, RedisError, ServerErrorKind};

use crate::certificates::certificate_fault;
use crate::poll::TimedOut;
use crate::topology::{Endpoint, NodeName};

/// A server did not answer, or refused a request.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// A node that the topology does not have.
    #[error("there is no node `{0}`")]
    NoSuchNode(NodeName),
    /// The endpoint could not be dialled.
    #[error("could not connect to {endpoint}")]
    Connect {
        /// The endpoint.
        endpoint: Endpoint,
        /// The cause.
        source: RedisError,
    },
    /// The server's certificate is not valid for the deployment.
    #[error("the certificate of {endpoint} {fault}")]
    Certificate {
        /// The server's endpoint.
        endpoint: Endpoint,
        /// The problem.
        fault: String,
    },
    /// The TLS handshake failed for another reason than the server's certificate.
    #[error("{endpoint} {fault}")]
    Handshake {
        /// The server's endpoint.
        endpoint: Endpoint,
        /// The server's reaction.
        fault: &'static str,
    },
    /// A command failed.
    #[error("`{command}` failed")]
    Command {
        /// The command, without values that may be secret.
        command: &'static str,
        /// The cause.
        source: RedisError,
    },
    /// A setting was refused.
    #[error("could not set `{directive}`")]
    Setting {
        /// The directive. Its value may be secret.
        directive: String,
        /// The cause.
        source: RedisError,
    },
    /// The primary did not change within the time of an attempt.
    #[error(transparent)]
    NotHandedOverYet(#[from] TimedOut),
    /// The sentinels know no replica that can become primary.
    #[error("the sentinel knows no replica yet that can become primary")]
    NoGoodReplicaYet,
    /// The primary has no replica that is online.
    #[error("the primary has no replica that is online yet")]
    NoReplicaYet,
    /// The connection broke before a reply came. The user's command is not named: it may hold secrets.
    #[error("no reply came from {endpoint}")]
    Silent {
        /// The server's endpoint.
        endpoint: Endpoint,
        /// The cause.
        source: RedisError,
    },
    /// Another server refused a command that the session needs on every connection.
    #[error("{endpoint} refuses `{command}`, which this session has used: {message}")]
    State {
        /// The server.
        endpoint: Endpoint,
        /// The name of the command.
        command: String,
        /// Its error.
        message: String,
    },
    /// No reply came. The caller names the command.
    #[error("no reply came")]
    NoReply {
        /// The cause.
        source: RedisError,
    },
    /// The server refused a command.
    #[error("{command} failed: {words}")]
    Refused {
        /// The command.
        command: &'static str,
        /// The server's words.
        words: String,
    },
    /// No reply came in time.
    #[error("no reply came within {} s", .0.as_secs())]
    Late(Duration),
    /// A server accepted a connection, and did not answer the first command in time.
    #[error("{endpoint} accepts connections, and does not answer within {} s", .limit.as_secs())]
    NoFirstReply {
        /// The server's endpoint.
        endpoint: Endpoint,
        /// The time limit.
        limit: Duration,
    },
    /// A reply cannot be parsed.
    #[error("the reply to `{command}` could not be understood: {what}")]
    Reply {
        /// The command.
        command: &'static str,
        /// The unexpected part.
        what: String,
    },
    /// A new primary does not report `cluster_state:ok` yet.
    #[error("does not report that the cluster is up yet")]
    NotUpYet,
    /// A node does not know these peers yet, after CLUSTER MEET.
    #[error("does not know {0} yet")]
    NotMetYet(String),
}

impl ServerError {
    /// The error of a failed dial.
    pub(super) fn connect(endpoint: &Endpoint, source: RedisError) -> Self {
        let endpoint = endpoint.clone();
        match tls_error(&source) {
            Some(rustls::Error::InvalidCertificate(error)) => {
                Self::Certificate { endpoint, fault: certificate_fault(error) }
            }
            Some(rustls::Error::InvalidMessage(_)) => {
                Self::Handshake { endpoint, fault: "does not speak TLS" }
            }
            Some(rustls::Error::AlertReceived(_)) => {
                Self::Handshake { endpoint, fault: "refused the client's certificate" }
            }
            _ => Self::Connect { endpoint, source },
        }
    }

    /// A hint for the user.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Certificate { .. } => {
                "`redisctl up` renews a deployment's certificates: those that it made, and your own if the spec \
                 names new files"
            }
            Self::NoFirstReply { .. } => {
                "`redisctl status` shows whether the node is paused; `redisctl unpause` continues it"
            }
            _ => "`redisctl status` shows which nodes answer",
        }
    }

    /// Whether the server was reached, but closed the connection without a reply.
    #[must_use]
    pub fn is_hang_up(&self) -> bool {
        match self {
            Self::Handshake { .. } => true,
            Self::Connect { source, .. } | Self::NoReply { source } | Self::Silent { source, .. } => {
                !source.is_timeout() && !source.is_connection_refusal()
            }
            _ => false,
        }
    }

    /// Whether the connection is broken.
    #[must_use]
    pub fn is_broken_connection(&self) -> bool {
        match self {
            Self::Connect { .. }
            | Self::Certificate { .. }
            | Self::Handshake { .. }
            | Self::NoFirstReply { .. }
            | Self::Silent { .. } => true,
            Self::Command { source, .. } | Self::Setting { source, .. } | Self::NoReply { source } => {
                source.is_io_error() || source.is_unrecoverable_error()
            }
            Self::NoSuchNode(_)
            | Self::Reply { .. }
            | Self::Late(_)
            | Self::Refused { .. }
            | Self::State { .. }
            | Self::NotUpYet
            | Self::NotMetYet(_)
            | Self::NotHandedOverYet(_)
            | Self::NoGoodReplicaYet
            | Self::NoReplicaYet => false,
        }
    }

    /// Whether the server refused the user or its password.
    #[must_use]
    pub fn is_refused_login(&self) -> bool {
        matches!(self, Self::Connect { source, .. } if matches!(source.code(), Some("WRONGPASS" | "NOAUTH"))
            || source.kind() == ErrorKind::AuthenticationFailed)
    }

    /// Whether the same call may succeed a moment later.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        match self {
            Self::NotUpYet
            | Self::NotMetYet(_)
            | Self::NotHandedOverYet(_)
            | Self::NoGoodReplicaYet
            | Self::NoReplicaYet => true,
            Self::Connect { source, .. } | Self::NoReply { source } => source.is_io_error(),
            Self::Command { source, .. } | Self::Setting { source, .. } => {
                source.is_io_error() || is_passing_reply(source)
            }
            Self::NoSuchNode(_)
            | Self::Certificate { .. }
            | Self::Handshake { .. }
            | Self::Silent { .. }
            | Self::NoFirstReply { .. }
            | Self::Late(_)
            | Self::Refused { .. }
            | Self::State { .. }
            | Self::Reply { .. } => false,
        }
    }
}

/// The TLS error in a failure, if any. redis-rs wraps it in an I/O error.
fn tls_error(error: &RedisError) -> Option<&rustls::Error> {
    let shared = error.source()?.downcast_ref::<Arc<dyn Error + Send + Sync>>()?;
    let io = shared.downcast_ref::<std::io::Error>();
    io.and_then(std::io::Error::get_ref)?.downcast_ref::<rustls::Error>()
}

/// Whether the server does not know the node in a command.
pub(super) fn is_unknown_node(error: &RedisError) -> bool {
    detail_starts_with(error, &["Unknown node"])
}

/// Whether the server refuses CLUSTER SETSLOT because it is a replica.
pub(super) fn is_for_primaries(error: &RedisError) -> bool {
    detail_starts_with(
        error,
        &["Please use SETSLOT only with masters", "You can use SETSLOT only with masters"],
    )
}

/// Whether a hand-over is already running at the server.
pub(super) fn is_failing_over(error: &RedisError) -> bool {
    detail_starts_with(error, &["FAILOVER already in progress"])
}

fn is_passing_reply(error: &RedisError) -> bool {
    let passing_kind = matches!(
        error.kind(),
        ErrorKind::Server(
            ServerErrorKind::ClusterDown
                | ServerErrorKind::BusyLoading
                | ServerErrorKind::MasterDown
                | ServerErrorKind::TryAgain
        )
    );
    // CLUSTER REPLICATE returns this until gossip brings the primary or its new role. It has no error code.
    let not_heard_yet = ["Unknown node", "I can only replicate a master"];
    passing_kind || detail_starts_with(error, &not_heard_yet)
}

fn detail_starts_with(error: &RedisError, beginnings: &[&str]) -> bool {
    error.detail().is_some_and(|detail| beginnings.iter().any(|beginning| detail.starts_with(beginning)))
}
