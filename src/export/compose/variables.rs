//! The variables for passwords in a compose file.

use crate::topology::{Node, Topology};

/// The default user's password.
const DEFAULT: &str = "REDIS_PASSWORD";
/// The default user's password on replicas, if it differs from the primary's.
const REPLICA: &str = "REDIS_REPLICA_PASSWORD";

/// The password with which replicas log in, if the default user cannot replicate.
pub(super) const REPLICATION: &str = "REDIS_REPLICATION_PASSWORD";

/// Every variable that a topology needs.
pub(super) fn all(topology: &Topology) -> Vec<String> {
    let Some(auth) = &topology.auth else { return Vec::new() };
    let default = auth.default_password.then(|| DEFAULT.to_owned());
    let replica = auth.replica_password.then(|| REPLICA.to_owned());
    let replication = (!auth.default_does_everything()).then(|| REPLICATION.to_owned());
    let users = auth.users.iter().filter(|user| user.needs_password()).map(|user| of_user(&user.name));
    default.into_iter().chain(replica).chain(replication).chain(users).collect()
}

/// The default user's password on a node that starts as primary or as replica.
pub(super) fn of_default_user(topology: &Topology, on_primary: bool) -> Option<&'static str> {
    let auth = topology.auth.as_ref()?;
    if auth.replica_password && !on_primary {
        Some(REPLICA)
    } else {
        auth.default_password.then_some(DEFAULT)
    }
}

/// The default user's password on the node, and the password with which the node logs in to its primary. The second
/// is the other role's password, so it stays valid after a failover.
pub(super) fn of_node(topology: &Topology, node: &Node) -> (Option<&'static str>, Option<&'static str>) {
    let primary = topology.starts_as_primary(&node.name);
    (of_default_user(topology, primary), of_default_user(topology, !primary))
}

/// A user's password: `REDIS_READ_ONLY_PASSWORD` for `read-only`.
pub(super) fn of_user(name: &str) -> String {
    let upper = |character: char| {
        if character.is_ascii_alphanumeric() { character.to_ascii_uppercase() } else { '_' }
    };
    format!("REDIS_{}_PASSWORD", name.chars().map(upper).collect::<String>())
}

/// The variable's value. It must be set.
pub(super) fn value(name: &str) -> String {
    format!("${{{name}:?set it}}")
}
