//! The JSON Schema of a spec, derived from its types, and a view of it for checks.

use serde_json::{Map, Value};

use super::Spec;

/// The JSON Schema (draft 2020-12) of a spec file: for editors, and for the check of every document.
#[must_use]
pub fn json_schema() -> Value {
    schemars::schema_for!(Spec).to_value()
}

/// The schema of a spec, for searches.
pub(super) struct Schema {
    document: Value,
}

/// An allowed form of a value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum ValueForm<'s> {
    Null,
    Bool,
    Integer {
        minimum: i128,
        maximum: i128,
    },
    Number,
    Text {
        format: Option<&'s str>,
        shortest: u64,
    },
    /// Exactly this word.
    Word(&'s str),
    /// Items of one schema.
    List(&'s Value),
    /// Any keys, with values of one schema.
    Map(&'s Value),
    /// Known keys only.
    Fields {
        properties: &'s Map<String, Value>,
        required: Vec<&'s str>,
    },
}

impl Schema {
    pub(super) fn new() -> Self {
        Self { document: json_schema() }
    }

    /// The schema of the whole document.
    pub(super) fn root(&self) -> &Value {
        &self.document
    }

    /// The forms that `schema` allows, references followed.
    pub(super) fn shapes<'s>(&'s self, schema: &'s Value) -> Vec<ValueForm<'s>> {
        if let Some(target) = schema["$ref"].as_str().and_then(|reference| reference.strip_prefix('#')) {
            return self.document.pointer(target).map(|schema| self.shapes(schema)).unwrap_or_default();
        }
        if let Some(alternatives) = schema["anyOf"].as_array().or_else(|| schema["oneOf"].as_array()) {
            return alternatives.iter().flat_map(|alternative| self.shapes(alternative)).collect();
        }
        if let Some(word) = schema["const"].as_str() {
            return vec![ValueForm::Word(word)];
        }
        if let Some(words) = schema["enum"].as_array() {
            return words.iter().filter_map(Value::as_str).map(ValueForm::Word).collect();
        }
        match &schema["type"] {
            Value::String(name) => shape(name, schema).into_iter().collect(),
            Value::Array(names) => {
                names.iter().filter_map(Value::as_str).filter_map(|name| shape(name, schema)).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Whether the field at `path` is a list.
    pub(super) fn is_list(&self, path: &[String]) -> bool {
        let mut schema = self.root();
        for segment in path {
            let inner = self.shapes(schema).into_iter().find_map(|shape| match shape {
                ValueForm::List(items) => Some(items),
                ValueForm::Map(values) => Some(values),
                ValueForm::Fields { properties, .. } => properties.get(segment),
                _ => None,
            });
            match inner {
                Some(inner) => schema = inner,
                None => return false,
            }
        }
        self.shapes(schema).iter().any(|shape| matches!(shape, ValueForm::List(_)))
    }
}

fn shape<'s>(name: &str, schema: &'s Value) -> Option<ValueForm<'s>> {
    Some(match name {
        "null" => ValueForm::Null,
        "boolean" => ValueForm::Bool,
        "integer" => {
            let (minimum, maximum) = match schema["format"].as_str() {
                Some("uint16") => (0, i128::from(u16::MAX)),
                Some("uint32") => (0, i128::from(u32::MAX)),
                Some("uint64") => (0, i128::from(u64::MAX)),
                _ => (i128::from(i64::MIN), i128::from(i64::MAX)),
            };
            ValueForm::Integer {
                minimum: schema["minimum"].as_i64().map_or(minimum, i128::from),
                maximum: schema["maximum"].as_i64().map_or(maximum, i128::from),
            }
        }
        "number" => ValueForm::Number,
        "string" => ValueForm::Text {
            format: schema["format"].as_str(),
            shortest: schema["minLength"].as_u64().unwrap_or_default(),
        },
        "array" => ValueForm::List(&schema["items"]),
        "object" => match schema["properties"].as_object() {
            Some(properties) => ValueForm::Fields {
                properties,
                required: schema["required"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(Value::as_str)
                    .collect(),
            },
            None => ValueForm::Map(&schema["additionalProperties"]),
        },
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The check must know every part of the schema. It would refuse all values of an unknown kind of field.
    #[test]
    fn every_field_has_a_shape() {
        fn visit(schema: &Schema, part: &Value, path: &str) {
            let shapes = schema.shapes(part);
            assert!(!shapes.is_empty(), "no shape for {path}");
            for shape in shapes {
                match shape {
                    ValueForm::List(inner) | ValueForm::Map(inner) => visit(schema, inner, path),
                    ValueForm::Fields { properties, .. } => {
                        for (name, inner) in properties {
                            visit(schema, inner, &format!("{path}.{name}"));
                        }
                    }
                    _ => {}
                }
            }
        }
        let schema = Schema::new();
        visit(&schema, schema.root(), "");
    }

    #[test]
    fn lists_are_known() {
        let schema = Schema::new();
        let is_list =
            |path: &[&str]| schema.is_list(&path.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert!(is_list(&["auth", "users"]));
        assert!(is_list(&["auth", "users", "0", "rules"]));
        assert!(!is_list(&["labels"]));
        assert!(!is_list(&["unknown", "x"]));
    }
}
