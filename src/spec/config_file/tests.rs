//! Specs with configuration files: their directives, and the places of problems.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::spec::{Document, Inputs, Override, Problem, Source, Spec, SpecError, SpecKind, read};

/// Reads a spec in the folder `conf`, with these files of that folder.
fn read_with(spec: &str, files: &[(&str, &[u8])], overrides: &[&str]) -> Result<Document, SpecError> {
    let files: BTreeMap<PathBuf, Vec<u8>> =
        files.iter().map(|(name, bytes)| (Path::new("conf").join(name), bytes.to_vec())).collect();
    let overrides: Vec<Override> = overrides.iter().map(|text| text.parse().unwrap()).collect();
    let source = Source { name: "conf/shop.yaml".to_owned(), text: spec.to_owned() };
    let folder = Path::new("conf");
    read(source, &Inputs { variable: &|_| None, overrides: &overrides, folder, files: &files })
}

/// The directives of a standalone server whose file has this text, as `name=value`; lists with `|` between their values.
fn directives(text: &str) -> Vec<String> {
    let spec = "{kind: standalone, config_file: redis.conf}";
    let more = [("redis.conf", text.as_bytes()), ("more.conf", b"hz 30\nsave 1 1\n")];
    let document = read_with(spec, &more, &[]).unwrap_or_else(|error| panic!("{}", error.render(false)));
    shown(document.spec.config.as_ref())
}

fn shown(config: Option<&BTreeMap<String, crate::spec::DirectiveValue>>) -> Vec<String> {
    config.into_iter().flatten().map(|(name, value)| format!("{name}={}", value.lines().join("|"))).collect()
}

/// Every problem as `file:line:column: message`.
fn problems(spec: &str, files: &[(&str, &[u8])]) -> Vec<String> {
    let error = read_with(spec, files, &[]).unwrap_err();
    told(&error)
}

fn told(error: &SpecError) -> Vec<String> {
    assert!(error.render(false).contains("error: "));
    let line = |one: crate::spec::Located| {
        let text = format!("{}:{}:{}: {}", one.file, one.line, one.column, one.message);
        if cfg!(windows) { text.replace('\\', "/") } else { text }
    };
    error.located().into_iter().map(line).collect()
}

/// The problems of a file, without its name.
fn problems_of(text: &str) -> Vec<String> {
    let problems =
        problems("{kind: standalone, config_file: redis.conf}", &[("redis.conf", text.as_bytes())]);
    problems.into_iter().map(|problem| problem.replace("conf/redis.conf:", "")).collect()
}

#[test]
fn a_file_is_read_as_servers_read_it() {
    for (text, expected) in [
        ("# comment\n\n\tMaxMemory  64mb \r\nhz 10", vec!["hz=10", "maxmemory=64mb"]),
        ("\u{feff}hz 10\n", vec!["hz=10"]),
        (
            "proc-title-template \"{title} \\x41\"\nsyslog-ident 'a b'",
            vec!["proc-title-template={title} A", "syslog-ident=a b"],
        ),
        ("latency-tracking-info-percentiles 50 99", vec!["latency-tracking-info-percentiles=50 99"]),
        // The last line counts, or all lines.
        ("hz 10\nHZ 20\n", vec!["hz=20"]),
        ("save 900 1\nsave 300 10 60 1000\n", vec!["save=900 1|300 10 60 1000"]),
        ("save 900 1\nsave \"\"\n", vec!["save="]),
        ("rename-command A \"\"\nrename-command \"B\" c\n", vec!["rename-command=A \"\"|\"B\" c"]),
        ("loadmodule /m.so  a \"b c\"", vec!["loadmodule=/m.so  a \"b c\""]),
        (
            "client-output-buffer-limit normal 0 0 0\nclient-output-buffer-limit replica 1mb 1mb 60",
            vec!["client-output-buffer-limit=normal 0 0 0|replica 1mb 1mb 60"],
        ),
        ("hz 20\nsave 900 1\ninclude more.conf\n", vec!["hz=30", "save=900 1|1 1"]),
        ("include more.conf\ninclude \"more.conf\"\nhz 20\n", vec!["hz=20", "save=1 1|1 1"]),
        ("include m*.conf\ninclude none*.conf\n", vec!["hz=30", "save=1 1"]),
        ("# nothing but a comment\n", vec![]),
        // Values that servers refuse are checked by rules and by the server.
        ("slave-priority 1\nreplica-priority 2", vec!["replica-priority=2", "slave-priority=1"]),
        ("port 1\nnonsense a b", vec!["nonsense=a b", "port=1"]),
    ] {
        assert_eq!(directives(text), expected, "{text:?}");
    }
}

#[test]
fn config_wins_over_the_file_and_a_node_over_both() {
    let spec = "kind: cluster\nconfig_file: redis.conf\nconfig: {replica-priority: 7}\nnodes:\n  shop-2:\n    \
                config_file: own.conf\n    config: {hz: 3}\n";
    let files: [(&str, &[u8]); 2] =
        [("redis.conf", b"slave-priority 5\nhz 1\ntimeout 1"), ("own.conf", b"hz 2\ntimeout 2")];
    let spec = read_with(spec, &files, &["config.timeout=9"]).unwrap().spec;
    assert_eq!(shown(spec.config.as_ref()), ["hz=1", "replica-priority=7", "timeout=9"]);
    assert_eq!(shown(spec.nodes.unwrap()["shop-2"].config.as_ref()), ["hz=3", "timeout=2"]);
}

