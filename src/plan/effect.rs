//! What a change of each field of the spec does to a deployment that runs: the one place that says so.

/// What a change does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It is applied while every node goes on.
    Live,
    /// The nodes are replaced one after another; a replica or a volume keeps the data meanwhile.
    NodeByNode,
    /// It is applied with `--recreate` only, for this reason.
    Recreate(&'static str),
}

impl Effect {
    /// Why the change needs the user's say, if it does.
    #[must_use]
    pub fn reason(self) -> Option<&'static str> {
        match self {
            Self::Recreate(reason) => Some(reason),
            Self::Live | Self::NodeByNode => None,
        }
    }
}

/// An image with a server that cannot read what the present one writes.
pub const OLDER_IMAGE: &str = "image, to one with an older server";

/// Certificates of another CA.
pub const OTHER_AUTHORITY: &str = "tls, to another CA";

/// Passwords of sentinels that have no users.
pub const OLD_SENTINELS: &str = "auth, of sentinels that know no users";

/// Other counts under sentinels, where all nodes share one network.
pub const FIXED_PORTS: &str = "replicas or sentinels";

/// Fewer servers under sentinels than it takes for the present primary to be one of them.
pub const PRIMARY_LEAVES: &str = "replicas, to fewer";

/// A label of redisctl's that cannot be read: nothing is known of what the container was made from.
pub const UNREADABLE_LABEL: &str = "a label of redisctl";

/// What begins the name of a directive in `config`.
pub const DIRECTIVE: &str = "config.";

const ADDRESSES: &str = "neighbours and clients know the nodes by their addresses";

/// Fields of the spec, or of a container's settings, by the names that causes and obstacles say.
const EFFECTS: [(&str, Effect); 23] = [
    ("access", Effect::Live),
    ("address", Effect::Recreate(ADDRESSES)),
    ("auth", Effect::Live),
    (OLD_SENTINELS, Effect::Recreate("sentinels before Redis 6.2 read their password at the start only")),
    ("bind", Effect::NodeByNode),
    ("command", Effect::NodeByNode),
    ("config", Effect::Live),
    ("data", Effect::Recreate("keys are not moved into volumes or out of them")),
    ("image", Effect::NodeByNode),
    (
        FIXED_PORTS,
        Effect::Recreate(
            "the container that publishes all ports is made anew, and nothing keeps the keys meanwhile",
        ),
    ),
    ("kind", Effect::Recreate("nothing of another kind can be kept")),
    (OLDER_IMAGE, Effect::Recreate("an older server cannot read what a newer one wrote")),
    // Docker cannot change the labels of what exists.
    ("labels", Effect::NodeByNode),
    (UNREADABLE_LABEL, Effect::Recreate("another version of redisctl wrote it")),
    ("network.subnet", Effect::Recreate(ADDRESSES)),
    ("replicas", Effect::Live),
    (PRIMARY_LEAVES, Effect::Recreate("the primary is a node that is to be none of the servers any more")),
    ("resources", Effect::NodeByNode),
    ("shards", Effect::Recreate("slots with keys are not moved yet")),
    ("tls", Effect::Recreate("nodes with TLS and nodes without it cannot talk to each other")),
    (OTHER_AUTHORITY, Effect::Recreate("who trusts one CA does not trust the nodes of another")),
    ("user", Effect::NodeByNode),
    ("volumes", Effect::Recreate("keys are not moved into volumes or out of them")),
];

/// What a change of a field does. Directives of `config` that must be read at the start are named with
/// [`DIRECTIVE`] before them; all other directives are applied live. What another part of redisctl
/// decides about a container has no say over its data.
#[must_use]
pub fn effect(field: &str) -> Effect {
    let known = EFFECTS.iter().find(|(name, _)| *name == field);
    known.map_or(Effect::NodeByNode, |(_, effect)| *effect)
}
