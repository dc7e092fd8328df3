//! A YAML document as a tree with the place of each key and value.

use std::ops::Range;

use serde_yaml::{Mapping, Number, Value};

use super::Problem;

/// A text of a spec.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TextId {
    /// The spec file.
    File,
    /// The override at this position of the command line.
    Override(usize),
    /// The configuration file at this position in the order of reading.
    ConfigFile(usize),
}

/// A part of a text, in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct YamlPlace {
    pub(super) text: TextId,
    pub(super) span: Range<usize>,
}

/// A problem with the place to point at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SpecFinding {
    pub(super) problem: Problem,
    pub(super) place: YamlPlace,
    /// The place in the same text where the field was given before, for a duplicate field.
    pub(super) earlier: Option<Range<usize>>,
}

impl SpecFinding {
    pub(super) fn new(problem: Problem, place: YamlPlace) -> Self {
        Self { problem, place, earlier: None }
    }
}

/// A value and its place.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct YamlNode {
    pub(super) place: YamlPlace,
    pub(super) content: Content,
}

/// The content of a value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Content {
    Leaf(Leaf),
    Sequence(Vec<YamlNode>),
    /// All entries in their written order, with duplicate keys.
    Mapping(Vec<Entry>),
}

/// A key with its value.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) key_place: YamlPlace,
    pub(super) value: YamlNode,
}

/// A scalar as written.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Leaf {
    pub(super) text: String,
    /// Written without quotes: its type follows from its text.
    pub(super) plain: bool,
    /// Whether it is always text, because its field takes text and the value could not be quoted.
    pub(super) kept_as_text: bool,
    pub(super) variables: Variables,
    /// Whether it is a secret. No message may show it.
    pub(super) secret: bool,
}

/// The state of the references to variables in a scalar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Variables {
    /// The text has no references.
    None,
    /// The references are replaced. No message may show their values.
    Replaced,
    /// A reference could not be replaced. This is already a problem, so the text gets no other problem.
    Failed,
}

/// The type of a scalar by the rules of YAML 1.2's core schema.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Typed {
    Null,
    Bool(bool),
    /// A number, wide enough for every field; larger numbers count as [`Typed::Float`].
    Integer(i128),
    Float(f64),
    Text,
}

impl Leaf {
    pub(super) fn new(text: impl Into<String>, plain: bool) -> Self {
        Self { text: text.into(), plain, kept_as_text: false, variables: Variables::None, secret: false }
    }

    /// The scalar's type. The type of a plain scalar follows from its text; all others are text.
    pub(super) fn typed(&self) -> Typed {
        if self.plain && !self.kept_as_text { type_of_plain(&self.text) } else { Typed::Text }
    }

    /// The text for a message, if messages may show it.
    pub(super) fn shown(&self) -> Option<String> {
        let hidden = self.secret || self.variables != Variables::None;
        (!hidden).then(|| shorten(&self.text))
    }

    fn to_value(&self) -> Value {
        match self.typed() {
            Typed::Null => Value::Null,
            Typed::Bool(value) => Value::Bool(value),
            Typed::Integer(number) => Value::Number(integer(number)),
            Typed::Float(number) => Value::Number(Number::from(number)),
            Typed::Text => Value::String(self.text.clone()),
        }
    }
}

impl YamlNode {
    /// Whether this is an empty value: `key:`, `~` or `null`.
    pub(super) fn is_null(&self) -> bool {
        matches!(&self.content, Content::Leaf(leaf) if leaf.typed() == Typed::Null)
    }

    /// The place of a problem with this value: the value itself if it is a scalar, otherwise its key.
    pub(super) fn point(&self, key: Option<&YamlPlace>) -> YamlPlace {
        let is_leaf = matches!(self.content, Content::Leaf(_));
        match key {
            // The value of an override has its key in another text.
            Some(key) if key.text == self.place.text && (!is_leaf || self.place.span.is_empty()) => {
                key.clone()
            }
            _ if is_leaf || self.place.text != TextId::File => self.place.clone(),
            _ => YamlPlace { text: self.place.text, span: self.place.span.start..self.place.span.start },
        }
    }

