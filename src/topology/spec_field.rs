//! The fields of the spec, for causes and obstacles: a change of a field causes a step or an obstacle.

use std::fmt;

use super::Server;

/// A field of the spec. Some fields have a second variant for a change that has another effect.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum SpecField {
    /// A node's address or published port.
    Address,
    /// Users and passwords.
    Auth,
    /// Passwords of sentinels of a version without users.
    AuthOfOldSentinels,
    /// The host address that ports are published on.
    Bind,
    /// The server's executable and its arguments.
    Command,
    /// Where keys are kept.
    Data,
    /// A directive that a server reads at its start only.
    Directive(String),
    /// The image.
    Image,
    /// The image, where the spec names the same one, and the name has moved to another image.
    MovedImage {
        /// The image's name.
        name: String,
        /// The image that the container runs.
        was: ImageIdentity,
        /// The image that has the name now.
        now: ImageIdentity,
    },
    /// The image, where the new image's server is older than the present server.
    OlderImage,
    /// The kind of the deployment.
    Kind,
    /// The user's labels.
    Labels,
    /// The network's subnet.
    Subnet,
    /// The number of replicas.
    Replicas,
    /// The number of replicas, where the present primary leaves.
    FewerReplicas,
    /// The number of nodes, if a single container publishes all ports.
    SharedPorts,
    /// Limits of memory and processors.
    Resources,
    /// Anything that is written to the nodes' files.
    Settings,
    /// The shards and their slots.
    Shards,
    /// Whether the servers use TLS.
    Tls,
    /// The CA that clients trust.
    Authority,
    /// The user that the server runs as.
    User,
    /// The volumes of a container.
    Volumes,
    /// Unknown: the label with the container's settings cannot be read.
    UnreadableLabel,
}

/// What an image is, whatever its names are.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ImageIdentity {
    /// Its id on the engine.
    pub id: String,
    /// The server in it; `None` where the server does not answer.
    pub server: Option<Server>,
}

impl ImageIdentity {
    /// How many digits of an id are shown: as many as the engine's own lists show.
    const SHOWN: usize = 12;
}

impl fmt::Display for ImageIdentity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.id.strip_prefix("sha256:").unwrap_or(&self.id);
        formatter.write_str(digits.get(..Self::SHOWN).unwrap_or(digits))?;
        match self.server {
            Some(server) => write!(formatter, " ({server})"),
            None => Ok(()),
        }
    }
}

impl SpecField {
    /// Whether the field differs although the spec is the same.
    #[must_use]
    pub fn is_changed_without_the_spec(&self) -> bool {
        matches!(self, Self::MovedImage { .. })
    }
}

impl fmt::Display for SpecField {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Directive(name) => return write!(formatter, "config.{name}"),
            Self::MovedImage { name, was, now } => {
                return write!(formatter, "image {name} is {now} now, was {was}");
            }
            Self::Address => "address",
            Self::Auth => "auth",
            Self::AuthOfOldSentinels => "auth, of sentinels that know no users",
            Self::Bind => "bind",
            Self::Command => "command",
            Self::Data => "data",
            Self::Image => "image",
            Self::OlderImage => "image, to an image with an older server",
            Self::Kind => "kind",
            Self::Labels => "labels",
            Self::Subnet => "network.subnet",
            Self::Replicas => "replicas",
            Self::FewerReplicas => "replicas, to fewer",
            Self::SharedPorts => "replicas or sentinels",
            Self::Resources => "resources",
            Self::Settings => "settings",
            Self::Shards => "shards",
            Self::Tls => "tls",
            Self::Authority => "tls, to another CA",
            Self::User => "user",
            Self::Volumes => "volumes",
            Self::UnreadableLabel => "a label of redisctl",
        })
    }
}
