//! The examples of the README, and the shell blocks of the pages in `docs`, in the order of each page, on an engine of their
//! own. `docs/ci.md` has tests of its own.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::pages::blocks;
use crate::private_engine::PrivateEngine;
use crate::support::{REDIS_8, output, texts};

/// The tests of a user.
const TESTS: &str = "#!/bin/sh\nexec redis-cli -c -u \"$REDIS_URL\" SET key value\n";

/// Commands for a terminal. They have tests of their own.
const IN_A_TERMINAL: [&str; 2] = ["redisctl init", "--watch"];

/// Their blocks have tests of their own: `ci_recipes.rs`, and the call of the examples in `scripts/test`.
const ELSEWHERE: [&str; 2] = ["docs/ci.md", "docs/fixtures.md"];

/// The other pages with shell blocks.
fn pages() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let files = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let texts = files.filter(|file| file.extension().is_some_and(|end| end == "md"));
    let names = texts.filter_map(|file| Some(format!("docs/{}", file.file_name()?.to_str()?)));
    let mut pages: Vec<String> =
        names.filter(|page| !ELSEWHERE.contains(&page.as_str()) && !blocks(page, "sh").is_empty()).collect();
    pages.sort();
    pages
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
    program("run-tests", TESTS);
    program("pytest", TESTS);
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
    let pages = pages();
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
