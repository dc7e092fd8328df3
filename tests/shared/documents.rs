//! Checks the output of commands against the schemas in `docs/schemas`, for several test programs.

use std::fs;
use std::path::Path;

use boon::{Compiler, Schemas};
use serde_json::{Value, json};

/// Fails if a document does not match its schema, or has a field that the schema does not name.
#[track_caller]
pub(crate) fn check(name: &str, document: &Value) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("docs/schemas/{name}.json"));
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut schema: Value = serde_json::from_str(&text).expect("a schema is JSON");
    close(&mut schema);
    let place = format!("urn:redisctl:test:{name}");
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    compiler.add_resource(&place, schema).expect("a resource");
    let index = compiler.compile(&place, &mut schemas).unwrap_or_else(|error| panic!("{name}: {error}"));
    if let Err(error) = schemas.validate(document, index) {
        panic!("{error:#}\n{document:#}");
    }
}

/// Checks a JSON text, and returns the document.
#[track_caller]
pub(crate) fn check_text(name: &str, text: &str) -> Value {
    let document = serde_json::from_str(text).unwrap_or_else(|error| panic!("{name}: {error}: {text}"));
    check(name, &document);
    document
}

/// Checks each line of stderr: an event, or an error as the last line. Returns the error.
#[track_caller]
pub(crate) fn check_stderr(text: &str) -> Option<Value> {
    let mut error = None;
    for line in text.lines() {
        assert!(error.is_none(), "a line after the error: {line}");
        let document: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        if document["event"].is_string() {
            check("event", &document);
        } else {
            check("error", &document);
            error = Some(document);
        }
    }
    error
}

/// Forbids unknown fields. The published schema allows them, because a later release may add fields.
fn close(schema: &mut Value) {
    if ["type", "$ref", "anyOf", "oneOf"].iter().any(|keyword| schema.get(keyword).is_some()) {
        schema["unevaluatedProperties"] = json!(false);
    }
    close_values(schema);
}

/// Closes the schemas of a value's fields and items.
fn close_values(schema: &mut Value) {
    let Some(fields) = schema.as_object_mut() else { return };
    for (keyword, inner) in fields {
        match (keyword.as_str(), inner) {
            ("properties", Value::Object(all)) => all.values_mut().for_each(close),
            ("$defs", Value::Object(all)) => all.values_mut().for_each(close_values),
            ("items" | "additionalProperties", inner @ Value::Object(_)) => close(inner),
            ("anyOf" | "oneOf", Value::Array(all)) => all.iter_mut().for_each(close_values),
            _ => {}
        }
    }
}
