//! `topologies`, `init`, `schema` and `completions`.

use insta::assert_snapshot;
use serde_json::Value;

use super::support::Folder;

#[test]
fn topologies() {
    assert_snapshot!(Folder::new().run(&["topologies"]).text());
    let json: Value =
        serde_json::from_str(&Folder::new().run(&["topologies", "--output", "json"]).stdout).unwrap();
    let names: Vec<&str> =
        json.as_array().unwrap().iter().map(|entry| entry["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["standalone", "replica", "sentinel", "cluster", "secure"]);
}

#[test]
fn init_writes_a_spec_that_is_valid_and_overwrites_none() {
    let folder = Folder::new();
    let mut texts = Vec::new();
    for arguments in [&["init"][..], &["init"], &["init", "secure", "shop.yaml"], &["init", "clutser"]] {
        texts.push(folder.run(arguments).text());
    }
    assert_snapshot!(texts.join("\n"));
    for file in ["cluster.yaml", "shop.yaml"] {
        assert_eq!(folder.run(&["validate", file]).code, 0);
    }
    assert_eq!(folder.run(&["init", "cluster", "no/such/folder.yaml"]).code, 2);
}

#[test]
fn schema_knows_every_field() {
    let ended = Folder::new().run(&["schema"]);
    let schema: Value = serde_json::from_str(&ended.stdout).unwrap();
    let fields: Vec<&String> = schema["properties"].as_object().unwrap().keys().collect();
    for field in
        "name kind image shards formed replicas sentinels network ports access auth tls config data resources \
                  labels nodes"
            .split(' ')
    {
        assert!(fields.iter().any(|known| *known == field), "{field}");
        assert!(schema["properties"][field]["description"].is_string(), "{field} is described");
    }
    assert_eq!(schema["required"], serde_json::json!(["kind"]));
}

#[test]
fn completions() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let ended = Folder::new().run(&["completions", shell]);
        assert_eq!((ended.code, ended.stderr.as_str()), (0, ""));
        assert!(ended.stdout.contains("redisctl") && ended.stdout.contains("topologies"), "{shell}");
    }
}
