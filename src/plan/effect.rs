//! What a change of each field of the spec does to a running deployment: the one place that says so.

use crate::topology::SpecField;

/// What a change does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// The change is applied while every node runs.
    Live,
    /// The nodes are replaced one after another; a replica or a volume keeps the keys meanwhile.
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
const KEYS_STAY: &str = "keys are not moved into volumes or out of them";

/// What a change of a field does.
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
        | SpecField::Resources
        | SpecField::User => Effect::NodeByNode,
        SpecField::Address | SpecField::Subnet => Effect::Recreate(ADDRESSES),
        SpecField::AuthOfOldSentinels => {
            Effect::Recreate("sentinels before Redis 6.2 read their password at the start only")
        }
        SpecField::Data | SpecField::Volumes => Effect::Recreate(KEYS_STAY),
        SpecField::SharedPorts => Effect::Recreate(
            "the container that publishes all ports is recreated, and nothing keeps the keys meanwhile",
        ),
        SpecField::Kind => Effect::Recreate("nothing of another kind can be kept"),
        SpecField::OlderImage => Effect::Recreate("an older server cannot read what a newer one wrote"),
        SpecField::UnreadableLabel => Effect::Recreate("another version of redisctl wrote it"),
        SpecField::FewerReplicas => Effect::Recreate("the primary's node is not a server of the new spec"),
        SpecField::Shards => Effect::Recreate("slots with keys are not moved yet"),
        SpecField::Tls => Effect::Recreate("nodes with TLS and nodes without it cannot talk to each other"),
        SpecField::Authority => Effect::Recreate("clients that trust one CA do not trust nodes of another"),
    }
}
