//! Whether each test of this folder is ignored by default, because it needs an engine.

use std::fs;
use std::path::{Path, PathBuf};

/// The attribute.
const MARK: &str = r#"#[ignore = "needs a Docker engine: bash scripts/test"]"#;

/// The only test of this folder that needs no engine.
#[test]
fn each_engine_test_is_marked() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/engine");
    let this_file = Path::new(file!()).file_name().expect("a file name");
    let mut marked = 0;
    let mut unmarked = Vec::new();
    for path in files_below(&folder) {
        if path.file_name() == Some(this_file) {
            continue;
        }
        let text = fs::read_to_string(&path).expect("a source file");
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        for (index, _) in lines.iter().enumerate().filter(|(_, line)| is_test(line)) {
            if lines.get(index + 1) == Some(&MARK) {
                marked += 1;
            } else {
                unmarked.push(format!("{}:{}", path.display(), index + 1));
            }
        }
    }
    assert!(unmarked.is_empty(), "put `{MARK}` below `#[test]` at {unmarked:#?}");
    assert!(marked > 80, "found {marked} tests in {}", folder.display());
}

/// The files of a folder and its subfolders.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder of these tests");
    let paths = entries.map(|entry| entry.expect("an entry of the folder").path());
    paths.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

/// Whether the line makes a function a test.
fn is_test(line: &str) -> bool {
    line == "#[test]" || line.starts_with("#[tokio::test")
}