    /// The place of a problem with the whole document: its first key.
    pub(super) fn top(&self) -> YamlPlace {
        match &self.content {
            Content::Mapping(entries) => entries.first().map(|entry| entry.key_place.clone()),
            _ => None,
        }
        .unwrap_or_else(|| self.point(None))
    }

    /// The tree without places, for serde.
    pub(super) fn to_value(&self) -> Value {
        match &self.content {
            Content::Leaf(leaf) => leaf.to_value(),
            Content::Sequence(items) => Value::Sequence(items.iter().map(Self::to_value).collect()),
            Content::Mapping(entries) => Value::Mapping(
                entries
                    .iter()
                    .map(|entry| (Value::String(entry.key.clone()), entry.value.to_value()))
                    .collect::<Mapping>(),
            ),
        }
    }
}

/// `text` on one line and not too long, for a message.
pub(super) fn shorten(text: &str) -> String {
    const LONGEST: usize = 40;
    let line: String =
        text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect();
    if line.chars().count() <= LONGEST {
        return line;
    }
    line.chars().take(LONGEST).chain(['…']).collect()
}

fn integer(number: i128) -> Number {
    if let Ok(number) = i64::try_from(number) {
        return Number::from(number);
    }
    match u64::try_from(number) {
        Ok(number) => Number::from(number),
        #[expect(clippy::cast_precision_loss, reason = "no field takes a whole number beyond 64 bits")]
        Err(_) => Number::from(number as f64),
    }
}

fn type_of_plain(text: &str) -> Typed {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Typed::Null,
        "true" | "True" | "TRUE" => return Typed::Bool(true),
        "false" | "False" | "FALSE" => return Typed::Bool(false),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => return Typed::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => return Typed::Float(f64::NEG_INFINITY),
        ".nan" | ".NaN" | ".NAN" => return Typed::Float(f64::NAN),
        _ => {}
    }
    for (prefix, radix) in [("0x", 16), ("0o", 8)] {
        if let Some(digits) = text.strip_prefix(prefix)
            && digits.starts_with(|first: char| first.is_digit(radix))
        {
            return i128::from_str_radix(digits, radix).map_or(Typed::Text, Typed::Integer);
        }
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    // A number with a leading zero is probably a code: `007` stays text.
    let leading_zero = unsigned.len() > 1 && unsigned.starts_with('0') && !unsigned.starts_with("0.");
    let numeric = unsigned.starts_with(|first: char| first.is_ascii_digit() || first == '.')
        && unsigned.contains(|digit: char| digit.is_ascii_digit())
        && unsigned.chars().all(|part| part.is_ascii_digit() || matches!(part, '.' | 'e' | 'E' | '+' | '-'));
    if !numeric || leading_zero {
        return Typed::Text;
    }
    if let Ok(number) = text.parse::<i128>() {
        return Typed::Integer(number);
    }
    text.parse::<f64>().map_or(Typed::Text, Typed::Float)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars_are_typed_by_their_look() {
        for (text, typed) in [
            ("", Typed::Null),
            ("~", Typed::Null),
            ("true", Typed::Bool(true)),
            ("yes", Typed::Text),
            ("5", Typed::Integer(5)),
            ("-5", Typed::Integer(-5)),
            ("0x1F", Typed::Integer(31)),
            ("0o17", Typed::Integer(15)),
            ("0", Typed::Integer(0)),
            ("007", Typed::Text),
            ("0.5", Typed::Float(0.5)),
            (".5", Typed::Float(0.5)),
            ("1e3", Typed::Float(1000.0)),
            ("1.2.3", Typed::Text),
            ("127.0.0.1", Typed::Text),
            ("64mb", Typed::Text),
            ("infinity", Typed::Text),
            ("nan", Typed::Text),
            ("0x+1", Typed::Text),
            (".", Typed::Text),
            ("+", Typed::Text),
        ] {
            assert_eq!(Leaf::new(text, true).typed(), typed, "{text}");
            assert_eq!(Leaf::new(text, false).typed(), Typed::Text, "quoted {text}");
        }
    }

    #[test]
    fn long_and_multi_line_text_is_shortened() {
        assert_eq!(shorten("a\nb"), "a b");
        assert_eq!(shorten(&"é".repeat(50)), format!("{}…", "é".repeat(40)));
    }
}
