//! The configuration file of a sentinel at its first start. Later the sentinel writes to the same file.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use super::MOUNT;
use crate::spec::SecretText;
use crate::spec::redis_conf::lines::lines;
use crate::spec::redis_conf::quoting::quoted;
use crate::topology::settings::is_of_sentinels;
use crate::topology::users::OPERATOR;
use crate::topology::{Address, Credentials, Node, NodeName, Topology};

/// The length of a sentinel's id in bytes, as the server requires it.
const ID_BYTES: usize = 20;

/// The directives of a sentinel at its first start: the primary to watch, its replicas, and the other sentinels.
///
/// Without these lines, sentinels find each other through the primary after about two seconds. A sentinel writes the
/// same lines itself later.
///
/// With passwords, sentinels log in at servers and at each other as redisctl's own user.
pub(super) fn configuration(
    topology: &Topology,
    node: &Node,
    credentials: &Credentials,
    primary: Option<&NodeName>,
) -> String {
    let mut text = String::new();
    let of_server = |name: &str| name != "quorum" && !is_of_sentinels(name);
    for (name, value) in node.settings.iter().filter(|(name, _)| of_server(name)) {
        text.push_str(&lines(name, value));
    }
    let operator = credentials.operator.as_ref().map(SecretText::expose).map(quoted);
    let has_users = topology.has_sentinel_users();
    if topology.auth.is_some() && has_users {
        text.push_str(&lines("aclfile", &format!("{MOUNT}/{}/users.acl", node.name)));
    } else if let Some(password) = &credentials.default {
        // Sentinels log in at each other with the same password.
        text.push_str(&lines("requirepass", password.expose()));
    }
    // Writing to a String cannot fail.
    let mut line = |words: String| {
        let _ = writeln!(text, "sentinel {words}");
    };
    if let Some(password) = operator.as_ref().filter(|_| has_users) {
        line(format!("sentinel-user {OPERATOR}"));
        line(format!("sentinel-pass {password}"));
    }
    let watched = &topology.name;
    let quorum = node.settings.get("quorum").unwrap_or("1");
    let place = |address: Address| format!("{} {}", address.ip, address.port);
    line(format!("myid {}", id(&node.name)));
    line(format!("announce-ip {}", node.address.ip));
    line(format!("announce-port {}", node.address.port));
    for shard in &topology.shards {
        let primary = primary.unwrap_or(&shard.primary.name);
        let (primaries, replicas): (Vec<&Node>, Vec<&Node>) =
            shard.nodes().partition(|node| node.name == *primary);
        for primary in primaries {
            line(format!("monitor {watched} {} {quorum}", place(primary.address)));
        }
        if let Some(password) = &operator {
            line(format!("auth-user {watched} {OPERATOR}"));
            line(format!("auth-pass {watched} {password}"));
        }
        for replica in replicas {
            line(format!("known-replica {watched} {}", place(replica.address)));
        }
    }
    for (name, value) in node.settings.iter().filter(|(name, _)| is_of_sentinels(name)) {
        line(format!("{name} {watched} {value}"));
    }
    for other in topology.sentinels.iter().filter(|other| other.name != node.name) {
        line(format!("known-sentinel {watched} {} {}", place(other.address), id(&other.name)));
    }
    text
}

/// A sentinel's id, 40 hexadecimal digits. It is derived from the node's name, so a new container keeps the id.
fn id(node: &NodeName) -> String {
    hex::encode(&Sha256::digest(node.as_str())[..ID_BYTES])
}
