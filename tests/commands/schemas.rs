//! Documents of commands that need no engine, and errors without one, against the schemas in `docs/schemas`.

use std::fs;
use std::path::Path;

use crate::documents::{check_stderr, check_text};
use crate::support::{Folder, NO_ENGINE};

#[test]
fn commands_without_an_engine_print_what_their_schemas_say() {
    let folder = Folder::with("shop.yaml", "kind: cluster\nshards: 1\nports: {bind: 0.0.0.0}\n");
    for (name, arguments) in [
        ("topologies", &["topologies"][..]),
        ("validate", &["validate", "shop.yaml"]),
        ("export-compose", &["export", "compose", "shop.yaml"]),
        ("export-compose", &["export", "compose", "cluster", "--set", "tls=true", "--set", "data=volume"]),
        ("export-diagram", &["export", "diagram", "sentinel"]),
        ("export-svg", &["export", "svg", "sentinel"]),
    ] {
        let ended = folder.run(&[arguments, &["--output", "json"]].concat());
        assert_eq!((ended.code, ended.stderr.as_str()), (0, ""), "{arguments:?}");
        check_text(name, &ended.stdout);
    }
    let ended = folder.run(&["init", "cluster", "--output", "json"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (0, ""));
    assert_eq!(check_stderr(&ended.stderr), None);
}

#[test]
fn errors_are_documents_on_stderr() {
    let folder = Folder::with("bad.yaml", "kind: cluster\nshards: 0\nreplcas: 1\n");
    for (code, arguments) in [
        (2, &["validate", "bad.yaml"][..]),
        (2, &["validate", "--set", "x"]),
        (2, &["export", "compose", "sentinel"]),
        (2, &["export", "compose", "sentinel", "--image", "host", "--output-dir", "new"]),
        (2, &["init", "nothing"]),
        (2, &["up", "--no-such-option"]),
        (2, &["nothing"]),
        (2, &["cli", "a", "b", "c"]),
        (4, &["up", "cluster"]),
        (4, &["plan", "cluster"]),
        (4, &["verify"]),
        (4, &["status"]),
        (4, &["ls"]),
        (4, &["env"]),
        (4, &["ca"]),
        (4, &["logs"]),
        (4, &["cli", "--", "PING"]),
        (4, &["down"]),
        (4, &["gc"]),
    ] {
        let ended = folder.run(&[&["--output", "json", "--host", NO_ENGINE], arguments].concat());
        assert_eq!((ended.code, ended.stdout.as_str()), (code, ""), "{arguments:?}: {}", ended.stderr);
        let error = check_stderr(&ended.stderr).unwrap_or_else(|| panic!("{arguments:?}: no error"));
        assert_eq!(error["problems"].is_array(), arguments[1..].contains(&"bad.yaml"), "{error:#}");
    }
    let ended = folder.run(&["doctor", "--output", "json", "--host", NO_ENGINE]);
    assert_eq!(ended.code, 4);
    check_text("doctor", &ended.stdout);
}

#[test]
fn schema_prints_the_published_schemas() {
    let folder = Folder::new();
    let published = |name: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schemas").join(name);
        fs::read_to_string(path).expect("a schema").replace("\r\n", "\n")
    };
    assert!(folder.run(&["schema"]).stdout == published("spec.json"));
    assert!(folder.run(&["schema", "up"]).stdout == published("up.json"));
    assert_eq!(folder.run(&["schema", "nothing"]).code, 2);
}
