//! The texts of problems: the expected value, the found value, and the suggested value.

use strsim::damerau_levenshtein;

use super::schema::ValueForm;
use super::tree::{Content, Leaf, Typed, YamlNode};

/// The values that `shapes` allow, to follow "expected".
pub(super) fn expected(shapes: &[ValueForm<'_>]) -> String {
    let any_text = shapes.iter().any(|shape| matches!(shape, ValueForm::Text { format: None, .. }));
    if any_text && shapes.contains(&ValueForm::Bool) {
        let list = shapes.iter().any(|shape| matches!(shape, ValueForm::List(_)));
        return if list { "a single value, or a list of them" } else { "a single value" }.to_owned();
    }
    let kinds: Vec<String> = shapes
        .iter()
        .filter_map(|shape| {
            Some(match shape {
                ValueForm::Null => return None,
                ValueForm::Bool => "`true` or `false`".to_owned(),
                ValueForm::Integer { .. } => "a whole number".to_owned(),
                ValueForm::Number => "a number".to_owned(),
                ValueForm::Text { format: Some("ipv4"), .. } => "an IPv4 address".to_owned(),
                ValueForm::Text { format: Some("ipv4-cidr"), .. } => "a subnet".to_owned(),
                ValueForm::Text { .. } => "text".to_owned(),
                ValueForm::Word(word) => format!("`{word}`"),
                ValueForm::List(_) => "a list".to_owned(),
                ValueForm::Map(_) | ValueForm::Fields { .. } => "a mapping".to_owned(),
            })
        })
        .collect();
    join(&kinds, "or")
}

/// The value of `node`, to follow "found". Secrets and the values of variables are not shown.
pub(super) fn found(node: &YamlNode) -> String {
    match &node.content {
        Content::Leaf(leaf) => found_leaf(leaf),
        Content::Sequence(_) => "a list".to_owned(),
        Content::Mapping(_) => "a mapping".to_owned(),
    }
}

/// The value of `leaf`, to follow "found".
pub(super) fn found_leaf(leaf: &Leaf) -> String {
    let kind = match leaf.typed() {
        Typed::Null => return "nothing".to_owned(),
        Typed::Bool(_) => "",
        Typed::Integer(_) | Typed::Float(_) => "the number ",
        Typed::Text => "text ",
    };
    match (leaf.shown(), leaf.typed()) {
        (Some(text), _) => format!("{kind}`{text}`"),
        (None, Typed::Bool(_)) => "a truth value".to_owned(),
        (None, Typed::Text) => "text".to_owned(),
        (None, _) => "a number".to_owned(),
    }
}

/// The scalar for the start of a message: in backticks, or "this value" if it must not be shown.
pub(super) fn subject(leaf: &Leaf) -> String {
    leaf.shown().map_or_else(|| "this value".to_owned(), |text| format!("`{text}`"))
}

/// `names` in backticks, as a list in prose.
pub(super) fn list(names: &[&str], conjunction: &str) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    join(&quoted, conjunction)
}

fn join(parts: &[String], conjunction: &str) -> String {
    match parts {
        [] => "nothing".to_owned(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} {conjunction} {last}", first.join(", ")),
    }
}

/// The candidate that `name` is probably a misspelling of.
pub(crate) fn nearest<'c>(name: &str, candidates: &[&'c str]) -> Option<&'c str> {
    let name = name.to_lowercase();
    // One wrong letter is allowed, or one in three. With more, it is another word.
    let limit = (name.chars().count() / 3).max(1);
    candidates
        .iter()
        .map(|candidate| (damerau_levenshtein(&name, candidate), *candidate))
        // One wrong letter would turn any one-letter name into any other.
        .filter(|(distance, candidate)| *distance <= limit && *distance < candidate.len().min(name.len()))
        .min()
        .map(|(_, candidate)| candidate)
}

/// The probable mistake at the byte `offset`, if the parser's message does not explain it.
pub(super) fn syntax_hint(text: &str, offset: usize, info: &str) -> Option<&'static str> {
    let start = text[..offset].rfind('\n').map_or(0, |newline| newline + 1);
    let line = text[start..].lines().next().unwrap_or_default();
    let indentation = &line[..line.len() - line.trim_start().len()];
    if indentation.contains('\t') || info.contains("tab") {
        Some("indent with spaces, not with tabs")
    } else if info.contains("flow") && line.contains("${") {
        Some("inside `[…]` and `{…}` put quotes around `${…}`")
    } else if info.contains("quoted scalar, found unexpected") {
        Some("close the quote")
    } else if info.contains("trailing content") {
        Some("put the quotes around the whole text")
    } else if info.contains("flow sequence") || info.contains("flow mapping") {
        Some("close every `[` and `{`, and put commas between items")
    } else if info.contains("mapping values are not allowed") {
        Some("check the indentation, and put quotes around text that holds `: `")
    } else if info.contains("unknown anchor") || info.contains("anchor or alias") {
        Some("put quotes around text that starts with `*` or `&`")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_near() {
        let names = ["kind", "replicas", "resources", "shards", "ip"];
        for (name, near) in [
            ("replcas", Some("replicas")),
            ("Kind", Some("kind")),
            ("knid", Some("kind")),
            ("shard", Some("shards")),
            ("ressource", Some("resources")),
            ("ips", Some("ip")),
            ("colour", None),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(nearest(name, &names), near, "{name}");
        }
    }

    #[test]
    fn lists_read_as_prose() {
        assert_eq!(list(&["a"], "or"), "`a`");
        assert_eq!(list(&["a", "b", "c"], "and"), "`a`, `b` and `c`");
    }
}
