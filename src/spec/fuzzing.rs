//! Properties of the parsers for user texts: specs, overrides, references to variables, env files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::interpolate::interpolate;
use super::read::{Inputs, Source, read};
use super::redis_conf::lines::{group_size, is_written_as_given, lines};
use super::redis_conf::quoting::split;
use super::tree::{Content, Leaf, TextId, YamlNode, YamlPlace};
use super::{Override, SpecError, SpecPath, env_file};
use crate::fuzzing::{Property, Target};
use crate::spec::env_file::EnvFileError;
use crate::topology::container::containers;
use crate::topology::facts::Facts;
use crate::topology::resolve::resolve;
use crate::topology::{Credentials, stored_format};

pub(crate) const TARGETS: &[Target] = &[
    ("config_file", Property::Bytes(config_file)),
    ("env_file", Property::Text(env_file)),
    ("interpolation", Property::Text(interpolation)),
    ("set_override", Property::Text(set_override)),
    ("spec", Property::Text(spec)),
];

/// Variables of the names `A` to `F` have values.
fn variable(name: &str) -> Option<String> {
    matches!(name, "A" | "B" | "C" | "D" | "E" | "F").then(|| format!("{name}'s value"))
}

/// A configuration file that others may include.
const OTHER: &str = "hz 20\nsave 1 1\n";

/// The file `redis.conf` with these bytes, and another.
fn files(bytes: &[u8]) -> BTreeMap<PathBuf, Vec<u8>> {
    [("redis.conf".into(), bytes.to_vec()), ("other.conf".into(), OTHER.into())].into()
}

fn inputs<'a>(files: &'a BTreeMap<PathBuf, Vec<u8>>, overrides: &'a [Override]) -> Inputs<'a> {
    Inputs { variable: &variable, overrides, folder: Path::new(""), files }
}

fn source(text: &str) -> Source {
    Source { name: "shop.yaml".to_owned(), text: text.to_owned() }
}

/// Each problem has its place within its text, and can be printed.
fn check_places(error: &SpecError, text: &str, override_text: &str) {
    let located = error.located();
    assert!(!located.is_empty(), "an error without a problem");
    for one in located {
        let text = if one.file == "shop.yaml" { text } else { override_text };
        assert!(!one.message.is_empty(), "a problem without words");
        let line = text.split('\n').nth(one.line - 1);
        let line = line.unwrap_or_else(|| panic!("line {} of {text:?}: {}", one.line, one.message));
        let column = one.column - 1;
        assert!(column <= line.chars().count(), "column {column} of {line:?}: {}", one.message);
    }
    assert!(error.render(false).contains("error: "), "a problem that is not drawn");
    assert!(error.render(true).contains('\u{1b}'), "a problem without colours");
}

/// Problems are shown at their places. A spec without problems resolves to a topology that can be stored and read
/// back.
fn spec(text: &str) {
    let files = files(b"timeout 1");
    let document = match read(source(text), &inputs(&files, &[])) {
        Ok(document) => document,
        Err(error) => return check_places(&error, text, ""),
    };
    match resolve(&document.spec, &Facts::offline("shop")) {
        Err(problems) => check_places(&document.locate(problems), text, ""),
        Ok(topology) => {
            let credentials = Credentials::default();
            let stored = stored_format::write(&topology, &credentials);
            let labels = serde_json::to_string(&containers(&topology)).expect("plain data");
            // Labels have no health check.
            let mut labelled = containers(&topology);
            for container in &mut labelled {
                container.health_check = None;
            }
            assert_eq!(serde_json::from_str(&labels).ok(), Some(labelled));
            assert_eq!(stored_format::read(stored.expose()), Ok(Some((topology, credentials))));
        }
    }
}

