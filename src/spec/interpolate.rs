//! Replaces variables in a spec's values, by the rules of compose: `${NAME}`, `${NAME:-default}`, `${NAME:?message}`,
//! `${NAME:+replacement}`, the same without the colon, `$NAME`, and `$$` for `$`.

use super::tree::{Content, SpecFinding, TextId, Variables, YamlNode, YamlPlace};
use super::{Problem, SpecPath};

/// The deepest nesting of references in defaults. No spec needs more.
const DEEPEST: usize = 8;

/// The values of variables.
pub(super) type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Replaces the references in every value of the file. Overrides stay as they are: the shell has replaced
/// their variables.
pub(super) fn interpolate(
    node: &mut YamlNode,
    path: &SpecPath,
    file_text: &str,
    variable: Lookup<'_>,
    findings: &mut Vec<SpecFinding>,
) {
    match &mut node.content {
        Content::Sequence(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                interpolate(item, &path.join(index.to_string()), file_text, variable, findings);
            }
        }
        Content::Mapping(entries) => {
            for entry in entries {
                interpolate(&mut entry.value, &path.join(&entry.key), file_text, variable, findings);
            }
        }
        Content::Leaf(leaf) if node.place.text == TextId::File && leaf.text.contains('$') => {
            let mut expansion = Expansion { variable, referred: false, failures: Vec::new() };
            leaf.text = expansion.expand(&leaf.text, 0);
            leaf.variables = match (expansion.referred, expansion.failures.is_empty()) {
                (_, false) => Variables::Failed,
                (true, true) => Variables::Replaced,
                (false, true) => Variables::None,
            };
            for failure in expansion.failures {
                let place = narrow(&node.place, file_text, &failure.expression);
                let problem = Problem { path: path.clone(), message: failure.message, hint: failure.hint };
                findings.push(SpecFinding::new(problem, place));
            }
        }
        Content::Leaf(_) => {}
    }
}

/// The place of `expression` within a scalar, or the whole scalar if an escape hides it.
fn narrow(place: &YamlPlace, file_text: &str, expression: &str) -> YamlPlace {
    let found = file_text.get(place.span.clone()).and_then(|written| written.find(expression));
    match found {
        Some(offset) => {
            let start = place.span.start + offset;
            YamlPlace { text: place.text, span: start..start + expression.len() }
        }
        None => place.clone(),
    }
}

/// Whether `text` is a single reference without default or message. A message may show this text.
pub(super) fn is_bare_reference(text: &str) -> bool {
    let Some(body) = text.strip_prefix("${") else { return false };
    let (name, rest) = split_name(body);
    closing_brace(body).is_some_and(|end| end + 1 == body.len())
        && !name.is_empty()
        && (rest == "}" || rest.starts_with('?') || rest.starts_with(":?"))
}

/// A reference that could not be replaced.
struct UnreplacedReference {
    /// Its text, to find it in the file.
    expression: String,
    message: String,
    hint: Option<String>,
}

struct Expansion<'a> {
    variable: Lookup<'a>,
    /// Whether the text had a reference.
    referred: bool,
    failures: Vec<UnreplacedReference>,
}

impl Expansion<'_> {
    fn expand(&mut self, text: &str, depth: usize) -> String {
        let mut expanded = String::new();
        let mut rest = text;
        while let Some(dollar) = rest.find('$') {
            expanded.push_str(&rest[..dollar]);
            let reference = &rest[dollar..];
            let after = &reference[1..];
            let length = if after.starts_with('$') {
                expanded.push('$');
                2
            } else if let Some(body) = after.strip_prefix('{') {
                let Some(end) = closing_brace(body) else {
                    self.fail(reference, "this reference has no closing `}`", None);
                    return expanded;
                };
                // `${`, the body, `}`.
                let length = end + 3;
                expanded.push_str(&self.braced(&reference[..length], &body[..end], depth));
                length
            } else {
                let (name, _) = split_name(after);
                if name.is_empty() {
                    self.fail(
                        "$",
                        "a lone `$` has no meaning",
                        Some("write `$$` for a dollar sign".to_owned()),
                    );
                } else {
                    expanded.push_str(&self.required(&reference[..=name.len()], name, None));
                }
                1 + name.len()
            };
            rest = &reference[length..];
        }
        expanded.push_str(rest);
        expanded
    }

    fn braced(&mut self, expression: &str, body: &str, depth: usize) -> String {
        let (name, rest) = split_name(body);
        let (empty_counts, operator) = match rest.strip_prefix(':') {
            Some(operator) => (false, operator),
            None => (true, rest),
        };
        let value = (self.variable)(name).filter(|value| empty_counts || !value.is_empty());
        let operand = operator.get(1..).unwrap_or_default();
        match (operator.chars().next(), value) {
            _ if name.is_empty() => self.malformed(expression),
            (None, _) if rest.is_empty() => self.required(expression, name, None),
            (Some('?'), None) => self.required(expression, name, Some(operand)),
            (Some('-' | '?'), Some(value)) => {
                self.referred = true;
                value
            }
            (Some('-'), None) | (Some('+'), Some(_)) => {
                self.referred = true;
                if depth == DEEPEST {
                    self.fail(expression, "references are nested too deep", None);
                    return String::new();
                }
                self.expand(operand, depth + 1)
            }
            (Some('+'), None) => {
                self.referred = true;
                String::new()
            }
            _ => self.malformed(expression),
        }
    }

    /// The value of a required variable. With a `message` of the spec, the variable is known to be unset, or empty if
    /// it must not be empty.
    fn required(&mut self, expression: &str, name: &str, message: Option<&str>) -> String {
        self.referred = true;
        let value = (self.variable)(name);
        let state = if value.is_some() { "empty" } else { "not set" };
        match (message, value) {
            (None, Some(value)) => return value,
            (Some(message), _) if !message.is_empty() => {
                let hint = format!("set `{name}` in the environment or in the file that `--env-file` names");
                self.fail(expression, format!("the variable `{name}` is {state}: {message}"), Some(hint));
            }
            _ => {
                let hint = format!("set it, or give a default: `${{{name}:-default}}`");
                self.fail(expression, format!("the variable `{name}` is {state}"), Some(hint));
            }
        }
        String::new()
    }

    fn malformed(&mut self, expression: &str) -> String {
        let hint = "write `${NAME}`, `${NAME:-default}` or `${NAME:?message}`, and `$$` for a dollar sign";
        self.referred = true;
        self.fail(expression, "this is not a reference to a variable", Some(hint.to_owned()));
        String::new()
    }

    fn fail(&mut self, expression: &str, message: impl Into<String>, hint: Option<String>) {
        self.failures.push(UnreplacedReference {
            expression: expression.to_owned(),
            message: message.into(),
            hint,
        });
    }
}

