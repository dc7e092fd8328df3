//! TLS of a deployment: its directives, and the names in its certificates.

use std::net::{IpAddr, Ipv4Addr};

use serde::{Deserialize, Serialize};

use super::paths::{CA_FILE, CERTIFICATE_FILE, KEY_FILE, MOUNT};
use super::{Kind, Node, NodeName, Settings, Topology};
use crate::spec::{ClientAuth, TlsOptions};

/// How a deployment uses TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tls {
    /// Whether clients must have a certificate.
    pub client_auth: ClientAuth,
    /// Where the certificates come from.
    pub certificates: CertificateSource,
}

/// Where a deployment's certificates come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CertificateSource {
    /// redisctl makes them, with a CA for the deployment.
    Made,
    /// The user's own files.
    Own,
}

impl Tls {
    /// The TLS that a spec asks for. Rules have checked that its files are named together.
    #[must_use]
    pub fn from_options(options: &TlsOptions) -> Self {
        let certificates =
            if options.cert.is_some() { CertificateSource::Own } else { CertificateSource::Made };
        Self { client_auth: options.client_auth.unwrap_or_default(), certificates }
    }

    /// Whether clients get a certificate: if servers require it, or if redisctl made a client certificate. The user's
    /// own certificate is for servers.
    #[must_use]
    pub fn gives_clients_a_certificate(self) -> bool {
        match self.client_auth {
            ClientAuth::Required => true,
            ClientAuth::Optional => self.certificates == CertificateSource::Made,
            ClientAuth::No => false,
        }
    }

    /// The directives of a server that listens with TLS only. It also dials other servers with TLS and the same
    /// certificate.
    #[must_use]
    pub fn settings(&self, kind: Kind, node: &NodeName, port: u16) -> Settings {
        let mut settings = Settings::default();
        settings.set("port", "0");
        settings.set("tls-port", port.to_string());
        settings.set("tls-replication", "yes");
        if kind == Kind::Cluster {
            settings.set("tls-cluster", "yes");
        }
        settings.set("tls-auth-clients", self.client_auth.directive_value());
        settings.set("tls-ca-cert-file", format!("{MOUNT}/{CA_FILE}"));
        settings.set("tls-cert-file", format!("{MOUNT}/{node}/{CERTIFICATE_FILE}"));
        settings.set("tls-key-file", format!("{MOUNT}/{node}/{KEY_FILE}"));
        settings
    }
}

/// All names of a node that clients or nodes dial: the names in its certificate. They are sorted, so that equal sets
/// are equal lists.
#[must_use]
pub fn names(topology: &Topology, node: &Node) -> Vec<String> {
    let mut names = vec![
        node.address.ip.to_string(),
        Ipv4Addr::LOCALHOST.to_string(),
        "localhost".to_owned(),
        node.name.to_string(),
        node.endpoint.host.clone(),
    ];
    if !topology.bind.is_unspecified() {
        names.push(topology.bind.to_string());
    }
    names.sort_unstable();
    names.dedup();
    names
}

/// The names among [`names`] that clients verify: the endpoint's host, and the address if nodes announce it to
/// clients.
#[must_use]
pub fn verified_names(topology: &Topology, node: &Node) -> Vec<String> {
    let mut names = vec![node.endpoint.host.clone()];
    let advertised = topology.advertised(node).host;
    if topology.kind == Kind::Cluster && advertised != names[0] {
        names.push(advertised);
    }
    names
}

/// Whether a name is an IP address.
#[must_use]
pub fn is_ip(name: &str) -> bool {
    name.parse::<IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_get_a_certificate_where_they_need_it_or_may_show_it() {
        for (client_auth, made, own) in [
            (ClientAuth::Required, true, true),
            (ClientAuth::Optional, true, false),
            (ClientAuth::No, false, false),
        ] {
            let gives = |certificates| Tls { client_auth, certificates }.gives_clients_a_certificate();
            assert_eq!((gives(CertificateSource::Made), gives(CertificateSource::Own)), (made, own));
        }
    }
}
