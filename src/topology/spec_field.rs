//! The fields of the spec, for causes and obstacles of a plan.

use std::fmt;

use super::Server;

/// A field of the spec. Some fields have a second variant for a change that has another effect.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum SpecField {
    /// A node's address or published port.
    Address,
    /// Users and passwords.
    Auth,
    /// Passwords of sentinels that are too old for ACL users.
    AuthOfOldSentinels,
    /// The host address that ports are published on.
    Bind,
    /// The server's executable and its arguments.
    Command,
    /// The place of keys.
    Data,
    /// A directive that a server reads at its start only.
    Directive(String),
    /// The image.
    Image,
    /// The image, if the spec names the same image name, but the name now belongs to another image id.
    MovedImage {
        /// The image's name.
        name: String,
        /// The image that the container runs.
        was: ImageIdentity,
        /// The image that has the name now.
        now: ImageIdentity,
    },
    /// The image, if the new image's server is older than the present server.
    OlderImage,
    /// The kind of the deployment.
    Kind,
    /// The user's labels.
    Labels,
    /// The modules that servers load.
    Modules,
    /// The network's largest packet.
    Mtu,
    /// The network's subnet.
    Subnet,
    /// The number of replicas.
    Replicas,
    /// The number of replicas, if the present primary would leave.
    FewerReplicas,
    /// The number of nodes, if one container publishes all ports.
    SharedPorts,
    /// Limits of memory and processors.
    Resources,
    /// Settings that are written to the nodes' files.
    Settings,
    /// Whether a cluster is formed, if the new topology leaves that to clients.
    Formed,
    /// Nodes of a cluster that clients formed, if nodes with slots would leave.
    FormedByClients,
    /// The shards and their slots.
    Shards,
    /// Kernel parameters.
    Sysctls,
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

/// The identity of an image, independent of its names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ImageIdentity {
    /// Its id on the engine.
    pub id: String,
    /// The server in it; `None` if the server does not answer.
    pub server: Option<Server>,
}

impl ImageIdentity {
    /// The number of digits of an id that are shown, as in `docker images`.
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
            Self::Modules => "modules",
            Self::Mtu => "network.mtu",
            Self::Subnet => "network.subnet",
            Self::Replicas => "replicas",
            Self::FewerReplicas => "replicas, to fewer",
            Self::SharedPorts => "replicas or sentinels",
            Self::Resources => "resources",
            Self::Sysctls => "sysctls",
            Self::Settings => "settings",
            Self::Formed => "formed, to false",
            Self::FormedByClients => "shards or replicas",
            Self::Shards => "shards",
            Self::Tls => "tls",
            Self::Authority => "tls, to another CA",
            Self::User => "user",
            Self::Volumes => "volumes",
            Self::UnreadableLabel => "a label of redisctl",
        })
    }
}
