//! Checks a document's structure against the schema, and finds every problem at once.

use serde_json::Value;

use super::leaf::leaf_problem;
use super::schema::{Schema, ValueForm};
use super::tree::{Content, Entry, SpecFinding, YamlNode, YamlPlace};
use super::{Problem, SpecPath, describe};

/// Every problem of `root` with the schema. Also marks the plain scalars that stay text, because their field
/// takes text.
pub(super) fn check(schema: &Schema, root: &mut YamlNode) -> Vec<SpecFinding> {
    let mut checker = Checker { schema, findings: Vec::new() };
    let top = root.top();
    checker.value(schema.root(), root, Some(&top), &SpecPath::default());
    checker.findings
}

struct Checker<'s> {
    schema: &'s Schema,
    findings: Vec<SpecFinding>,
}

impl<'s> Checker<'s> {
    fn value(&mut self, schema: &'s Value, node: &mut YamlNode, key: Option<&YamlPlace>, path: &SpecPath) {
        let shapes = self.schema.shapes(schema);
        let place = node.point(key);
        let found = describe::found(node);
        match &mut node.content {
            Content::Leaf(leaf) => {
                if let Some((message, hint)) = leaf_problem(leaf, &shapes, place.text) {
                    self.report(path, place, message, hint);
                }
            }
            Content::Sequence(items) => {
                let Some(inner) = shapes.iter().find_map(|shape| match shape {
                    ValueForm::List(inner) => Some(*inner),
                    _ => None,
                }) else {
                    return self.wrong_type(path, place, &shapes, &found);
                };
                for (index, item) in items.iter_mut().enumerate() {
                    self.value(inner, item, None, &path.join(index.to_string()));
                }
            }
            Content::Mapping(entries) => {
                self.duplicates(entries, path);
                if let Some(ValueForm::Map(inner)) =
                    shapes.iter().find(|shape| matches!(shape, ValueForm::Map(_)))
                {
                    for entry in entries {
                        self.value(inner, &mut entry.value, Some(&entry.key_place), &path.join(&entry.key));
                    }
                } else if !self.fields(&shapes, entries, &place, path) {
                    self.wrong_type(path, place, &shapes, &found);
                }
            }
        }
    }

    /// Checks a mapping with known fields; `false` if there is none among `shapes`.
    fn fields(
        &mut self,
        shapes: &[ValueForm<'s>],
        entries: &mut [Entry],
        place: &YamlPlace,
        path: &SpecPath,
    ) -> bool {
        let Some((properties, required)) = shapes.iter().find_map(|shape| match shape {
            ValueForm::Fields { properties, required } => Some((*properties, required)),
            _ => None,
        }) else {
            return false;
        };
        let names: Vec<&str> = properties.keys().map(String::as_str).collect();
        let mut meant = Vec::new();
        for entry in entries.iter_mut() {
            let inner_path = path.join(&entry.key);
            if let Some(inner) = properties.get(&entry.key) {
                self.value(inner, &mut entry.value, Some(&entry.key_place), &inner_path);
                continue;
            }
            let near = describe::nearest(&entry.key, &names);
            meant.extend(near);
            let hint = match (near, self.parent_of(&entry.key)) {
                (Some(near), _) => format!("did you mean `{near}`?"),
                (None, Some(parent)) if path.segments().is_empty() => {
                    format!("`{}` belongs under `{parent}`", entry.key)
                }
                // `{slots: 0-99,200}` is a mapping with the fields `slots` and `200`.
                (None, _)
                    if entry.value.is_null()
                        && entry.key.starts_with(|first: char| first.is_ascii_digit()) =>
                {
                    "inside `{…}` put quotes around text with commas".to_owned()
                }
                (None, _) => format!("the fields here are {}", describe::list(&names, "and")),
            };
            let message = format!("unknown field `{}`", super::tree::shorten(&entry.key));
            self.report(&inner_path, entry.key_place.clone(), message, Some(hint));
        }
        for name in required {
            let is_given = entries.iter().any(|entry| entry.key == *name);
            // Another problem reports the misspelt field.
            if !is_given && !meant.contains(name) {
                let shapes = self.schema.shapes(&properties[*name]);
                let hint = format!("add `{name}:` with {}", describe::expected(&shapes));
                self.report(path, place.clone(), format!("the field `{name}` is missing"), Some(hint));
            }
        }
        true
    }

    /// The field of the spec in which a field `name` exists.
    fn parent_of(&self, name: &str) -> Option<&'s str> {
        let top = self.schema.root()["properties"].as_object()?;
        let has_field = |shape: ValueForm<'_>| match shape {
            ValueForm::Fields { properties, .. } => properties.contains_key(name),
            _ => false,
        };
        top.iter()
            .find(|(_, inner)| self.schema.shapes(inner).into_iter().any(has_field))
            .map(|(parent, _)| parent.as_str())
    }

    fn duplicates(&mut self, entries: &[Entry], path: &SpecPath) {
        for (position, entry) in entries.iter().enumerate() {
            if let Some(first) = entries[..position].iter().find(|first| first.key == entry.key) {
                let message = format!("`{}` is given more than once", super::tree::shorten(&entry.key));
                self.report(&path.join(&entry.key), entry.key_place.clone(), message, None);
                if let Some(finding) = self.findings.last_mut() {
                    finding.earlier = Some(first.key_place.span.clone());
                }
            }
        }
    }

    fn wrong_type(&mut self, path: &SpecPath, place: YamlPlace, shapes: &[ValueForm<'_>], found: &str) {
        self.report(path, place, format!("expected {}, found {found}", describe::expected(shapes)), None);
    }

    fn report(&mut self, path: &SpecPath, place: YamlPlace, message: String, hint: Option<String>) {
        self.findings.push(SpecFinding::new(Problem { path: path.clone(), message, hint }, place));
    }
}
