//! Tests of the faults of a user's own certificate.

use rcgen::{BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer};
use time::Duration;

use super::*;
use crate::certificates::issue;
use crate::spec::SecretText;
use crate::topology::Certificates;
use crate::topology::resolve::{Facts, resolve};

/// 2026-01-01.
const NOW: OffsetDateTime = match OffsetDateTime::from_unix_timestamp(1_767_225_600) {
    Ok(moment) => moment,
    Err(_) => OffsetDateTime::UNIX_EPOCH,
};

struct Ca {
    pem: String,
    issuer: Issuer<'static, rcgen::KeyPair>,
}

fn ca(days: i64) -> Ca {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, "a CA");
    (params.not_before, params.not_after) = (NOW - Duration::days(90), NOW + Duration::days(days));
    let key = rcgen::KeyPair::generate().unwrap();
    Ca { pem: params.self_signed(&key).unwrap().pem(), issuer: Issuer::new(params, key) }
}

/// A certificate for localhost and 127.0.0.1, with changes.
fn issued(ca: &Ca, change: impl FnOnce(&mut CertificateParams)) -> KeyPair {
    let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
    let mut params = CertificateParams::new(names).unwrap();
    (params.not_before, params.not_after) = (NOW - Duration::days(60), NOW + Duration::days(60));
    change(&mut params);
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, &ca.issuer).unwrap().pem();
    KeyPair { certificate, key: SecretText::new(key.serialize_pem()) }
}

fn faults(authority: &str, pair: &KeyPair) -> Vec<String> {
    let names = ["127.0.0.1".to_owned()];
    let faults = OwnCertificate { authority, pair, names: &names, as_client: true }.faults(NOW);
    faults.iter().map(|fault| format!("{} {}", fault.part.field(), fault.what)).collect()
}

#[test]
fn a_good_one_is_good() {
    let ca = ca(900);
    assert!(faults(&ca.pem, &issued(&ca, |_| {})).is_empty());
}

#[test]
fn each_fault_has_its_words() {
    let ca = ca(900);
    let good = issued(&ca, |_| {});
    let key = |key: &str| KeyPair { key: SecretText::new(key), ..good.clone() };
    let expired = issued(&ca, |params| params.not_after = NOW - Duration::days(1));
    let early = issued(&ca, |params| params.not_before = NOW + Duration::days(1));
    let elsewhere = issued(&ca, |params| params.subject_alt_names.truncate(1));
    let nameless = issued(&ca, |params| params.subject_alt_names.clear());
    let server_only = issued(&ca, |params| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    });
    let foreign = issued(&self::ca(900), |_| {});
    let namesake = issued(&ca, |params| params.distinguished_name.push(DnType::CommonName, "a CA"));
    let others_key = key(foreign.key.expose());
    for (pair, words) in [
        (&expired, "cert expired on 2025-12-31"),
        (&early, "cert is not valid before 2026-01-02"),
        (&elsewhere, "cert is not for `127.0.0.1`: it is for `localhost`"),
        (&nameless, "cert is not for `127.0.0.1`: it names no host at all"),
        (&server_only, "cert may not be used for this: its extended key usage does not allow it"),
        (&foreign, "cert was not issued by the CA in `tls.ca`"),
        (&namesake, "cert has the same subject as the CA in `tls.ca`: servers take it for its own CA"),
        (&others_key, "key does not belong to the certificate in `tls.cert`"),
        (&key("-----BEGIN ENCRYPTED PRIVATE KEY-----"), "key is encrypted"),
        (&key("hunter2"), "key holds no private key in PEM"),
        (&KeyPair { certificate: String::new(), ..good.clone() }, "cert holds no certificate in PEM"),
    ] {
        assert_eq!(faults(&ca.pem, pair), [words]);
    }
    assert_eq!(faults("", &key("")), ["ca holds no certificate in PEM", "key holds no private key in PEM"]);
    let old = self::ca(-1);
    assert_eq!(faults(&old.pem, &issued(&old, |_| {})), ["ca expired on 2025-12-31"]);
}

#[test]
fn what_is_made_is_good_and_kept_and_added_to() {
    let topology =
        |yaml: &str| resolve(&serde_yaml::from_str(yaml).unwrap(), &Facts::offline("my_shop")).unwrap();
    let made = |topology: &Topology, current: Option<&Certificates>| {
        let current = match current {
            Some(Certificates::Made(made)) => Some(made.as_ref()),
            _ => None,
        };
        issue::certificates(topology, current, NOW).unwrap()
    };
    let two = topology("{kind: replication, tls: {client_auth: true}}");
    let first = made(&two, None);
    assert_eq!(made(&two, Some(&first)), first);
    let three = topology("{kind: replication, replicas: 2, tls: {client_auth: true}}");
    let second = made(&three, Some(&first));
    for node in three.nodes() {
        let pair = second.of_node(&node.name).unwrap();
        let names = crate::topology::tls::names(&three, node);
        let own = OwnCertificate { authority: first.authority(), pair, names: &names, as_client: true };
        assert_eq!(own.faults(NOW), []);
    }
    let kept = three.name.node(2);
    assert_eq!(second.of_node(&kept), first.of_node(&kept));
    assert_eq!(second.client(), first.client());
}
