//! `validate` of good specs, and where specs are looked for.

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
