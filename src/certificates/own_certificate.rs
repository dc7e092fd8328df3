//! Checks the user's own certificates before they are used.

use std::sync::Arc;

use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::{ParsedCertificate, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::{CertificateError, RootCertStore};
use time::OffsetDateTime;

use super::certificate_fault;
use crate::spec::ClientAuth;
use crate::topology::certificates::KeyPair;
use crate::topology::{Kind, Topology};

/// One of the three files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The CA's.
    Authority,
    /// The certificate's.
    Certificate,
    /// The key's.
    Key,
}

impl Part {
    /// The field of the spec's `tls` that names the file.
    #[must_use]
    pub fn field(self) -> &'static str {
        match self {
            Self::Authority => "ca",
            Self::Certificate => "cert",
            Self::Key => "key",
        }
    }
}

/// A fault of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The file.
    pub part: Part,
    /// The fault, to follow the file's name.
    pub what: String,
    /// The way to correct it.
    pub hint: Option<String>,
}

impl Fault {
    fn new(part: Part, what: impl Into<String>) -> Self {
        Self { part, what: what.into(), hint: None }
    }

    fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

/// A user's own certificate, with its key and CA.
#[derive(Debug, Clone, Copy)]
pub struct OwnCertificate<'a> {
    /// The CA's certificates in PEM.
    pub authority: &'a str,
    /// The certificate and its key.
    pub pair: &'a KeyPair,
    /// The names for which clients verify it.
    pub names: &'a [String],
    /// Whether servers also ask for it. A node shows it to other nodes, and redisctl shows it to all nodes.
    pub as_client: bool,
}

impl<'a> OwnCertificate<'a> {
    /// The certificate of all nodes of a topology. `names` are the names that clients verify.
    #[must_use]
    pub fn in_topology(
        topology: &Topology,
        authority: &'a str,
        pair: &'a KeyPair,
        names: &'a [String],
    ) -> Self {
        // On the cluster bus, nodes always ask each other for a certificate.
        let asked = topology.tls.is_some_and(|tls| tls.client_auth != ClientAuth::No);
        Self { authority, pair, names, as_client: asked || topology.kind == Kind::Cluster }
    }

    /// The faults at a moment: all files that cannot be read, otherwise the first fault of their content.
    #[must_use]
    pub fn faults(&self, now: OffsetDateTime) -> Vec<Fault> {
        let mut faults = Vec::new();
        let mut keep = |fault: Fault| faults.push(fault);
        let roots = roots(self.authority).map_err(&mut keep).ok();
        let chain = chain(&self.pair.certificate).map_err(&mut keep).ok();
        let key = PrivateKeyDer::from_pem_slice(self.pair.key.expose().as_bytes());
        let key = key.map_err(|_| keep(no_key(self.pair.key.expose()))).ok();
        let (Some(roots), Some(chain), Some(key)) = (roots, chain, key) else { return faults };
        let now = unix_time(now);
        let fault = key_fault(chain.clone(), key)
            .or_else(|| authority_fault(self.authority, &roots, now))
            .or_else(|| self.trust_fault(&chain, &roots, now).err())
            .or_else(|| subject_fault(&chain, &roots));
        faults.extend(fault);
        faults
    }

    /// Checks that clients trust every node, and that nodes trust each other.
    fn trust_fault(
        &self,
        chain: &[CertificateDer<'static>],
        roots: &RootCertStore,
        now: UnixTime,
    ) -> Result<(), Fault> {
        let Some((certificate, between)) = chain.split_first() else { return Ok(()) };
        let fault = |error: rustls::Error| self.fault(error);
        let parsed = ParsedCertificate::try_from(certificate).map_err(fault)?;
        as_server(&parsed, between, roots, now).map_err(fault)?;
        for name in self.names {
            let Ok(server_name) = ServerName::try_from(name.as_str()) else { continue };
            verify_server_name(&parsed, &server_name).map_err(fault)?;
        }
        if self.as_client {
            as_client(certificate, between, roots, now).map_err(fault)?;
        }
        Ok(())
    }

    fn fault(&self, error: rustls::Error) -> Fault {
        let rustls::Error::InvalidCertificate(error) = error else {
            return Fault::new(Part::Certificate, format!("cannot be trusted: {error}"));
        };
        let fault = Fault::new(Part::Certificate, certificate_fault(&error));
        match &error {
            CertificateError::UnknownIssuer | CertificateError::BadSignature => {
                Fault::new(Part::Certificate, "was not issued by the CA in `tls.ca`")
                    .hint("put the intermediate certificates into `tls.cert` too")
            }
            CertificateError::NotValidForNameContext { .. } => {
                let quoted: Vec<String> = self.names.iter().map(|name| format!("`{name}`")).collect();
                fault.hint(format!(
                    "clients connect to {}: the certificate needs these names",
                    quoted.join(", ")
                ))
            }
            CertificateError::InvalidPurposeContext { .. } => fault
                .hint("nodes are servers, and clients of each other: allow `serverAuth` and `clientAuth`"),
            _ => fault,
        }
    }
}

/// The CA's certificates as trust anchors.
fn roots(authority: &str) -> Result<RootCertStore, Fault> {
    let none = || Fault::new(Part::Authority, "holds no certificate in PEM");
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(authority.as_bytes()) {
        roots.add(certificate.map_err(|_| none())?).map_err(|_| none())?;
    }
    if roots.is_empty() { Err(none()) } else { Ok(roots) }
}

fn chain(certificate: &str) -> Result<Vec<CertificateDer<'static>>, Fault> {
    let none = || Fault::new(Part::Certificate, "holds no certificate in PEM");
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(certificate.as_bytes()).collect();
    chain.ok().filter(|chain| !chain.is_empty()).ok_or_else(none)
}

