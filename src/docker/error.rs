//! Errors of the engine.

use std::time::Duration;

use bollard::errors::Error;

use super::response::{
    is_broken_connection, says_address_is_in_use, says_network_is_in_use, says_port_is_allocated,
};
use crate::topology::stored_format::NewerFormat;
use crate::topology::{DeploymentName, EngineName};

/// A call to the engine that failed.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The engine answered with an error.
    #[error("the engine could not {operation}")]
    Call {
        /// The operation.
        operation: String,
        /// The cause.
        source: Error,
    },
    /// The connection to the engine broke, or its answer came too late. The engine may have done the call.
    #[error("no answer came from the engine when it was asked to {operation}")]
    NoAnswer {
        /// The operation.
        operation: String,
        /// How the connection ended.
        source: Error,
    },
    /// A name is taken that was free a moment ago.
    #[error("another run or user has just created a {kind} `{name}`")]
    NameTaken {
        /// `container`, `network` or `volume`.
        kind: &'static str,
        /// The name.
        name: String,
    },
    /// A container that redisctl did not make has the name of a deployment's lease.
    #[error("there is a container `{container}` that redisctl did not make")]
    Foreign {
        /// The container.
        container: String,
    },
    /// The engine could not start a container. A taken port is one reason.
    #[error("the engine could not start the container `{container}`")]
    NotStarted {
        /// The container.
        container: String,
        /// The cause.
        source: Error,
    },
    /// The engine began to remove a container, but the container still exists.
    #[error("the engine has not removed the container `{container}` within {} s", waited.as_secs())]
    NotGone {
        /// The container.
        container: String,
        /// How long the wait took.
        waited: Duration,
    },
    /// Another network has the subnet, or a part of it.
    #[error("the subnet `{subnet}` overlaps the subnet of another network")]
    SubnetTaken {
        /// The subnet.
        subnet: ipnet::Ipv4Net,
        /// The engine's answer.
        source: Error,
    },
    /// A network cannot be removed, because containers that redisctl did not make are in it.
    #[error("the network `{network}` has containers that redisctl did not make: `{}`", containers.join("`, `"))]
    NetworkInUse {
        /// The deployment, and its network.
        network: DeploymentName,
        /// The containers.
        containers: Vec<String>,
    },
    /// An archive could not be made or read.
    #[error("could not {operation}")]
    Archive {
        /// The operation.
        operation: String,
        /// The cause.
        source: std::io::Error,
    },
    /// A newer redisctl made or changed the deployment.
    #[error("a newer redisctl made or changed the deployment `{deployment}`")]
    NewerFormat {
        /// The deployment.
        deployment: DeploymentName,
        /// Both versions.
        source: NewerFormat,
    },
    /// An image has no Redis and no Valkey server.
    #[error("the image `{0}` holds neither `redis-server` nor `valkey-server`")]
    NoServer(String),
    /// The server in an image is for another processor than the engine's.
    #[error(
        "the image `{reference}` holds a `{program}` for {found}, and the engine runs programs for {needed}"
    )]
    OtherProcessor {
        /// The image.
        reference: String,
        /// The server's program.
        program: &'static str,
        /// Its processor, in the engine's terms.
        found: String,
        /// The engine's processor.
        needed: String,
    },
    /// An engine of the deployment does not answer.
    #[error("the engine `{engine}` is out of reach: {cause}")]
    OutOfReach {
        /// The engine.
        engine: EngineName,
        /// The reason.
        cause: String,
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

    /// Whether the engine did not start a container because one of its ports was taken at that moment.
    #[must_use]
    pub fn is_port_taken(&self) -> bool {
        matches!(self, Self::NotStarted { source, .. } if says_port_is_allocated(source))
    }

    /// A hint for the user.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Pull(error) => return Some(error.hint()),
            Self::SubnetTaken { .. } => Some("choose another subnet with `--subnet`"),
            Self::NetworkInUse { .. } => Some(
                "remove these containers, or disconnect them with `docker network disconnect NETWORK CONTAINER`, and \
                 run the same command again",
            ),
            Self::NewerFormat { .. } => {
                Some("upgrade redisctl; to remove the deployment, `redisctl down` of this version is enough")
            }
            Self::Foreign { .. } => Some(
                "redisctl needs this name while it changes the deployment: rename the container, or choose another \
                 name for the deployment with `--name`",
            ),
            Self::NoServer(_) => Some("name an image of Redis or Valkey with `--image`"),
            Self::OtherProcessor { .. } => {
                Some("name an image with `--image` that is made for the engine's processor")
            }
            Self::NotStarted { .. } if self.is_port_taken() => Some(
                "no container publishes that port, but the engine counts it as taken. This happens if the engine was \
                 killed while it started containers. Restart the engine",
            ),
            Self::NotStarted { source, .. } if says_address_is_in_use(source) => Some(
                "another process of the engine's machine has the port: free it, or choose other ports with `--port-base` \
                 (`auto` tries others)",
            ),
            Self::Call { source, .. } if says_network_is_in_use(source) => Some(
                "`docker network inspect` shows the containers that are attached to it; if it shows none, the engine \
                 counts a container that was removed: restart the engine, and try again",
            ),
            Self::NoAnswer { .. } => Some("check whether the engine still runs (`docker info`)"),
            _ => None,
        };
        hint.map(str::to_owned)
    }
}
