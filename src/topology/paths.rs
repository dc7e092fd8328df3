//! The paths of a deployment's files inside its containers.

use super::NodeName;

/// The mount point of the deployment's volume in every container.
pub const MOUNT: &str = "/redisctl";

/// The CA's certificate, below [`MOUNT`].
pub const CA_FILE: &str = "ca.pem";

/// A node's certificate, in its folder.
pub const CERTIFICATE_FILE: &str = "tls-cert.pem";

/// The key that belongs to a node's certificate, in its folder.
pub const KEY_FILE: &str = "tls-key.pem";

/// The folder of a node's data.
#[must_use]
pub fn data_folder(node: &NodeName) -> String {
    format!("{MOUNT}/{node}/data")
}

/// A server's configuration file.
#[must_use]
pub fn configuration_path(node: &NodeName) -> String {
    format!("{MOUNT}/{node}/server.conf")
}
