//! The faults of certificates as text.

use rustls::CertificateError;
use rustls::pki_types::UnixTime;
use time::OffsetDateTime;

/// The fault of a certificate, to follow its name: `has expired on 2026-01-31`.
#[must_use]
pub fn certificate_fault(error: &CertificateError) -> String {
    match error {
        CertificateError::ExpiredContext { not_after, .. } => format!("expired on {}", date(*not_after)),
        CertificateError::Expired => "has expired".to_owned(),
        CertificateError::NotValidYetContext { not_before, .. } => {
            format!("is not valid before {}", date(*not_before))
        }
        CertificateError::NotValidYet => "is not valid yet".to_owned(),
        CertificateError::NotValidForNameContext { expected, presented } => {
            format!("is not for `{}`: {}", expected.to_str(), names(presented))
        }
        CertificateError::NotValidForName => "is for another name".to_owned(),
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "was issued by another CA than the one that is trusted".to_owned()
        }
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "may not be used for this: its extended key usage does not allow it".to_owned()
        }
        CertificateError::BadEncoding => "is damaged: it cannot be read".to_owned(),
        CertificateError::Revoked => "has been revoked".to_owned(),
        other => format!("cannot be trusted: {other}"),
    }
}

/// The names in a certificate. rustls gives them as `DnsName("localhost")` and `IpAddress(127.0.0.1)`.
fn names(presented: &[String]) -> String {
    if presented.is_empty() {
        return "it names no host at all".to_owned();
    }
    let plain = |name: &String| {
        let inner = name.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')')).unwrap_or(name);
        format!("`{}`", inner.trim_matches('"'))
    };
    format!("it is for {}", presented.iter().map(plain).collect::<Vec<_>>().join(", "))
}

fn date(moment: UnixTime) -> String {
    let seconds = i64::try_from(moment.as_secs()).unwrap_or(i64::MAX);
    let moment = OffsetDateTime::from_unix_timestamp(seconds);
    moment.map_or_else(|_| "an unknown day".to_owned(), |moment| moment.date().to_string())
}
