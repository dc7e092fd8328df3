//! The sources of certificates: the user's files, the existing deployment, or redisctl's own CA.

use std::path::Path;

use time::OffsetDateTime;

use super::Error;
use super::loaded_spec::LoadedSpec;
use crate::certificates::issue;
use crate::certificates::own_certificate::{OwnCertificate, Part};
use crate::spec::{Problem, SecretText, TlsOptions, TlsSpec};
use crate::topology::certificates::KeyPair;
use crate::topology::tls::verified_names;
use crate::topology::{Certificates, Credentials, Topology};

/// The certificates of a resolved topology; `None` without TLS. Valid certificates in `stored` are kept.
pub(super) fn certificates(
    spec: &LoadedSpec,
    topology: &Topology,
    stored: Option<&Credentials>,
) -> Result<Option<Certificates>, Error> {
    if topology.tls.is_none() {
        return Ok(None);
    }
    let names: Vec<String> =
        topology.nodes().iter().flat_map(|node| verified_names(topology, node)).collect();
    if let Some(own) = own(spec, topology, names)? {
        return Ok(Some(own));
    }
    let made = match stored.and_then(|stored| stored.certificates.as_ref()) {
        Some(Certificates::Made(made)) => Some(made.as_ref()),
        Some(Certificates::Own { .. }) | None => None,
    };
    Ok(Some(issue::certificates(topology, made, OffsetDateTime::now_utc())?))
}

/// Checks the user's own files, if the spec names some: their issuer and their end. Hosts depend on the engine, so
/// they are not checked here.
pub(crate) fn judge(spec: &LoadedSpec) -> Result<(), Error> {
    own(spec, &spec.topology, Vec::new()).map(drop)
}

/// The user's own certificate. It must be valid for these names.
fn own(
    spec: &LoadedSpec,
    topology: &Topology,
    mut names: Vec<String>,
) -> Result<Option<Certificates>, Error> {
    let options = spec.document.spec.tls.as_ref().and_then(TlsSpec::options);
    let Some(TlsOptions { ca: Some(ca), cert: Some(cert), key: Some(key), .. }) = options else {
        return Ok(None);
    };
    let mut problems = Vec::new();
    let mut text = |part: Part, path: &Path| {
        let text = std::fs::read_to_string(spec.folder.join(path));
        text.map_err(|error| {
            let message = format!("`{}` cannot be read: {error}", path.display());
            problems.push(Problem::new(&["tls", part.field()], message));
        })
    };
    let files = (text(Part::Authority, ca), text(Part::Certificate, cert), text(Part::Key, key));
    let (Ok(authority), Ok(certificate), Ok(key_text)) = files else {
        return Err(spec.document.locate(problems).into());
    };
    names.sort_unstable();
    names.dedup();
    let pair = KeyPair { certificate, key: SecretText::new(key_text) };
    let faults =
        OwnCertificate::in_topology(topology, &authority, &pair, &names).faults(OffsetDateTime::now_utc());
    if faults.is_empty() {
        return Ok(Some(Certificates::Own { authority, pair }));
    }
    let path = |part: Part| match part {
        Part::Authority => ca,
        Part::Certificate => cert,
        Part::Key => key,
    };
    let problems = faults.into_iter().map(|fault| {
        let message = format!("`{}` {}", path(fault.part).display(), fault.what);
        let problem = Problem::new(&["tls", fault.part.field()], message);
        Problem { hint: fault.hint, ..problem }
    });
    Err(spec.document.locate(problems.collect()).into())
}
