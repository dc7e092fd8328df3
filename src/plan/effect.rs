//! The effect of a change of each field of the spec on a running deployment. Only this file decides it.

use crate::topology::SpecField;

/// The effect of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// The change is applied while every node runs.
    Live,
    /// Node by node is replaced. A replica or a volume keeps the keys meanwhile.
    NodeByNode,
    /// The change is applied with `--recreate` only, for this reason.
    Recreate(&'static str),
}

impl Effect {
    /// Why the change needs the user's consent, if it does.
    #[must_use]
    pub fn reason(self) -> Option<&'static str> {
        match self {
            Self::Recreate(reason) => Some(reason),
            Self::Live | Self::NodeByNode => None,
        }
    }
}

const ADDRESSES: &str = "neighbours and clients know the nodes by their addresses";
const NETWORK: &str = "Docker cannot change a network, and a new network gets new containers";
const KEYS_STAY: &str = "keys are not moved into volumes or out of them";

/// The effect of a change of a field.
#[must_use]
pub fn effect(field: &SpecField) -> Effect {
    match field {
        SpecField::Auth | SpecField::Replicas | SpecField::Settings => Effect::Live,
        // Docker cannot change the labels of an existing container.
        SpecField::Labels
        | SpecField::Bind
        | SpecField::Command
        | SpecField::Directive(_)
        | SpecField::Image
        | SpecField::MovedImage { .. }
        | SpecField::Modules
        | SpecField::Resources
        | SpecField::Sysctls
        | SpecField::User => Effect::NodeByNode,
        SpecField::Address | SpecField::Subnet => Effect::Recreate(ADDRESSES),
        SpecField::Mtu => Effect::Recreate(NETWORK),
        SpecField::AuthOfOldSentinels => {
            Effect::Recreate("sentinels before Redis 6.2 read their password at the start only")
        }
        SpecField::Data | SpecField::Volumes => Effect::Recreate(KEYS_STAY),
        SpecField::SharedPorts => Effect::Recreate(
            "the container that publishes all ports is recreated, and nothing keeps the keys meanwhile",
        ),
        SpecField::Kind => Effect::Recreate("a change of the kind replaces all containers"),
        SpecField::OlderImage => Effect::Recreate("an older server cannot read the files of a newer server"),
        SpecField::UnreadableLabel => Effect::Recreate("another version of redisctl wrote it"),
        SpecField::FewerReplicas => Effect::Recreate("the primary's node is not a server of the new spec"),
        SpecField::Formed => {
            Effect::Recreate("the cluster is formed, and its keys would be lost with its slots")
        }
        SpecField::FormedByClients => {
            Effect::Recreate("clients formed a cluster, and a node that owns slots would leave")
        }
        SpecField::Shards => Effect::Recreate(
            "the container that publishes all ports is recreated before the slots could move",
        ),
        SpecField::Tls => Effect::Recreate("nodes with TLS and nodes without it cannot talk to each other"),
        SpecField::Authority => {
            Effect::Recreate("clients that trust the old CA do not trust certificates of the new CA")
        }
    }
}