/// The end of the reference whose body starts at `body`. Nested references are skipped.
fn closing_brace(body: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut previous = ' ';
    for (offset, character) in body.char_indices() {
        match character {
            '{' if previous == '$' => depth += 1,
            '}' if depth == 0 => return Some(offset),
            '}' => depth -= 1,
            _ => {}
        }
        previous = character;
    }
    None
}

/// The variable's name at the beginning of `text`, or an empty name, and the text after it.
fn split_name(text: &str) -> (&str, &str) {
    if text.starts_with(|first: char| first.is_ascii_digit()) {
        return ("", text);
    }
    let end = text.find(|part: char| !part.is_ascii_alphanumeric() && part != '_').unwrap_or(text.len());
    text.split_at(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expand(text: &str) -> Result<String, Vec<String>> {
        let variable = |name: &str| match name {
            "SET" => Some("value".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        };
        let mut expansion = Expansion { variable: &variable, referred: false, failures: Vec::new() };
        let expanded = expansion.expand(text, 0);
        if expansion.failures.is_empty() {
            Ok(expanded)
        } else {
            Err(expansion.failures.into_iter().map(|failure| failure.message).collect())
        }
    }

    #[test]
    fn references_are_replaced_as_compose_does() {
        for (text, expanded) in [
            ("${SET}", "value"),
            ("$SET/x", "value/x"),
            ("a${SET}b${SET}", "avaluebvalue"),
            ("${EMPTY}", ""),
            ("${UNSET:-default}", "default"),
            ("${EMPTY:-default}", "default"),
            ("${EMPTY-default}", ""),
            ("${UNSET-default}", "default"),
            ("${UNSET:-}", ""),
            ("${UNSET:-${SET}}", "value"),
            ("${UNSET:-a}b}", "ab}"),
            ("${SET:?needed}", "value"),
            ("${EMPTY?needed}", ""),
            ("${SET:+given}", "given"),
            ("${UNSET+given}", ""),
            ("$${SET} $$5", "${SET} $5"),
            ("é${SET}é", "évalueé"),
            ("{\"a\":1}", "{\"a\":1}"),
        ] {
            assert_eq!(expand(text).as_deref(), Ok(expanded), "{text}");
        }
    }

    #[test]
    fn references_that_cannot_be_replaced_are_told() {
        for (text, message) in [
            ("${UNSET}", "the variable `UNSET` is not set"),
            ("$UNSET", "the variable `UNSET` is not set"),
            ("${UNSET:?set it}", "the variable `UNSET` is not set: set it"),
            ("${EMPTY:?}", "the variable `EMPTY` is empty"),
            ("${UNSET?set it}", "the variable `UNSET` is not set: set it"),
            ("${SET", "this reference has no closing `}`"),
            ("${1}", "this is not a reference to a variable"),
            ("${}", "this is not a reference to a variable"),
            ("${SET!x}", "this is not a reference to a variable"),
            ("${SET:}", "this is not a reference to a variable"),
            ("${SETé}", "this is not a reference to a variable"),
            ("a $ b", "a lone `$` has no meaning"),
        ] {
            assert_eq!(expand(text), Err(vec![message.to_owned()]), "{text}");
        }
        let nested = format!("{}{}", "${U:-".repeat(1000), "}".repeat(1000));
        assert_eq!(expand(&nested), Err(vec!["references are nested too deep".to_owned()]));
        assert_eq!(expand("${A} ${B}").unwrap_err().len(), 2);
    }

    #[test]
    fn only_references_without_a_value_are_bare() {
        for (text, bare) in [
            ("${NAME}", true),
            ("${NAME:?set it}", true),
            ("${NAME?set it}", true),
            ("${NAME:-hunter2}", false),
            ("${NAME}x", false),
            ("x${NAME}", false),
            ("${A}${B}", false),
            ("hunter2", false),
            ("${", false),
            ("${é", false),
        ] {
            assert_eq!(is_bare_reference(text), bare, "{text}");
        }
    }
}
