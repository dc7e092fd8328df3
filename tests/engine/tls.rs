//! TLS: servers refuse plain text, certificates are verified, and errors name the fault.

use std::fs;
use std::path::Path;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use serde_json::Value;

use crate::support::{Deployment, REDIS_7, VALKEY_8, docker, fail_with, redisctl, succeed};

/// The number of each check; all of them passed.
fn counts(report: &Value, names: &[&str]) -> Vec<usize> {
    let checks = report["checks"].as_array().expect("checks");
    names.iter().map(|name| checks.iter().filter(|check| check["name"] == *name).count()).collect()
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_cluster_speaks_tls_alone() {
    let shop = Deployment::new("tls-cluster");
    let more = ["--image", REDIS_7, "--set", "tls=true"];
    shop.up("cluster", &more);
    assert_eq!(counts(&shop.verify(), &["certificate", "plaintext", "no-certificate"]), [6, 6, 0]);
    assert_eq!(shop.changes("cluster", &more), 0);
    assert_eq!(succeed(&redisctl(&["cli", &shop.name, "6", "--", "SET", "a", "1"])), "OK\n");

    let ca = succeed(&redisctl(&["ca", &shop.name]));
    assert!(ca.starts_with("-----BEGIN CERTIFICATE-----\n"), "{ca}");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().to_str().expect("a path");
    let text = succeed(&redisctl(&["env", &shop.name, "--tls-folder", path, "--format", "json"]));
    let env: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(env["REDIS_URL"], format!("rediss://127.0.0.1:{}", shop.port));
    let file = env["REDIS_CA_FILE"].as_str().expect("a path");
    assert_eq!(fs::read_to_string(file).expect("a file"), ca);

    // TLS can only be switched on or off with `--recreate`.
    let refused = fail_with(&shop.run("up", "cluster", &["--image", REDIS_7]), 1);
    assert!(refused.contains("the spec changed tls"), "{refused}");
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn clients_must_have_a_certificate_where_the_spec_says_so() {
    let shop = Deployment::new("tls-clients");
    let more = ["--image", VALKEY_8, "--set", "tls.client_auth=true"];
    shop.up("replica", &more);
    assert_eq!(counts(&shop.verify(), &["certificate", "plaintext", "no-certificate"]), [2, 2, 2]);
    let inspected = docker(&["inspect", &shop.node(1)]);
    assert!(!inspected.contains("PRIVATE KEY"), "{inspected}");

    // The kind of certificate can change on running servers.
    let before = shop.containers();
    let optional = ["--image", VALKEY_8, "--set", "tls.client_auth=optional"];
    shop.up("replica", &optional);
    assert_eq!(shop.containers(), before);
    assert_eq!(counts(&shop.verify(), &["certificate", "no-certificate"]), [2, 0]);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().to_str().expect("a path");
    let settings = succeed(&redisctl(&["env", &shop.name, "--tls-folder", path]));
    assert!(settings.contains("REDIS_CERT_FILE='") && settings.contains("REDIS_KEY_FILE='"), "{settings}");
}

/// A CA, like that of a company.
struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        // With the certificate's own subject, the servers would take it for self-signed.
        params.distinguished_name.push(DnType::CommonName, "a company");
        let key = KeyPair::generate().expect("a key");
        Self { pem: params.self_signed(&key).expect("a CA").pem(), issuer: Issuer::new(params, key) }
    }

    /// Writes the three files that a spec names.
    fn issue(&self, folder: &Path, name: &str, change: impl FnOnce(&mut CertificateParams)) {
        let mut params = CertificateParams::new([name.to_owned()]).expect("a name");
        change(&mut params);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        for (file, text) in
            [("ca.pem", self.pem.clone()), ("cert.pem", certificate.pem()), ("key.pem", key.serialize_pem())]
        {
            fs::write(folder.join(file), text).expect("it can be written");
        }
    }
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn ones_own_certificate_is_judged_used_and_renewed() {
    let shop = Deployment::new("tls-own");
    let folder = tempfile::tempdir().expect("a folder");
    let spec = folder.path().join("shop.yaml");
    let text = "kind: replication\ntls: {ca: ca.pem, cert: cert.pem, key: key.pem, client_auth: true}\n";
    fs::write(&spec, text).expect("it can be written");
    let spec = spec.to_str().expect("a path");
    let (authority, stranger) = (Authority::new(), Authority::new());

    let refused = |words: &str| {
        let error = fail_with(&shop.run("up", spec, &[]), 2);
        assert!(error.contains(words) && error.contains("shop.yaml:2:"), "{words}: {error}");
        assert_eq!(shop.leftovers(), Vec::<String>::new());
    };
    authority.issue(folder.path(), "127.0.0.1", |params| params.not_after = rcgen::date_time_ymd(2020, 2, 3));
    refused("`cert.pem` expired on 2020-02-03");
    authority.issue(folder.path(), "db.example", |_| {});
    refused("`cert.pem` is not for `127.0.0.1`: it is for `db.example`");
    authority.issue(folder.path(), "127.0.0.1", |_| {});
    fs::write(folder.path().join("ca.pem"), &stranger.pem).expect("it can be written");
    refused("`cert.pem` was not issued by the CA in `tls.ca`");

    authority.issue(folder.path(), "127.0.0.1", |_| {});
    shop.up(spec, &[]);
    assert_eq!(counts(&shop.verify(), &["certificate", "plaintext", "no-certificate"]), [2, 2, 2]);

    // A new certificate of the same CA needs no restart.
    let before = shop.containers();
    authority.issue(folder.path(), "127.0.0.1", |_| {});
    assert_eq!(shop.changes(spec, &[]), 3);
    shop.up(spec, &[]);
    assert_eq!(shop.containers(), before);
    assert_eq!(shop.changes(spec, &[]), 0);
}
