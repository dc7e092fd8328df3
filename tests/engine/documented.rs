//! The shell blocks of the pages in `docs`, in the order of each page, on an engine of their own. `docs/ci.md` has tests of
//! its own.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::pages::blocks;
use crate::private_engine::PrivateEngine;
use crate::support::{REDIS_8, output, texts};

/// The tests of a user.
const TESTS: &str = "#!/bin/sh\nexec redis-cli -c -u \"$REDIS_URL\" SET key value\n";

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

/// Runs the blocks of a page in one shell and in a folder of its own. A page leaves nothing on the engine.
fn run_page(engine: &PrivateEngine, page: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let program = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).expect("a file that can be written");
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("a mode");
    };
    program("redisctl", &format!("#!/bin/sh\nexec '{}' \"$@\"\n", env!("CARGO_BIN_EXE_redisctl")));
    program("run-tests", TESTS);
    let script = format!("set -x\nPATH=$PWD:$PATH\n{}", blocks(page, "sh").concat());
    let mut shell = engine.inside("env");
    shell.current_dir(folder.path()).arg(format!("DOCKER_HOST={}", engine.socket()));
    shell.args(["sh", "-ec", &script]);
    let ended = output(&mut shell);
    let (stdout, stderr) = texts(&ended);
    assert!(ended.status.success(), "{page}\n{stdout}\n{stderr}");
    assert_eq!(engine.leftovers(), "", "{page}");
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
}
