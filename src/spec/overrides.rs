//! Values from the command line that replace values of the spec: `--set path=value`.

use std::str::FromStr;

use super::mask::{Secrecy, mark_secrets};
use super::schema::Schema;
use super::tree::{Content, Entry, Leaf, SpecFinding, TextId, YamlNode, YamlPlace};
use super::{Problem, SpecPath, document};

/// A value that replaces or adds a field of the spec.
#[derive(Clone, PartialEq, Eq)]
pub struct Override {
    /// The field.
    pub path: SpecPath,
    /// The value as YAML: a plain scalar, `"text"`, `[a, b]` or `{a: b}`.
    pub value: String,
    /// The text before the value on the command line, so that problems can be shown there.
    before: String,
}

impl Override {
    /// The override of `--set path=value`.
    #[must_use]
    pub fn set(path: SpecPath, value: impl Into<String>) -> Self {
        let before = format!("--set {path}=");
        Self { path, value: value.into(), before }
    }

    /// The override of a short form of `--set`: `--port-base 7101`.
    #[must_use]
    pub fn flag(flag: &str, path: SpecPath, value: impl Into<String>) -> Self {
        Self { path, value: value.into(), before: format!("{flag} ") }
    }

    /// The override in its form on the command line, with the value.
    pub(super) fn text(&self) -> String {
        format!("{}{}", self.before, self.value)
    }

    /// Parses the value and puts it into `root`. Adds its secrets to `covered`.
    pub(super) fn apply(
        &self,
        index: usize,
        root: &mut YamlNode,
        schema: &Schema,
        covered: &mut Vec<YamlPlace>,
    ) -> Result<(), Vec<SpecFinding>> {
        let text = TextId::Override(index);
        let value_place = YamlPlace { text, span: self.before.len()..self.before.len() + self.value.len() };
        let secrecy = Secrecy::at(&self.path);
        let mut value = self.node(text, &value_place).inspect_err(|_| {
            if secrecy.is_secret() {
                covered.push(value_place.clone());
            }
        })?;
        mark_secrets(&mut value, secrecy, covered);
        let path_place = YamlPlace { text, span: 0..self.before.trim_end_matches(['=', ' ']).len() };
        *self
            .slot(root, schema, &path_place)
            .map_err(|problem| vec![SpecFinding::new(problem, path_place.clone())])? = value;
        Ok(())
    }

    fn node(&self, text: TextId, place: &YamlPlace) -> Result<YamlNode, Vec<SpecFinding>> {
        // All other values are plain scalars: `a: b`, `*x` and `a #b` on a command line are text.
        if self.value.starts_with(['[', '{', '"', '\''])
            && let Some(node) = document::parse(&self.value, text, place.span.start)?
        {
            return Ok(node);
        }
        Ok(YamlNode { place: place.clone(), content: Content::Leaf(Leaf::new(self.value.trim(), true)) })
    }

    /// The node to replace. It is created with its parents if it does not exist.
    fn slot<'n>(
        &self,
        root: &'n mut YamlNode,
        schema: &Schema,
        place: &YamlPlace,
    ) -> Result<&'n mut YamlNode, Problem> {
        let segments = self.path.segments();
        let mut node = root;
        for (depth, segment) in segments.iter().enumerate() {
            let parent = SpecPath::new(&segments[..depth]);
            if node.is_null() {
                node.place = place.clone();
                node.content = if schema.is_list(parent.segments()) {
                    Content::Sequence(Vec::new())
                } else {
                    Content::Mapping(Vec::new())
                };
            }
            let nothing = || YamlNode { place: place.clone(), content: Content::Leaf(Leaf::new("", true)) };
            node = match &mut node.content {
                Content::Mapping(entries) => {
                    let position =
                        entries.iter().position(|entry| entry.key == *segment).unwrap_or_else(|| {
                            entries.push(Entry {
                                key: segment.clone(),
                                key_place: place.clone(),
                                value: nothing(),
                            });
                            entries.len() - 1
                        });
                    &mut entries[position].value
                }
                Content::Sequence(items) => {
                    let count = items.len();
                    let position = segment.parse().ok().filter(|&position: &usize| position <= count);
                    let Some(position) = position else {
                        return Err(self.problem(format!("`{parent}` has no item `{segment}`")).hint(format!(
                            "`{parent}` is a list with {count} items, counted from 0; `{parent}.{count}` adds one"
                        )));
                    };
                    if position == count {
                        items.push(nothing());
                    }
                    &mut items[position]
                }
                Content::Leaf(_) => {
                    return Err(
                        self.problem(format!("`{parent}` is a single value and has no field `{segment}`"))
                    );
                }
            };
        }
        Ok(node)
    }

    fn problem(&self, message: String) -> Problem {
        Problem { path: self.path.clone(), message, hint: None }
    }
}

