//! Folders of `export compose --output-dir`: compose alone brings up whole deployments.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::composed::Composed;
use crate::made_image::MadeImage;
use crate::support::{Deployment, REDIS_7, REDIS_8, docker, eventually, fail_with, redisctl, succeed};

/// A folder of an export, which compose has brought up. Compose ends it before the folder goes.
struct Exported {
    composed: Composed,
    folder: TempDir,
    _image: MadeImage,
}

impl Exported {
    fn up(shop: &Deployment, image: MadeImage, subnet: &str, spec: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("shop.yaml");
        fs::write(&file, spec).expect("a spec");
        let target = folder.path().join("shop");
        let [file, to] = [&file, &target].map(|path| path.to_str().expect("a path"));
        let port = shop.port.to_string();
        let arguments =
            ["export", "compose", file, "--output-dir", to, "--name", &shop.name, "--port-base", &port];
        let arguments = [&arguments[..], &["--image", &image.name, "--subnet", subnet]].concat();
        succeed(&redisctl(&arguments));
        let again = fail_with(&redisctl(&arguments), 2);
        assert!(again.contains("has files already"), "{again}");
        let composed = Composed::new(&target.join("compose.yaml"));
        succeed(&composed.run(&["up", "--detach"]));
        Self { composed, folder, _image: image }
    }

    fn path(&self) -> std::path::PathBuf {
        self.folder.path().join("shop")
    }

    /// What a shell prints that has read the settings of a user.
    fn shell(&self, settings: &str, line: &str) -> String {
        let path = self.path().join(settings);
        let text = format!(". {}; {line}", path.display());
        let output = Command::new("sh").args(["-c", &text]).output().expect("a shell");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }
}

/// Every file except the compose file is for its user alone, and no secret is in the compose file.
fn secrets_are_private(folder: &Path, secrets: &[&str]) {
    let compose = fs::read_to_string(folder.join("compose.yaml")).expect("the file");
    assert!(!secrets.iter().any(|secret| compose.contains(secret)), "{compose}");
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry")) {
            let mode = entry.metadata().expect("its data").permissions().mode() & 0o77;
            let path = entry.path();
            assert!(mode == 0 || entry.file_name() == "compose.yaml", "{}: {mode:o}", path.display());
            if entry.path().is_dir() {
                folders.push(entry.path());
            }
        }
    }
}

const TLS: &str = "redis-cli -c -u \"$REDIS_URL\" --cacert \"$REDIS_CA_FILE\" --cert \"$REDIS_CERT_FILE\" \
                   --key \"$REDIS_KEY_FILE\"";

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn compose_forms_a_cluster_with_tls_and_users() {
    let shop = Deployment::new("export-cluster");
    let image = MadeImage::with_commands("export-cluster", REDIS_7);
    let spec = "
kind: cluster
tls: {client_auth: true}
auth:
  password: 'hunter2 \" x'
  users: [{name: reader, rules: ['~*', '+@read', '+cluster|slots']}]
";
    let exported = Exported::up(&shop, image, "172.30.248.0/24", spec);
    let formed = || docker(&["wait", &format!("{}-form", shop.name)]);
    assert_eq!(formed(), "0", "{}", docker(&["logs", &format!("{}-form", shop.name)]));
    secrets_are_private(&exported.path(), &["hunter2"]);
    for key in ["a", "b", "c"] {
        assert_eq!(exported.shell("connection.sh", &format!("{TLS} SET {key} 1")), "OK");
    }
    let refused = exported.shell("connection-reader.sh", &format!("{TLS} SET a 2"));
    assert!(refused.starts_with("NOPERM"), "{refused}");
    assert_eq!(exported.shell("connection-reader.sh", &format!("{TLS} GET a")), "1");
    for container in [shop.node(1), format!("{}-form", shop.name), format!("{}-files", shop.name)] {
        assert!(!docker(&["inspect", &container]).contains("hunter2"), "{container}");
    }

    // A replica takes over, and the next run changes nothing.
    docker(&["kill", &shop.node(1)]);
    let role = |of: &str, role: &str| {
        let line = format!("{TLS} -p {of} ROLE | head -1").replace(" -c", "");
        exported.shell("connection.sh", &line) == role
    };
    let port = |number: u16| (shop.port + number - 1).to_string();
    eventually("the replica to take over", || role(&port(4), "master"));
    succeed(&exported.composed.run(&["up", "--detach"]));
    assert_eq!(formed(), "0", "{}", docker(&["logs", &format!("{}-form", shop.name)]));
    eventually("the former primary to be a replica", || role(&port(1), "slave"));
    assert_eq!(exported.shell("connection.sh", &format!("{TLS} GET a")), "1");
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn compose_brings_up_sentinels_with_users() {
    let shop = Deployment::new("export-sentinel");
    let image = MadeImage::with_commands("export-sentinel", REDIS_8);
    let spec = "
kind: sentinel
data: volume
auth:
  default: off
  users: [{name: app, password: hunter2, rules: ['~*', '&*', '+@all']}]
";
    let exported = Exported::up(&shop, image, "172.30.249.0/24", spec);
    secrets_are_private(&exported.path(), &["hunter2"]);
    let set = "redis-cli -u \"$REDIS_URL\" SET a 1";
    eventually("the primary to take writes", || exported.shell("connection.sh", set) == "OK");
    let primary = "REDISCLI_AUTH=$REDIS_SENTINEL_PASSWORD redis-cli -p ${REDIS_SENTINELS##*:} --user \
                   \"$REDIS_SENTINEL_USERNAME\" SENTINEL GET-MASTER-ADDR-BY-NAME \"$REDIS_SENTINEL_MASTER\" | tail -1";
    let is_primary =
        |number: u16| exported.shell("connection.sh", primary) == (shop.port + number - 1).to_string();
    eventually("the sentinel to know the primary", || is_primary(1));
    docker(&["kill", &shop.node(1)]);
    eventually("the replica to take over", || is_primary(2));
    succeed(&exported.composed.run(&["up", "--detach"]));
    let role = || {
        docker(&[
            "exec",
            "-e",
            "REDISCLI_AUTH=hunter2",
            &shop.node(1),
            "redis-cli",
            "--user",
            "app",
            "-p",
            &shop.port.to_string(),
            "ROLE",
        ])
    };
    eventually("the former primary to be a replica", || role().starts_with("slave"));
    assert!(is_primary(2), "the sentinels keep their choice");
}
