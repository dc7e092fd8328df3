//! The commands of the README and of the pages in `docs`, in the order of each page, on an engine of their own.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::pages::blocks;
use crate::private_engine::PrivateEngine;
use crate::support::{REDIS_7, REDIS_8, VALKEY_8, VALKEY_9, output, texts};

/// The tests of a user.
const TESTS: &str = "#!/bin/sh\nexec redis-cli -c -u \"$REDIS_URL\" SET key value\n";

/// Parts of the commands that need a terminal. These commands have other tests.
const IN_A_TERMINAL: [&str; 2] = ["redisctl init", "--watch"];

/// Parts of the commands that need several engines. `several_engines.rs` and `lost_engine.rs` run these commands.
const ON_SEVERAL_ENGINES: [&str; 3] =
    ["--host tcp://10.99.0.2:2375 status", "ls --host", "--replace-engine b=c"];

/// The test runners of users, which `redisctl run` starts.
const RUNNERS: [&str; 5] = ["run-tests", "pytest", "npx", "npm", "cargo"];

/// Pages whose blocks have other tests: `ci_recipes.rs`, and the call of the examples in `scripts/test`.
const ELSEWHERE: [&str; 2] = ["docs/ci.md", "docs/fixtures.md"];

/// All pages.
fn all_pages() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let files = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let texts = files.filter(|file| file.extension().is_some_and(|end| end == "md"));
    let names = texts.filter_map(|file| Some(format!("docs/{}", file.file_name()?.to_str()?)));
    let mut pages: Vec<String> = names.collect();
    pages.sort();
    pages
}

/// The indented lines of a page that call redisctl.
fn single_commands(page: &str) -> Vec<String> {
    let blocks = indented(page);
    let lines = blocks.iter().flat_map(|block| block.lines());
    lines.filter(|line| line.starts_with("redisctl ")).map(str::to_owned).collect()
}

/// The indented blocks, in the order of the page.
fn indented(page: &str) -> Vec<String> {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(page)).expect("a page");
    let block = |paragraph: &str| -> Option<String> {
        paragraph.lines().map(|line| Some(line.strip_prefix("    ")?.to_owned() + "\n")).collect()
    };
    text.split("\n\n").filter_map(block).collect()
}

/// Runs the blocks of a page. A page leaves nothing on the engine.
fn run_page(engine: &PrivateEngine, page: &str) {
    run_script(engine, page, &blocks(page, "sh").concat());
    assert_eq!(engine.leftovers(), "", "{page}");
}

/// Runs commands in one shell and in a folder of its own.
fn run_script(engine: &PrivateEngine, page: &str, commands: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let program = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).expect("a file that can be written");
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("a mode");
    };
    program("redisctl", &format!("#!/bin/sh\nexec '{}' \"$@\"\n", env!("CARGO_BIN_EXE_redisctl")));
    for runner in RUNNERS {
        program(runner, TESTS);
    }
    fs::write(folder.path().join("my.yaml"), "kind: cluster\n").expect("a file that can be written");
    let script = format!("set -x\nPATH=$PWD:$PATH\n{commands}");
    let mut shell = engine.inside("env");
    shell.current_dir(folder.path()).arg(format!("DOCKER_HOST={}", engine.socket()));
    shell.args(["sh", "-ec", &script]);
    let ended = output(&mut shell);
    let (stdout, stderr) = texts(&ended);
    assert!(ended.status.success(), "{page}\n{stdout}\n{stderr}");
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn the_commands_of_the_pages_run() {
    let engine = PrivateEngine::start(REDIS_8);
    // No registry gives the default image here.
    engine.docker(&["tag", REDIS_8, "redis:8"]);
    let with_blocks = |page: &String| !ELSEWHERE.contains(&page.as_str()) && !blocks(page, "sh").is_empty();
    let pages: Vec<String> = all_pages().into_iter().filter(with_blocks).collect();
    assert!(pages.len() > 7, "{pages:?}");
    for page in pages {
        run_page(&engine, &page);
    }
    let examples: Vec<String> =
        indented("README.md").into_iter().filter(|block| block.contains("redisctl down cluster")).collect();
    let [examples] = &examples[..] else { panic!("{examples:?}") };
    let run = examples.lines().filter(|line| !IN_A_TERMINAL.iter().any(|other| line.contains(other)));
    let run: Vec<&str> = run.chain(["redisctl down my"]).collect();
    assert!(run.len() > 10, "{run:?}");
    run_script(&engine, "README.md", &run.join("\n"));
    assert_eq!(engine.leftovers(), "", "README.md");
}

#[test]
#[ignore = "needs a Docker engine: bash scripts/test"]
fn the_single_commands_of_the_pages_run() {
    let engine = PrivateEngine::start(REDIS_8);
    engine.load(REDIS_7);
    engine.load(VALKEY_8);
    engine.load(VALKEY_9);
    for (image, name) in [
        (REDIS_8, "redis:8"),
        (REDIS_7, "redis:7"),
        (REDIS_7, "redis:7.2"),
        (VALKEY_8, "valkey/valkey:8"),
        (VALKEY_9, "valkey/valkey:9"),
    ] {
        engine.docker(&["tag", image, name]);
    }
    let mut elsewhere = 0;
    let mut here = 0;
    for page in all_pages() {
        let (other, own): (Vec<String>, Vec<String>) = single_commands(&page)
            .into_iter()
            .partition(|command| ON_SEVERAL_ENGINES.iter().any(|part| command.contains(part)));
        elsewhere += other.len();
        here += own.len();
        // The page has the name of a machine. No name server knows it here.
        let own = own.join("\n").replace("dev-box.lan", &engine.address().to_string());
        let is_reset = own.contains("redisctl reset shop");
        let before = if is_reset { "redisctl up shop.yaml\n" } else { "" };
        let after = "for name in shop my cluster; do redisctl down $name || test $? = 1; done\n";
        run_script(&engine, &page, &format!("cp my.yaml shop.yaml\n{before}{own}\n{after}"));
        assert_eq!(engine.leftovers(), "", "{page}");
    }
    assert_eq!(elsewhere, ON_SEVERAL_ENGINES.len());
    assert!(here > 12, "{here}");
}
