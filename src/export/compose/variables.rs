//! The variables for passwords in a compose file.

use std::collections::BTreeMap;

use crate::export::distinct::distinct;
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
    let users = of_users(topology).into_values();
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

/// The password of each user that needs one, by the user's name: `REDIS_READ_ONLY_PASSWORD` for `read-only`. Users whose
/// names give the same variable get numbers.
pub(super) fn of_users(topology: &Topology) -> BTreeMap<&str, String> {
    // The parts of `REDIS_REPLICA_PASSWORD` and `REDIS_REPLICATION_PASSWORD`.
    const TAKEN: [&str; 2] = ["REPLICA", "REPLICATION"];
    let users = topology.auth.iter().flat_map(|auth| &auth.users).filter(|user| user.needs_password());
    let names: Vec<&str> = users.map(|user| user.name.as_str()).collect();
    let upper = |character: char| {
        if character.is_ascii_alphanumeric() { character.to_ascii_uppercase() } else { '_' }
    };
    let parts = distinct(names.iter().map(|name| name.chars().map(upper).collect()), &TAKEN);
    names.into_iter().zip(parts.into_iter().map(|part| format!("REDIS_{part}_PASSWORD"))).collect()
}

/// The variable's value. It must be set.
pub(super) fn value(name: &str) -> String {
    format!("${{{name}:?set it}}")
}