fn no_key(text: &str) -> Fault {
    if text.contains("ENCRYPTED") {
        Fault::new(Part::Key, "is encrypted")
            .hint("write it without a passphrase: `openssl pkey -in KEY -out FILE`")
    } else {
        Fault::new(Part::Key, "holds no private key in PEM")
    }
}

fn key_fault(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> Option<Fault> {
    match CertifiedKey::from_der(chain, key, &default_provider()) {
        Ok(_) => None,
        Err(rustls::Error::InconsistentKeys(_)) => {
            Some(Fault::new(Part::Key, "does not belong to the certificate in `tls.cert`"))
        }
        Err(rustls::Error::InvalidCertificate(error)) => {
            Some(Fault::new(Part::Certificate, certificate_fault(&error)))
        }
        Err(_) => Some(Fault::new(Part::Key, "holds a key of an unknown type")),
    }
}

/// The fault of a CA that is not valid at this time. Servers check this among themselves; clients may not.
fn authority_fault(authority: &str, roots: &RootCertStore, now: UnixTime) -> Option<Fault> {
    CertificateDer::pem_slice_iter(authority.as_bytes()).filter_map(Result::ok).find_map(|certificate| {
        let parsed = ParsedCertificate::try_from(&certificate).ok()?;
        // A CA is never valid as a server's certificate, but rustls checks its dates first.
        match as_server(&parsed, &[], roots, now) {
            Err(rustls::Error::InvalidCertificate(
                error @ (CertificateError::ExpiredContext { .. }
                | CertificateError::NotValidYetContext { .. }),
            )) => Some(Fault::new(Part::Authority, certificate_fault(&error))),
            _ => None,
        }
    })
}

/// The fault of a certificate with the same subject as its CA. OpenSSL takes it for self-signed and does not trust
/// it, although clients would. A certificate that is really self-signed, and its own CA, has no fault.
fn subject_fault(chain: &[CertificateDer<'static>], roots: &RootCertStore) -> Option<Fault> {
    let mut own = RootCertStore::empty();
    own.add(chain.first()?.clone()).ok()?;
    let own = own.roots.first()?;
    let has_its_subject = roots.roots.iter().any(|root| {
        root.subject == own.subject && root.subject_public_key_info != own.subject_public_key_info
    });
    has_its_subject.then(|| {
        Fault::new(
            Part::Certificate,
            "has the same subject as the CA in `tls.ca`: servers take it for its own CA",
        )
        .hint("issue it again with another subject, such as the deployment's name")
    })
}

fn as_server(
    certificate: &ParsedCertificate<'_>,
    between: &[CertificateDer<'_>],
    roots: &RootCertStore,
    now: UnixTime,
) -> Result<(), rustls::Error> {
    let algorithms = default_provider().signature_verification_algorithms.all;
    verify_server_cert_signed_by_trust_anchor(certificate, roots, between, now, algorithms)
}

fn as_client(
    certificate: &CertificateDer<'_>,
    between: &[CertificateDer<'_>],
    roots: &RootCertStore,
    now: UnixTime,
) -> Result<(), rustls::Error> {
    let roots = Arc::new(roots.clone());
    let verifier = WebPkiClientVerifier::builder_with_provider(roots, Arc::new(default_provider())).build();
    let verifier = verifier.map_err(|error| rustls::Error::General(error.to_string()))?;
    verifier.verify_client_cert(certificate, between, now).map(drop)
}

fn unix_time(moment: OffsetDateTime) -> UnixTime {
    let seconds = u64::try_from(moment.unix_timestamp()).unwrap_or_default();
    UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests;
