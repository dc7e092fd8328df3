//! The files that servers and redisctl read inside the containers: configuration, ACL users, certificates, topology
//! and passwords.
//!
//! All files are in one volume, with a folder for each node. Every node mounts it. So one upload serves the whole
//! deployment, and the containers' file systems can be read-only. The files of a node outlive its container.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::paths::{CA_FILE, CERTIFICATE_FILE, KEY_FILE, MOUNT};
use super::users::{REPLICATION, ServerUser, users_of};
use super::{Credentials, Node, NodeName, Topology, stored_format};
use crate::spec::SecretText;
use crate::spec::redis_conf::lines::lines;

mod anchor;
mod sentinel;

/// The user and group of the servers, which own every file: the Redis user of the official images.
pub const SERVER_USER: u64 = 999;

/// The file, in [`MOUNT`], that holds the topology and the passwords.
pub const DEPLOYMENT_FILE: &str = "deployment.json";

/// A file or folder to put into the deployment's volume, owned by the servers' user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum File {
    /// A folder for the servers' user alone.
    Folder {
        /// Its path below [`MOUNT`].
        path: String,
    },
    /// A file for the servers' user alone.
    Content {
        /// Its path below [`MOUNT`].
        path: String,
        /// Its content, treated as secret.
        text: SecretText,
    },
    /// A file of any bytes for the servers' user alone.
    Data {
        /// Its path below [`MOUNT`].
        path: String,
        /// Its content.
        content: Arc<[u8]>,
    },
    /// A file that the servers' user alone may read and execute.
    Program {
        /// Its path below [`MOUNT`].
        path: String,
        /// Its content.
        content: Arc<[u8]>,
    },
}

impl File {
    /// The same file with its path below a folder.
    #[must_use]
    pub fn below(self, folder: &str) -> Self {
        let below = |path: String| format!("{}/{path}", folder.trim_start_matches('/'));
        match self {
            Self::Folder { path } => Self::Folder { path: below(path) },
            Self::Content { path, text } => Self::Content { path: below(path), text },
            Self::Data { path, content } => Self::Data { path: below(path), content },
            Self::Program { path, content } => Self::Program { path: below(path), content },
        }
    }
}

/// The files of `nodes` and the deployment's own files. `primary` is the node that the others replicate, if it is not
/// the spec's primary.
#[must_use]
pub fn render(
    topology: &Topology,
    credentials: &Credentials,
    nodes: &[NodeName],
    primary: Option<&NodeName>,
) -> Vec<File> {
    let mut files = Vec::new();
    let certificates = credentials.certificates.as_ref();
    files.extend(certificates.map(|certificates| File::Content {
        path: CA_FILE.to_owned(),
        text: SecretText::new(certificates.authority()),
    }));
    if let Some(anchor) = topology.anchor.as_ref().filter(|anchor| nodes.contains(&anchor.name)) {
        files.extend(anchor::files(anchor));
    }
    for node in nodes.iter().filter_map(|name| topology.node(name)) {
        let name = &node.name;
        files.extend(folders(name));
        files.push(File::Content {
            path: format!("{name}/server.conf"),
            text: SecretText::new(if topology.is_sentinel(name) {
                sentinel::configuration(topology, node, credentials, primary)
            } else {
                configuration(topology, node, credentials, primary)
            }),
        });
        if let Some(pair) = certificates.and_then(|certificates| certificates.of_node(name)) {
            let certificate = SecretText::new(&*pair.certificate);
            for (file, text) in [(CERTIFICATE_FILE, certificate), (KEY_FILE, pair.key.clone())] {
                files.push(File::Content { path: format!("{name}/{file}"), text });
            }
        }
        if topology.auth.is_some() {
            files.push(File::Content {
                path: format!("{name}/users.acl"),
                text: SecretText::new(access_list(topology, node, credentials)),
            });
        }
    }
    // This file is the last: when it exists, all files that it describes exist.
    files.push(File::Content {
        path: DEPLOYMENT_FILE.to_owned(),
        text: stored_format::write(topology, credentials),
    });
    files
}

/// The folders of a node. In the node's own container, the folder for data is in the node's data volume, if it has a
/// volume.
#[must_use]
pub fn folders(node: &NodeName) -> [File; 2] {
    [File::Folder { path: node.to_string() }, File::Folder { path: format!("{node}/data") }]
}

/// `server.conf`: the node's directives. With passwords, also its login at its primary and the path of its ACL file.
fn configuration(
    topology: &Topology,
    node: &Node,
    credentials: &Credentials,
    primary: Option<&NodeName>,
) -> String {
    let mut text = String::new();
    // Directives of modules come after them.
    for module in topology.modules_of(node) {
        text.push_str("loadmodule ");
        text.push_str(&module.directive_value());
        text.push('\n');
    }
    let mut line = |name: &str, value: &str| text.push_str(&lines(name, value));
    let primary = primary.and_then(|name| topology.node(name));
    for (name, value) in node.settings.iter().filter(|(name, _)| primary.is_none() || *name != "replicaof") {
        line(name, value);
    }
    if let Some(primary) = primary.filter(|primary| primary.name != node.name) {
        line("replicaof", &format!("{} {}", primary.address.ip, primary.address.port));
    }
    if topology.auth.is_some() {
        line("aclfile", &format!("{MOUNT}/{}/users.acl", node.name));
        if let Some(password) = &credentials.replication {
            line("masteruser", REPLICATION);
            line("masterauth", password.expose());
        }
    }
    text
}

/// `users.acl`: every user, with the hash of its password.
fn access_list(topology: &Topology, node: &Node, credentials: &Credentials) -> String {
    let primary = topology.starts_as_primary(&node.name);
    let line = |user: ServerUser| {
        let password = credentials.password(&user.name, primary).filter(|_| user.has_password);
        let password = password.map(|password| format!(" #{}", password_hash(password)));
        format!("user {}{} {}\n", user.name, password.unwrap_or_default(), user.rules.join(" "))
    };
    users_of(topology, &node.name, topology.server_of(node)).into_iter().map(line).collect()
}

/// A password as Redis stores it in an access list: its SHA-256 in hexadecimal.
#[must_use]
pub fn password_hash(password: &SecretText) -> String {
    hex::encode(Sha256::digest(password.expose()))
}
