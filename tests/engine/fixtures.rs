//! The fixtures of `docs/fixtures.md`: the page has the code of `examples`, and the code runs with pytest and vitest.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::pages::blocks;
use crate::support::{REDIS_7, fail_with, output, redisctl, succeed, texts};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// A folder below the packages of npm, which Node finds from there, with the examples and a spec with a test image.
fn folder() -> TempDir {
    let packages = Path::new(ROOT).join("target/test-packages");
    let folder = tempfile::tempdir_in(packages).expect("scripts/prepare/test-packages makes it");
    for example in ["pytest", "vitest"] {
        for entry in fs::read_dir(Path::new(ROOT).join("examples").join(example)).expect("an example") {
            let path = entry.expect("a file").path();
            if path.is_file() {
                fs::copy(&path, folder.path().join(path.file_name().expect("a name"))).expect("a copy");
            }
        }
    }
    let spec = format!("{{kind: cluster, image: '{REDIS_7}'}}\n");
    fs::write(folder.path().join("spec.yaml"), spec).expect("a file that can be written");
    folder
}

/// A shell in this folder that finds redisctl, pytest and vitest.
fn shell(folder: &Path, script: &str) -> Command {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_redisctl"));
    let redisctl = program.parent().expect("a folder").display().to_string();
    let packages = format!("{ROOT}/target/test-packages");
    let path = std::env::var("PATH").unwrap_or_default();
    let mut shell = Command::new("sh");
    shell.current_dir(folder).args(["-ec", script]).env("REDISCTL_TOPOLOGY", "./spec.yaml");
    shell.env("PYTHONPATH", format!("{packages}/python")).env("PYTHONDONTWRITEBYTECODE", "1");
    shell.env(
        "PATH",
        format!("{redisctl}:{packages}/node_modules/.bin:{ROOT}/target/readers/node/bin:{path}"),
    );
    shell.env("NO_COLOR", "1").env_remove("REDISCTL_NAME");
    shell
}

/// Both, as a user calls them.
const PYTEST: &str = "python3 -m pytest -p no:cacheprovider";
const VITEST: &str = "vitest run";

#[track_caller]
fn passes_all(folder: &Path, script: &str, programs: usize) {
    let said = succeed(&output(&mut shell(folder, script)));
    assert_eq!(said.matches("4 passed").count(), programs, "{said}");
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn fixtures_use_the_deployment_of_run() {
    let folder = folder();
    let script = format!("redisctl run ./spec.yaml -- sh -ec '{PYTEST}; {VITEST}'");
    passes_all(folder.path(), &script, 2);
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn fixtures_make_and_remove_deployments_of_their_own() {
    let folder = folder();
    passes_all(folder.path(), &format!("{PYTEST} & one=$!; {VITEST}; wait $one"), 2);
    // A failed test leaves nothing, either.
    let failing = "def test_it(deployment):\n    print('name:', deployment)\n    assert False\n";
    fs::write(folder.path().join("test_failing.py"), failing).expect("a file that can be written");
    fs::write(folder.path().join("spec.yaml"), format!("{{kind: standalone, image: '{REDIS_7}'}}\n"))
        .expect("a file");
    let ended = output(&mut shell(folder.path(), &format!("{PYTEST} test_failing.py")));
    let (stdout, _) = texts(&ended);
    let name = stdout.lines().find_map(|line| line.strip_prefix("name: ")).expect("its deployment came up");
    assert_eq!(ended.status.code(), Some(1), "{stdout}");
    fail_with(&redisctl(&["status", name]), 1);
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn the_page_has_the_code_of_the_examples() {
    let all = [blocks("docs/fixtures.md", "python"), blocks("docs/fixtures.md", "js")].concat();
    let files = [
        "pytest/conftest.py",
        "pytest/test_cart.py",
        "vitest/vitest.config.js",
        "vitest/deployment.js",
        "vitest/cart.test.js",
    ];
    assert_eq!(all.len(), files.len());
    for (block, file) in all.iter().zip(files) {
        let text = fs::read_to_string(Path::new(ROOT).join("examples").join(file)).expect("an example");
        assert_eq!(*block, text, "copy examples/{file} to docs/fixtures.md");
    }
}
