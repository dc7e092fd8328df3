//! The recipes in `docs/ci.md`, line by line: plain shells, and GitLab's service `docker:dind` with and without TLS. The
//! engine of the service is another host with the name `docker`.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

use crate::pages::blocks;
use crate::private_engine::{PrivateEngine, as_root};
use crate::remote::behind_tls;
use crate::support::{REDIS_7, output, succeed, texts};

const PAGE: &str = "docs/ci.md";

/// The tests of a user: they follow the redirections of a cluster.
const TESTS: &str = "#!/bin/sh
set -e
echo \"nodes: $REDIS_NODES\"
for key in a b c d; do redis-cli -c -u \"$REDIS_URL\" SET $key 1; done
exit \"${EXIT:-0}\"
";

/// A folder with `run-tests`, a release of redisctl, and a table of hosts.
fn folder(engine: &PrivateEngine) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(&path, text).expect("a file that can be written");
        succeed(&output(Command::new("chmod").arg("+x").arg(path)));
    };
    write("run-tests", TESTS);
    write("release/redisctl", &format!("#!/bin/sh\nexec '{}' \"$@\"\n", env!("CARGO_BIN_EXE_redisctl")));
    let mut tar = Command::new("tar");
    succeed(&output(tar.current_dir(folder.path()).args(["-czf", "release.tar.gz", "release"])));
    write("hosts", &format!("127.0.0.1 localhost\n{} docker\n", engine.address()));
    folder
}

/// Runs lines in a shell, in a machine that knows the host `docker`.
fn shell(folder: &Path, lines: &str, variables: &[(&str, &str)]) -> Output {
    let mut unshare = as_root("unshare");
    let archive = format!("ARCHIVE=file://{}", folder.join("release.tar.gz").display());
    let home = format!("HOME={}", folder.display());
    unshare.current_dir(folder).args(["--mount", "env", &archive, &home]);
    unshare.args(
        variables
            .iter()
            .filter(|(name, _)| *name != "ARCHIVE")
            .map(|(name, value)| format!("{name}={value}")),
    );
    output(unshare.args(["sh", "-ec", &format!("mount --bind hosts /etc/hosts\n{lines}")]))
}

/// The job of GitLab with this name: its lines, and its variables.
fn job(name: &str) -> (String, Vec<(String, String)>) {
    let all =
        blocks(PAGE, "yaml").into_iter().map(|text| serde_yaml::from_str::<Value>(&text).expect("YAML"));
    let job = all.into_iter().find_map(|page| page.get(name).cloned()).expect("a job of this name");
    let lines = |part: &str| {
        let lines = job[part].as_array().expect("lines").iter();
        lines.map(|line| line.as_str().expect("a line")).collect::<Vec<_>>().join("\n")
    };
    let variables = job["variables"].as_object().expect("variables").iter();
    let variables = variables.map(|(name, value)| (name.clone(), value.as_str().expect("text").to_owned()));
    ([lines("before_script"), lines("script")].join("\n"), variables.collect())
}

/// Runs the lines of a job, with some variables in the place of its own.
fn run_job(folder: &Path, name: &str, instead: &[(&str, &str)]) -> Output {
    let (lines, variables) = job(name);
    let own = variables.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    shell(folder, &lines, &own.chain(instead.iter().copied()).collect::<Vec<_>>())
}

/// Gives a test image the name of the default image, which no registry gives here.
fn name_as_default(engine: &PrivateEngine) {
    engine.docker(&["tag", REDIS_7, "redis:8"]);
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn gitlab_without_tls_and_a_plain_shell() {
    let engine = PrivateEngine::start(REDIS_7);
    name_as_default(&engine);
    let folder = folder(&engine);
    let said = succeed(&run_job(folder.path(), "tests without TLS", &[]));
    assert!(said.contains("nodes: docker:7001,docker:7002"), "{said}");
    assert_eq!(said.matches("OK").count(), 4, "{said}");
    assert_eq!(engine.leftovers(), "");
    assert!(folder.path().join("redis-bundle/bundle.json").exists());

    // Any shell, on the engine of the machine. The deployment goes with the shell, whatever the outcome of the tests.
    let recipe = format!("PATH=$PWD/release:$PATH\n{}", blocks(PAGE, "sh").concat());
    for code in ["0", "7"] {
        let mut inside = engine.inside("env");
        inside.current_dir(folder.path()).arg(format!("DOCKER_HOST={}", engine.socket()));
        inside.arg(format!("EXIT={code}")).args(["sh", "-ec", &recipe]);
        let ended = output(&mut inside);
        assert_eq!(ended.status.code(), code.parse().ok(), "{:?}", texts(&ended));
        assert_eq!(engine.leftovers(), "");
    }
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn gitlab_with_tls() {
    let engine = PrivateEngine::start_with(behind_tls);
    engine.load(REDIS_7);
    name_as_default(&engine);
    let folder = folder(&engine);
    let certificates = engine.path("certificates").display().to_string();
    let said =
        succeed(&run_job(folder.path(), "tests with TLS", &[("DOCKER_CERT_PATH", certificates.as_str())]));
    assert!(said.contains("nodes: docker:7001,docker:7002"), "{said}");
    assert_eq!(said.matches("OK").count(), 4, "{said}");
    assert_eq!(engine.leftovers(), "");
}