#[test]
fn broken_lines_have_their_places() {
    for (text, expected) in [
        (
            "hz 10\n  maxmemory \"64mb\nhz",
            vec!["2:13: the quotes of this word do not fit", "3:1: `hz` has no value"],
        ),
        ("syslog-ident \"\\xff\"", vec!["1:14: this word is not UTF-8"]),
        ("hz 10 # often", vec!["1:7: servers take this for a part of the value"]),
        ("include", vec!["1:1: `include` has no value"]),
        ("include a b", vec!["1:1: `include` takes one path"]),
        ("include a***", vec!["1:1: `a***` is no pattern of paths"]),
        ("\n include none.conf", vec!["2:2: there is no file `conf/none.conf`"]),
        ("include redis.conf", vec!["1:1: `conf/redis.conf` includes itself"]),
        (" \n", vec!["1:1: the file is empty"]),
    ] {
        assert_eq!(problems_of(text), expected, "{text:?}");
    }
}

#[test]
fn files_that_cannot_be_read_are_told_where_they_are_named() {
    let spec = "kind: cluster\nreplcas: 1\nconfig_file: none.conf\nnodes: {shop-1: {config_file: [a]}}\n";
    assert_eq!(
        problems(spec, &[]),
        [
            "conf/shop.yaml:2:1: unknown field `replcas`",
            "conf/shop.yaml:3:14: there is no file `conf/none.conf`",
            "conf/shop.yaml:4:18: expected text, found a list",
        ]
    );
    let spec = "{kind: standalone, config_file: redis.conf}";
    let circle: [(&str, &[u8]); 2] =
        [("redis.conf", b"include b.conf"), ("b.conf", b"hz 1\ninclude redis.conf")];
    assert_eq!(
        problems(spec, &circle),
        ["conf/b.conf:2:1: `conf/redis.conf` includes itself, by way of this file"]
    );
    let latin: (&str, &[u8]) = ("redis.conf", b"hz 10\nsyslog-ident caf\xe9\n");
    assert_eq!(
        problems(spec, &[latin]),
        ["conf/redis.conf:2:17: this is not UTF-8: byte 0xe9 begins no character"]
    );
    // Twice as many files at each of twenty levels.
    let names: Vec<String> = (0..=20).map(|level| format!("{level}.conf")).collect();
    let texts: Vec<String> = (1..=21).map(|level| format!("include {level}.conf\n").repeat(2)).collect();
    let mut files: Vec<(&str, &[u8])> =
        names.iter().zip(&texts).map(|(name, text)| (name.as_str(), text.as_bytes())).collect();
    files.push(("21.conf", b"hz 1"));
    files.push(("redis.conf", b"include 0.conf"));
    let found = problems(spec, &files);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].ends_with("more than 1000 files are included"), "{found:?}");
}

#[test]
fn problems_that_are_found_later_are_shown_in_the_file() {
    let spec = "kind: cluster\nconfig_file: redis.conf\nconfig: {hz: 1}\nnodes: {shop-2: {config_file: redis.conf}}\n";
    let document = read_with(spec, &[("redis.conf", b"hz 2\nport 7\nsave 1\nsave 2\n")], &[]).unwrap();
    let problem = |path: &[&str]| document.locate(vec![Problem::new(path, "no")]).located().remove(0);
    for (path, file, line, field) in [
        (&["config", "port"][..], "conf/redis.conf", 2, "config_file"),
        (&["config", "save"], "conf/redis.conf", 4, "config_file"),
        (&["config", "save", "0"], "conf/redis.conf", 3, "config_file"),
        (&["config", "hz"], "conf/shop.yaml", 3, "config.hz"),
        (&["config", "timeout"], "conf/shop.yaml", 3, "config.timeout"),
        (&["nodes", "shop-2", "config", "hz"], "conf/redis.conf", 1, "nodes.shop-2.config_file"),
        (&["nodes", "shop-2", "config", "none"], "conf/shop.yaml", 4, "nodes.shop-2.config.none"),
    ] {
        let found = problem(path);
        assert!(Path::new(&found.file) == Path::new(file), "{path:?}: {}", found.file);
        assert_eq!((found.line, found.path.as_str()), (line, field), "{path:?}");
    }
}

#[test]
fn passwords_in_a_file_are_covered() {
    let text = "requirepass hunter2\nmasterauth  \"hun ter\"\nUser bob on >hunter\nrequirpas hunter\nhz";
    let file: (&str, &[u8]) = ("redis.conf", text.as_bytes());
    let error = read_with("{kind: cluster, config_file: redis.conf}", &[file], &[]).unwrap_err();
    let rest = error.rest().unwrap().config.clone().unwrap();
    let problems = rest.keys().map(|name| Problem::new(&["config", name], "no")).collect();
    let shown = error.with_problems_of_rest(problems).render(false);
    assert!(!shown.contains("hun"), "{shown}");
    assert!(shown.contains("requirepass *******"), "{shown}");
}

#[test]
fn a_spec_in_code_may_name_a_file() {
    let files: BTreeMap<PathBuf, Vec<u8>> = [(PathBuf::from("redis.conf"), b"hz 20\nhz\n".to_vec())].into();
    let spec = Spec { config_file: Some("redis.conf".into()), ..Spec::new(SpecKind::Cluster) };
    let error = Document::from_code(spec, Path::new(""), &files).unwrap_err();
    assert_eq!(told(&error), ["redis.conf:2:1: `hz` has no value"]);
    assert_eq!(shown(error.rest().unwrap().config.as_ref()), ["hz=20"]);
}
