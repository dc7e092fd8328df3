//! Makes a CA and its certificates.

use std::collections::BTreeMap;

use rcgen::string::Ia5String;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyUsagePurpose,
    SanType,
};
use time::{Duration, OffsetDateTime};

use crate::spec::SecretText;
use crate::topology::certificates::{Certificates, Due, Issued, KeyPair, Made};
use crate::topology::tls::names;
use crate::topology::{DeploymentName, Topology};

/// The validity of a CA: longer than any deployment for development.
const AUTHORITY_LIFE: Duration = Duration::days(3650);

/// The validity of a certificate: one day less than the 398 days that clients accept. `up` renews it earlier.
const CERTIFICATE_LIFE: Duration = Duration::days(397);

/// How long ago a certificate becomes valid. The clock of a virtual machine is late after a sleep.
const CLOCKS_RUN_LATE: Duration = Duration::days(1);

/// A certificate could not be made.
#[derive(Debug, thiserror::Error)]
#[error("could not make the certificate of `{subject}`")]
pub struct IssueError {
    /// The owner of the certificate.
    subject: String,
    /// The cause.
    source: rcgen::Error,
}

/// The certificates of a topology. Usable `stored` certificates stay; all others are made.
///
/// # Errors
/// A key cannot be made, or the CA's key cannot be read.
pub fn certificates(
    topology: &Topology,
    stored: Option<&Made>,
    now: OffsetDateTime,
) -> Result<Certificates, IssueError> {
    let mut made = match stored {
        Some(stored) if stored.due(topology, now) != Due::Everything => stored.clone(),
        _ => begin(topology, now)?,
    };
    if let Due::Some { nodes, client } = made.due(topology, now) {
        let authority = issuer(&topology.name, &made.authority)?;
        for node in nodes.iter().filter_map(|name| topology.node(name)) {
            let purposes = [ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
            let issued = issue(&authority, node.name.as_str(), names(topology, node), &purposes, now)?;
            made.nodes.insert(node.name.clone(), issued);
        }
        if client {
            made.client = client_certificate(&authority, topology, now)?;
        }
    }
    made.nodes.retain(|name, _| topology.node(name).is_some());
    Ok(Certificates::Made(Box::new(made)))
}

/// A new CA, with a certificate for clients and no certificates for nodes.
fn begin(topology: &Topology, now: OffsetDateTime) -> Result<Made, IssueError> {
    let (authority, authority_ends) = authority(&topology.name, now)?;
    let client = client_certificate(&issuer(&topology.name, &authority)?, topology, now)?;
    Ok(Made { authority, authority_ends, nodes: BTreeMap::new(), client })
}

fn client_certificate(
    issuer: &Issuer<'_, rcgen::KeyPair>,
    topology: &Topology,
    now: OffsetDateTime,
) -> Result<Issued, IssueError> {
    let subject = format!("client of {}", topology.name);
    issue(issuer, &subject, Vec::new(), &[ExtendedKeyUsagePurpose::ClientAuth], now)
}

fn authority(
    deployment: &DeploymentName,
    now: OffsetDateTime,
) -> Result<(KeyPair, OffsetDateTime), IssueError> {
    let make = || {
        let key = rcgen::KeyPair::generate()?;
        let mut params = authority_params(deployment);
        (params.not_before, params.not_after) = (now - CLOCKS_RUN_LATE, now + AUTHORITY_LIFE);
        let certificate = params.self_signed(&key)?;
        Ok((pair(&certificate, &key), now + AUTHORITY_LIFE))
    };
    make().map_err(|source| IssueError { subject: format!("CA of {deployment}"), source })
}

/// The CA's name and rights. They are always the same, so issuing a certificate does not have to parse the
/// CA's.
fn authority_params(deployment: &DeploymentName) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, format!("redisctl CA of {deployment}"));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn issuer(
    deployment: &DeploymentName,
    authority: &KeyPair,
) -> Result<Issuer<'static, rcgen::KeyPair>, IssueError> {
    let key = rcgen::KeyPair::from_pem(authority.key.expose())
        .map_err(|source| IssueError { subject: format!("CA of {deployment}"), source })?;
    Ok(Issuer::new(authority_params(deployment), key))
}

fn issue(
    issuer: &Issuer<'_, rcgen::KeyPair>,
    subject: &str,
    names: Vec<String>,
    purposes: &[ExtendedKeyUsagePurpose],
    now: OffsetDateTime,
) -> Result<Issued, IssueError> {
    let ends = now + CERTIFICATE_LIFE;
    let make = || {
        let key = rcgen::KeyPair::generate()?;
        let mut params = CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, subject);
        params.subject_alt_names =
            names.iter().map(|name| alternative_name(name)).collect::<Result<_, _>>()?;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = purposes.to_vec();
        params.use_authority_key_identifier_extension = true;
        (params.not_before, params.not_after) = (now - CLOCKS_RUN_LATE, ends);
        Ok(pair(&params.signed_by(&key, issuer)?, &key))
    };
    let pair = make().map_err(|source| IssueError { subject: subject.to_owned(), source })?;
    Ok(Issued { pair, names, ends })
}

fn alternative_name(name: &str) -> Result<SanType, rcgen::Error> {
    Ok(match name.parse() {
        Ok(ip) => SanType::IpAddress(ip),
        Err(_) => SanType::DnsName(Ia5String::try_from(name)?),
    })
}

fn pair(certificate: &rcgen::Certificate, key: &rcgen::KeyPair) -> KeyPair {
    KeyPair { certificate: certificate.pem(), key: SecretText::new(key.serialize_pem()) }
}
