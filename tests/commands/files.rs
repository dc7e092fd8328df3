//! `topologies`, `init`, `schema`, `completions` and `man`.

use std::fs;
use std::path::Path;
#[cfg(unix)]
use std::process::Command;

use insta::assert_snapshot;
use serde_json::Value;

use super::support::{Folder, NO_ENGINE};

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

#[test]
fn names_of_an_engine_that_does_not_answer_are_none_and_no_error() {
    let names = |words: &[&str]| {
        let ended = Folder::new().run(&[&["--host", NO_ENGINE, "__complete", "--"], words].concat());
        assert_eq!((ended.code, ended.stderr.as_str()), (0, ""), "{words:?}");
        ended.stdout
    };
    assert_eq!(names(&["status", ""]), "");
    assert_eq!(names(&["kill", "shop", ""]), "");
    assert_eq!(names(&["up", "s"]), "standalone\nsentinel\nsecure\n");
    assert_eq!(names(&["--no-such-option", ""]), "");
    assert_eq!(names(&[]), "");
}

/// The words that bash offers for a line.
#[cfg(unix)]
#[test]
fn bash_offers_names_and_else_the_words_of_the_program() {
    const PROGRAM: &str = env!("CARGO_BIN_EXE_redisctl");
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("shop.yaml"), "").expect("a spec");
    let offered = |line: &str| {
        let script = format!(
            "source <('{PROGRAM}' completions bash)\nCOMP_LINE='{line}'; COMP_POINT=${{#COMP_LINE}}\n\
             read -ra COMP_WORDS <<<\"$COMP_LINE\"; [[ $COMP_LINE != *' ' ]] || COMP_WORDS+=('')\n\
             COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))\n\
             _redisctl_with_names '{PROGRAM}' \"${{COMP_WORDS[COMP_CWORD]}}\" \"${{COMP_WORDS[COMP_CWORD - 1]}}\"\n\
             echo \"${{COMPREPLY[*]}}\""
        );
        let output =
            Command::new("bash").args(["-c", &script]).current_dir(&folder).output().expect("bash starts");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    };
    assert_eq!(offered("redisctl up "), "standalone replica sentinel cluster secure shop.yaml");
    assert_eq!(offered("redisctl up ./sh"), "");
    assert_eq!(offered("redisctl export compose cl"), "cluster");
    // The first word is the path of this program, which clap's own part does not take for the command.
    assert_eq!(offered(&format!("{PROGRAM} kill --ro")), "--role");
    assert_eq!(offered(&format!("{PROGRAM} sta")), "status start");
}

#[test]
fn man_prints_a_page_or_writes_all() {
    let folder = Folder::new();
    let page = folder.run(&["man", "export", "compose"]).stdout;
    assert!(page.contains(".TH redisctl-export-compose 1") && page.contains("output\\-dir"), "{page}");
    let ended = folder.run(&["man", "--output-dir", "man1"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (0, ""));
    let all = folder.run(&["man"]).stdout;
    let pages: Vec<&str> = all.lines().filter_map(|line| line.strip_prefix("redisctl\\-")).collect();
    assert!(pages.len() > 25 && !all.contains("__complete"), "{all}");
    for page in pages {
        let (name, _) = page.split_once('(').expect("a section");
        let file = folder.path().join("man1").join(format!("redisctl-{}.1", name.replace('\\', "")));
        assert!(file.is_file(), "{}", file.display());
    }
    assert_eq!(folder.run(&["man", "exprt"]).code, 2);
}

#[test]
fn the_drawing_in_the_readme_is_what_export_svg_prints() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/cluster.svg");
    let ended = Folder::new().run(&["export", "svg", "cluster"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let hint = "write it anew: redisctl export svg cluster > docs/cluster.svg";
    assert!(fs::read_to_string(file).expect("the drawing") == ended.stdout, "{hint}");
}
