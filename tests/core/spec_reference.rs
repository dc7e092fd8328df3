//! `docs/spec-reference.md` is made from the schema of specs: every field, its values, and its description.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

use redisctl::spec::json_schema;
use serde_json::Value;

const BEGINNING: &str = "# Every field of a spec

This page is made from the JSON Schema of specs, which `redisctl schema` prints for editors.
[The spec](spec.md) explains the fields with examples. Only `kind` is required.
";

#[test]
fn the_page_is_made_from_the_schema() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/spec-reference.md");
    let text = Page::of(&json_schema()).text;
    if env::var("INSTA_UPDATE").is_ok_and(|mode| mode == "always") {
        fs::write(&path, &text).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
    assert!(committed == text, "docs/spec-reference.md is old: run `INSTA_UPDATE=always cargo test`");
}

/// The page, with a section for each group of fields.
struct Page<'a> {
    schema: &'a Value,
    text: String,
    /// The sections: the path of their fields, and the name of their definition.
    sections: Vec<(String, &'a str)>,
    waiting: VecDeque<usize>,
}

impl<'a> Page<'a> {
    fn of(schema: &'a Value) -> Self {
        let mut page =
            Page { schema, text: BEGINNING.to_owned(), sections: Vec::new(), waiting: VecDeque::new() };
        page.table("", schema);
        while let Some(number) = page.waiting.pop_front() {
            let (path, name) = page.sections[number].clone();
            let definition = &schema["$defs"][name];
            write!(page.text, "\n## {path}\n\n{}\n", one_line(definition)).expect("a String takes any text");
            page.table(&path, definition);
        }
        page
    }

    fn table(&mut self, path: &str, object: &'a Value) {
        self.text.push_str("\n| field | value | meaning |\n|---|---|---|\n");
        for (name, field) in object["properties"].as_object().expect("fields") {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            let values = self.values(&path, field).join(", or ");
            let meaning = [vec![one_line(field)], self.words(field)].concat().join(" ");
            let cells = [format!("`{name}`"), values, meaning].map(|cell| cell.replace('|', "\\|"));
            writeln!(self.text, "| {} |", cells.join(" | ")).expect("a String takes any text");
        }
    }

    /// The forms of a value, without `null`, which is the same as no field.
    fn values(&mut self, path: &str, value: &'a Value) -> Vec<String> {
        if let Some(name) = reference(value) {
            let definition = &self.schema["$defs"][name];
            if definition["properties"].is_object() {
                return vec![self.link(path, name)];
            }
            return self.values(path, definition);
        }
        if let Some(forms) = forms(value) {
            let mut all = Vec::new();
            for form in forms.iter().flat_map(|form| self.values(path, form)).collect::<Vec<_>>() {
                if !all.contains(&form) {
                    all.push(form);
                }
            }
            if all == ["`true` or `false`", "a number", "text"] {
                return vec!["a value".to_owned()];
            }
            return all;
        }
        if let Some(word) = value["const"].as_str() {
            return vec![format!("`{word}`")];
        }
        types(value)
            .into_iter()
            .map(|name| match name {
                "array" => {
                    let items = self.values(&format!("{path}[]"), &value["items"]);
                    format!("a list of: {}", items.join(" or "))
                }
                "object" => {
                    let values = self.values(&format!("{path}.NAME"), &value["additionalProperties"]);
                    format!("names with: {}", values.join(" or "))
                }
                _ => plain(name, value),
            })
            .collect()
    }

    /// A link to the section of a definition, which is made if it is new.
    fn link(&mut self, path: &str, name: &'a str) -> String {
        let known = self.sections.iter().position(|(_, known)| *known == name);
        let number = known.unwrap_or_else(|| {
            self.sections.push((path.to_owned(), name));
            self.waiting.push_back(self.sections.len() - 1);
            self.sections.len() - 1
        });
        let title = &self.sections[number].0;
        let anchor: String = title
            .to_lowercase()
            .chars()
            .filter(|letter| letter.is_alphanumeric() || *letter == '_')
            .collect();
        format!("fields: [{title}](#{anchor})")
    }

    /// The meaning of each word that a value may be.
    fn words(&self, value: &Value) -> Vec<String> {
        if let Some(name) = reference(value) {
            return self.words(&self.schema["$defs"][name]);
        }
        if let Some(word) = value["const"].as_str() {
            let meaning = one_line(value);
            let says_more = !meaning.is_empty() && meaning.trim_end_matches('.') != format!("`{word}`");
            return says_more.then(|| format!("`{word}`: {meaning}")).into_iter().collect();
        }
        forms(value).into_iter().flatten().flat_map(|form| self.words(form)).collect()
    }
}

/// The name of the definition that a value refers to.
fn reference(value: &Value) -> Option<&str> {
    value["$ref"].as_str()?.strip_prefix("#/$defs/")
}

fn forms(value: &Value) -> Option<&Vec<Value>> {
    value["anyOf"].as_array().or_else(|| value["oneOf"].as_array())
}

fn types(value: &Value) -> Vec<&str> {
    let all = match &value["type"] {
        Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
        one => one.as_str().into_iter().collect::<Vec<_>>(),
    };
    all.into_iter().filter(|name| *name != "null").collect()
}

fn plain(name: &str, value: &Value) -> String {
    let format = value["format"].as_str().unwrap_or_default();
    match (name, format) {
        ("string", "ipv4") => "an IPv4 address".to_owned(),
        ("string", "ipv4-cidr") => "an IPv4 subnet".to_owned(),
        ("string", _) => "text".to_owned(),
        ("boolean", _) => "`true` or `false`".to_owned(),
        _ => match (value["minimum"].as_u64(), value["maximum"].as_u64()) {
            (Some(from), Some(to)) => format!("a number from {from} to {to}"),
            (Some(from), None) => format!("a number from {from}"),
            _ => "a number".to_owned(),
        },
    }
}

fn one_line(value: &Value) -> String {
    value["description"].as_str().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
}