/// Problems are shown in the file, or in a file that it includes. Directives without problems that are written to the servers' files and parsed again are the same.
fn config_file(bytes: &[u8]) {
    let own = "{kind: cluster, config_file: redis.conf}";
    let files = files(bytes);
    let problems = match read(source(own), &inputs(&files, &[])) {
        Err(error) => error,
        Ok(document) => match resolve(&document.spec, &Facts::offline("shop")) {
            Err(problems) => document.locate(problems),
            Ok(topology) => {
                for (name, value) in topology.servers()[0].settings.iter() {
                    for line in lines(name, value).lines() {
                        let words = split(line).unwrap_or_else(|error| panic!("{line:?}: {error:?}"));
                        assert_eq!(words[0].text, name, "{line:?}");
                        if !is_written_as_given(name) && group_size(name).is_none() {
                            assert_eq!(words[1].text, value, "{name}");
                        }
                    }
                }
                return;
            }
        },
    };
    for one in problems.located() {
        let text = match one.file.as_str() {
            "redis.conf" => String::from_utf8_lossy(bytes).into_owned(),
            "other.conf" => OTHER.to_owned(),
            _ => own.to_owned(),
        };
        assert!(one.line <= text.split('\n').count(), "{one:?}");
    }
    assert!(problems.render(false).contains("error: "), "a problem that is not drawn");
}

/// An override that is printed and parsed again is the same. Its problems are shown in its text.
fn set_override(text: &str) {
    let Ok(read_override) = text.parse::<Override>() else { return };
    let shown = read_override.text();
    let argument = shown.strip_prefix("--set ").expect("the flag comes first");
    assert_eq!(argument.parse::<Override>().as_ref(), Ok(&read_override), "{argument}");
    let spec = "kind: cluster\nconfig: {maxmemory: 1mb}\n";
    let overrides = [read_override];
    if let Err(error) = read(source(spec), &inputs(&BTreeMap::new(), &overrides)) {
        check_places(&error, spec, &shown);
    }
}

/// Each reference that cannot be replaced has its place within the text. A text with doubled dollars is unchanged
/// after the replacement.
fn interpolation(text: &str) {
    let expand = |written: &str| {
        let place = YamlPlace { text: TextId::File, span: 0..written.len() };
        let mut node = YamlNode { place, content: Content::Leaf(Leaf::new(written, false)) };
        let mut findings = Vec::new();
        interpolate(&mut node, &SpecPath::default(), written, &variable, &mut findings);
        let Content::Leaf(leaf) = node.content else { panic!("a leaf stays a leaf") };
        (leaf.text, findings)
    };
    let (expanded, findings) = expand(text);
    for finding in &findings {
        let span = finding.place.span.clone();
        let place = text.get(span).unwrap_or_else(|| panic!("{finding:?} is not in {text:?}"));
        assert!(place.contains('$'), "{place:?} is no reference: {finding:?}");
    }
    if !text.contains('$') {
        assert_eq!(expanded, text);
    }
    let (expanded, findings) = expand(&text.replace('$', "$$"));
    assert_eq!(expanded, text);
    assert_eq!(findings, []);
}

/// Errors name a line of the text. A value that is written in double quotes and parsed again is the same.
fn env_file(text: &str) {
    let read = match env_file::parse(text) {
        Ok(read) => read,
        Err(error) => {
            let (EnvFileError::NoValue { line }
            | EnvFileError::Name { line }
            | EnvFileError::Unclosed { line }
            | EnvFileError::Trailing { line }) = error;
            assert!((1..=text.split('\n').count()).contains(&line), "{error} in {text:?}");
            return;
        }
    };
    for name in text.split(|character: char| !character.is_ascii_alphanumeric() && character != '_') {
        let Some(value) = read.get(name) else { continue };
        let escaped = value.replace('\\', "\\\\").replace('"', "\\\"");
        let again = env_file::parse(&format!("export {name} = \"{escaped}\" # comment"));
        assert_eq!(again.as_ref().map(|read| read.get(name)), Ok(Some(value)), "{name}={escaped:?}");
    }
}
