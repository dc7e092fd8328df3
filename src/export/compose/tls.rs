//! TLS in a compose file: certificates come from a folder that whoever runs it provides.

use super::variables::value;
use crate::spec::ClientAuth;
use crate::topology::tls::{CertificateSource, Tls};
use crate::topology::{Node, Topology};

/// The variable that names the folder.
const VARIABLE: &str = "REDIS_TLS_FOLDER";

/// Where servers see the folder.
const FOLDER: &str = "/tls";

/// The mount of the folder, where TLS is spoken.
pub(super) fn mount(topology: &Topology) -> Option<String> {
    topology.tls.map(|_| format!("{}:{FOLDER}:ro", value(VARIABLE)))
}

/// Where a server finds what a directive names in files of redisctl's own.
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

/// A node's certificate and key; one's own are the same for all.
fn pair(tls: Tls, node: &Node) -> (String, String) {
    match tls.certificates {
        CertificateSource::Made => {
            (format!("{FOLDER}/{}.pem", node.name), format!("{FOLDER}/{}-key.pem", node.name))
        }
        CertificateSource::Own => (format!("{FOLDER}/cert.pem"), format!("{FOLDER}/key.pem")),
    }
}

/// What `redis-cli` in the node's container needs, with a space behind it; nothing without TLS.
pub(super) fn client_options(topology: &Topology, node: &Node) -> String {
    let Some(tls) = topology.tls else { return String::new() };
    let (certificate, key) = pair(tls, node);
    let own = match tls.client_auth {
        ClientAuth::Required => format!("--cert {certificate} --key {key} "),
        ClientAuth::No | ClientAuth::Optional => String::new(),
    };
    format!("--tls --cacert {FOLDER}/ca.pem {own}")
}

/// What the folder has to hold.
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
