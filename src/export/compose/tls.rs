//! TLS in a compose file: the user provides a folder with the certificates.

use super::variables::value;
use crate::spec::ClientAuth;
use crate::topology::health_check::TlsPaths;
use crate::topology::tls::{CertificateSource, Tls};
use crate::topology::{Node, Topology};

/// The variable with the path of the folder.
const VARIABLE: &str = "REDIS_TLS_FOLDER";

/// The path of the folder for servers.
const FOLDER: &str = "/tls";

/// The mount of the folder, with TLS.
pub(super) fn mount(topology: &Topology) -> Option<String> {
    topology.tls.map(|_| format!("{}:{FOLDER}:ro", value(VARIABLE)))
}

/// The path of a directive's file for a server.
pub(super) fn path(topology: &Topology, node: &Node, directive: &str) -> Option<String> {
    let tls = topology.tls?;
    let (certificate, key) = pair(tls, node);
    match directive {
        "tls-ca-cert-file" => Some(format!("{FOLDER}/ca.pem")),
        "tls-cert-file" => Some(certificate),
        "tls-key-file" => Some(key),
        _ => None,
    }
}

/// A node's certificate and key. The user's own certificate is the same for all nodes.
fn pair(tls: Tls, node: &Node) -> (String, String) {
    match tls.certificates {
        CertificateSource::Made => {
            (format!("{FOLDER}/{}.pem", node.name), format!("{FOLDER}/{}-key.pem", node.name))
        }
        CertificateSource::Own => (format!("{FOLDER}/cert.pem"), format!("{FOLDER}/key.pem")),
    }
}

/// The paths of a client's files in the node's container, with TLS.
pub(super) fn client_paths(topology: &Topology, node: &Node) -> Option<TlsPaths> {
    topology.tls.map(|tls| TlsPaths { ca: format!("{FOLDER}/ca.pem"), own: Some(pair(tls, node)) })
}

/// The options of `redis-cli` in the node's container, with a space after them; empty without TLS.
pub(super) fn client_options(topology: &Topology, node: &Node) -> String {
    let Some(tls) = topology.tls else { return String::new() };
    let (certificate, key) = pair(tls, node);
    let own = match tls.client_auth {
        ClientAuth::Required => format!("--cert {certificate} --key {key} "),
        ClientAuth::No | ClientAuth::Optional => String::new(),
    };
    format!("--tls --cacert {FOLDER}/ca.pem {own}")
}

/// The required files of the folder.
pub(super) fn comment(topology: &Topology) -> Option<Vec<String>> {
    let files = match topology.tls?.certificates {
        CertificateSource::Made => "`ca.pem`, and `NODE.pem` and `NODE-key.pem` for each node",
        CertificateSource::Own => "`ca.pem`, `cert.pem` and `key.pem`",
    };
    Some(vec![
        format!("TLS: set {VARIABLE} to a folder with {files},"),
        "readable by the user that the containers run as. `redisctl up` puts them there itself.".to_owned(),
    ])
}
