//! `docs/schemas` holds the JSON Schema of every document. Programs of other people depend on these files.

use std::path::{Path, PathBuf};
use std::{env, fs};

use redisctl::output::SCHEMAS;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schemas")
}

/// Whether the test writes the files instead of comparing them, as `insta` does.
fn writes() -> bool {
    env::var("INSTA_UPDATE").is_ok_and(|mode| mode == "always")
}

#[test]
fn the_files_are_the_schemas_of_the_types() {
    let mut expected = Vec::new();
    for named in SCHEMAS {
        let path = folder().join(format!("{}.json", named.name));
        let text = format!("{}\n", serde_json::to_string_pretty(&named.schema()).unwrap());
        if writes() {
            fs::create_dir_all(folder()).unwrap();
            fs::write(&path, &text).unwrap();
        }
        let committed = fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
        assert!(committed == text, "{} is old: run `INSTA_UPDATE=always cargo test`", path.display());
        expected.push(path);
    }
    let mut files: Vec<_> = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    expected.sort();
    assert_eq!(files, expected);
}

#[test]
fn every_schema_is_named_in_the_documentation() {
    let page = fs::read_to_string(folder().with_file_name("json.md")).unwrap();
    for named in SCHEMAS {
        assert!(
            page.contains(&format!("schemas/{}.json", named.name)),
            "{} is not in docs/json.md",
            named.name
        );
    }
}
