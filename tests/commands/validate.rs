//! `validate` of good specs, and the places where specs are searched.

use insta::assert_snapshot;

use super::support::Folder;

#[test]
fn every_shipped_spec() {
    let folder = Folder::new();
    let texts: Vec<String> = ["standalone", "replica", "cluster", "secure"]
        .iter()
        .map(|name| folder.run(&["validate", name]).text())
        .collect();
    assert_snapshot!("shipped", texts.concat());
}

#[test]
fn rules_that_cannot_mean_what_they_say() {
    let users = "users: [{name: a, rules: ['+@read']}, {name: b, rules: ['~*', '+gett', '+publish']}]";
    let folder = Folder::with("shop.yaml", &format!("kind: standalone\nauth:\n  {users}\n"));
    assert_snapshot!("doubtful_users", folder.run(&["validate", "shop.yaml"]).text());
}

#[test]
fn warnings_and_json() {
    let folder = Folder::with("shop.yaml", "kind: cluster\nshards: 1\nports: {bind: 0.0.0.0}\n");
    assert_snapshot!("warnings", folder.run(&["validate", "shop.yaml"]).text());
    assert_snapshot!("quiet", folder.run(&["-q", "validate", "shop.yaml"]).text());
    assert_snapshot!("valid_json", folder.run(&["--output", "json", "validate", "shop.yaml"]).text());
}

#[test]
fn a_spec_of_the_folder_comes_before_a_shipped_one() {
    let folder = Folder::with("topologies/cluster.yaml", "kind: cluster\nshards: 5\n");
    assert!(folder.run(&["validate"]).stdout.contains("5 shards"));
}

#[test]
fn variables_and_overrides() {
    let folder = Folder::with("shop.yaml", "kind: cluster\nshards: ${SHARDS:?how many}\n");
    folder.write("shop.env", "SHARDS=4\n");
    let with_file = folder.run(&["validate", "shop.yaml", "--env-file", "shop.env"]);
    assert!(with_file.stdout.contains("4 shards"), "{}", with_file.text());
    let environment_first =
        folder.run_with(&[("SHARDS", "6")], &["validate", "shop.yaml", "--env-file", "shop.env"]);
    assert!(environment_first.stdout.contains("6 shards"));
    let set = folder.run(&["validate", "shop.yaml", "--set", "shards=7", "--set", "config.maxmemory=1gb"]);
    assert!(set.stdout.contains("7 shards"));
}

#[test]
fn a_spec_is_read_from_stdin() {
    let folder = Folder::with("shop.yaml", "kind: cluster\nname: fed\n");
    let valid = folder.run_on("shop.yaml", &["validate", "-"]);
    assert_eq!(valid.code, 0, "{}", valid.stderr);
    assert!(valid.stdout.starts_with("<stdin> is valid: deployment fed, cluster"), "{}", valid.stdout);
    folder.write("bad.yaml", "kind: cluster\nreplcas: 1\n");
    for verb in ["validate", "up", "plan"] {
        let bad = folder.run_on("bad.yaml", &[verb, "-"]);
        assert_eq!(bad.code, 2, "{}", bad.stderr);
        assert!(bad.stderr.contains(" --> <stdin>:2:1"), "{verb}: {}", bad.stderr);
    }
}

#[test]
fn text_that_is_not_utf_8_is_named() {
    let folder = Folder::with("nul.yaml", "kind: cluster\nname: a\0b\n");
    let nul = folder.run(&["validate", "./nul.yaml"]);
    assert!(
        nul.stderr.contains("there is a NUL byte here") && nul.stderr.contains("nul.yaml:2:8"),
        "{}",
        nul.stderr
    );
    let utf_16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    std::fs::write(folder.path().join("mark.yaml"), utf_16("\u{feff}kind: cluster\n")).expect("a file");
    assert_eq!(folder.run(&["validate", "./mark.yaml"]).code, 0);
    std::fs::write(folder.path().join("none.yaml"), utf_16("kind: cluster\n")).expect("a file");
    let none = folder.run(&["validate", "./none.yaml"]);
    assert_eq!(none.code, 2);
    assert!(
        none.stderr.contains("this file is UTF-16") && none.stderr.contains("none.yaml:1:1"),
        "{}",
        none.stderr
    );
}
