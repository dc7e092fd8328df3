//! Manifests of `export kubernetes` against the published schemas of Kubernetes.

use std::process::Command;

use crate::support::{redisctl, succeed};

/// Python with packages of `scripts/prepare/test-packages`.
const PACKAGES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/test-packages/python");

/// The versions of Kubernetes whose schemas count: the oldest that is in use, and the newest.
const VERSIONS: [&str; 2] = ["1.28", "1.37"];

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn manifests_fit_the_published_schemas() {
    let mut files = Vec::new();
    let folder = tempfile::tempdir().expect("a folder");
    let auth = "auth={password: generate, users: [{name: app, rules: [\"~*\", +@all]}]}";
    let limits = "resources={memory: 256mb, cpus: 0.5}";
    for kind in ["standalone", "replica", "sentinel", "cluster"] {
        for more in [
            &[][..],
            &[
                "--set",
                auth,
                "--set",
                limits,
                "--set",
                "data=volume",
                "--set",
                "sysctls={net.core.somaxconn: 1024}",
            ],
        ] {
            let target = folder.path().join(format!("{kind}-{}", more.len()));
            let to = target.to_str().expect("a path");
            succeed(&redisctl(&[&["export", "kubernetes", kind, "--output-dir", to], more].concat()));
            files.extend(
                std::fs::read_dir(&target).expect("a folder").map(|file| file.expect("an entry").path()),
            );
        }
    }
    assert_eq!(files.len(), 4 + 8, "with passwords, the Secret is a file of its own");
    let check = |version: &str, files: &[std::path::PathBuf]| {
        let mut check = Command::new("python3");
        check.env("PYTHONPATH", PACKAGES).args(["-m", "kubernetes_validate", "--strict", "-k", version]);
        check.args(files).output().expect("python3 starts")
    };
    for version in VERSIONS {
        succeed(&check(version, &files));
    }
    let wrong = folder.path().join("wrong.yaml");
    std::fs::write(&wrong, "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {prots: []}\n")
        .expect("a file");
    assert!(!check("1.37", &[wrong]).status.success(), "the checker checks");
}