impl std::fmt::Debug for Override {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Override").field("path", &self.path).finish_non_exhaustive()
    }
}

/// Why an argument of `--set` is not an override.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OverrideError {
    /// There is no `=`.
    #[error("expected `path=value`, such as `shards=5`")]
    NoValue,
    /// The path or one of its parts is empty.
    #[error("the path before `=` has an empty part; write it like `config.maxmemory`")]
    EmptyPart,
    /// The quote of a quoted part does not end at a `.` or the `=`.
    #[error("a quoted part of a path ends with `\"` before a `.` or the `=`, as in `nodes.\"a.b-4\".port`")]
    Quote,
}

impl FromStr for Override {
    type Err = OverrideError;

    /// Parses `path=value`. Parts with a `.` or a `=` are quoted: `nodes."a.b-4".port=7104`.
    fn from_str(text: &str) -> Result<Self, OverrideError> {
        let (path, value) = split_path(text)?;
        Ok(Self::set(path, value.ok_or(OverrideError::NoValue)?))
    }
}

impl FromStr for SpecPath {
    type Err = OverrideError;

    /// Parses the printed form of a [`SpecPath`].
    fn from_str(text: &str) -> Result<Self, OverrideError> {
        match split_path(text)? {
            (path, None) => Ok(path),
            (_, Some(_)) => Err(OverrideError::Quote),
        }
    }
}

/// The path at the beginning of `text`, and the text after its `=`.
fn split_path(text: &str) -> Result<(SpecPath, Option<&str>), OverrideError> {
    let mut segments = Vec::new();
    let mut rest = text;
    loop {
        let (segment, after) = if let Some(quoted) = rest.strip_prefix('"') {
            quoted.split_once('"').ok_or(OverrideError::Quote)?
        } else {
            rest.split_at(rest.find(['.', '=']).unwrap_or(rest.len()))
        };
        if segment.is_empty() {
            return Err(OverrideError::EmptyPart);
        }
        segments.push(segment);
        if after.is_empty() {
            return Ok((SpecPath::new(&segments), None));
        }
        if let Some(value) = after.strip_prefix('=') {
            return Ok((SpecPath::new(&segments), Some(value)));
        }
        rest = after.strip_prefix('.').ok_or(OverrideError::Quote)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_values_are_told_apart() {
        for (text, path, value) in [
            ("shards=5", &["shards"][..], "5"),
            ("config.maxmemory=1gb", &["config", "maxmemory"], "1gb"),
            ("auth.users.0.name=x=y", &["auth", "users", "0", "name"], "x=y"),
            ("nodes.\"a.b-4\".port=7104", &["nodes", "a.b-4", "port"], "7104"),
            ("name=", &["name"], ""),
        ] {
            let parsed: Override = text.parse().unwrap();
            assert_eq!((parsed.path.clone(), parsed.value.as_str()), (SpecPath::new(path), value));
            assert_eq!(parsed.text(), format!("--set {text}"));
        }
    }

    #[test]
    fn what_is_not_an_override_is_refused() {
        for (text, error) in [
            ("shards", OverrideError::NoValue),
            ("=5", OverrideError::EmptyPart),
            ("", OverrideError::EmptyPart),
            ("a..b=1", OverrideError::EmptyPart),
            ("a.=1", OverrideError::EmptyPart),
            ("\"a=1", OverrideError::Quote),
            ("\"a\"b=1", OverrideError::Quote),
        ] {
            assert_eq!(text.parse::<Override>(), Err(error), "{text}");
        }
    }
}
