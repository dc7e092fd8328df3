//! Checks one scalar of a spec against the forms that its field allows.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use super::describe;
use super::schema::ValueForm;
use super::tree::{Leaf, TextId, Typed, Variables};

/// A message, and a hint.
type Judgement = (String, Option<String>);

/// The problem of `leaf` in a field with these `shapes`, if any. Marks a scalar that must stay text.
pub(super) fn leaf_problem(leaf: &mut Leaf, shapes: &[ValueForm<'_>], text: TextId) -> Option<Judgement> {
    if leaf.variables == Variables::Failed {
        return None;
    }
    let text_shape = shapes.iter().find_map(|shape| match shape {
        ValueForm::Text { format, shortest } => Some((*format, *shortest)),
        _ => None,
    });
    if text_shape.is_some() && stays_text(leaf, shapes, text) {
        leaf.kept_as_text = true;
    }
    let typed = leaf.typed();
    if accepts(shapes, typed) || (typed == Typed::Text && shapes.contains(&ValueForm::Word(&leaf.text))) {
        return None;
    }
    match (typed, text_shape) {
        (Typed::Text, Some((format, shortest))) => text_problem(leaf, format, shortest),
        (Typed::Integer(number), _) => {
            out_of_range(leaf, number, shapes).or_else(|| Some(mismatch(leaf, typed, shapes)))
        }
        _ => Some(mismatch(leaf, typed, shapes)),
    }
}

/// Whether the field allows a type other than text.
fn accepts(shapes: &[ValueForm<'_>], typed: Typed) -> bool {
    shapes.iter().any(|shape| match (shape, typed) {
        (ValueForm::Null, Typed::Null)
        | (ValueForm::Bool, Typed::Bool(_))
        | (ValueForm::Number, Typed::Integer(_) | Typed::Float(_)) => true,
        (ValueForm::Integer { minimum, maximum }, Typed::Integer(number)) => {
            (minimum..=maximum).contains(&&number)
        }
        _ => false,
    })
}

/// Whether a plain scalar stays text, because its field allows text, although it looks like another type.
fn stays_text(leaf: &Leaf, shapes: &[ValueForm<'_>], text: TextId) -> bool {
    let replaced = leaf.variables == Variables::Replaced;
    let typed = leaf.typed();
    if !accepts(shapes, typed) {
        // A password may consist of digits only. Values of variables and overrides have no quotes.
        return leaf.secret || replaced || text != TextId::File;
    }
    match typed {
        // An empty password from a variable is a mistake. The user did not ask for no password.
        Typed::Null => leaf.secret && replaced,
        // The server gets the written text: `1.10` is not `1.1`.
        Typed::Integer(number) => number.to_string() != leaf.text,
        Typed::Float(number) => number.to_string() != leaf.text,
        Typed::Bool(_) | Typed::Text => false,
    }
}

fn text_problem(leaf: &Leaf, format: Option<&str>, shortest: u64) -> Option<Judgement> {
    if leaf.text.is_empty() && shortest > 0 {
        return Some((
            "this value is empty".to_owned(),
            Some("give it a value, or leave the field out".to_owned()),
        ));
    }
    match format {
        Some("ipv4") if leaf.text.parse::<Ipv4Addr>().is_err() => Some((
            format!("{} is not an IPv4 address", describe::subject(leaf)),
            Some("write four numbers from 0 to 255, such as `172.30.7.50`".to_owned()),
        )),
        Some("ipv4-cidr") => subnet_problem(leaf),
        _ => None,
    }
}

fn subnet_problem(leaf: &Leaf) -> Option<Judgement> {
    // An address without a prefix length: the hint suggests /24, the length that redisctl chooses.
    let meant = match leaf.text.parse::<Ipv4Net>() {
        Ok(subnet) if subnet.trunc() == subnet => return None,
        Ok(subnet) => Some(subnet),
        Err(_) => leaf.text.parse().ok().and_then(|address: Ipv4Addr| Ipv4Net::new(address, 24).ok()),
    };
    let example = match meant {
        Some(subnet) if leaf.shown().is_some() => format!("write it as `{}`", subnet.trunc()),
        _ => "write it like `172.30.7.0/24`".to_owned(),
    };
    Some((format!("{} is not a subnet", describe::subject(leaf)), Some(example)))
}

fn out_of_range(leaf: &Leaf, number: i128, shapes: &[ValueForm<'_>]) -> Option<Judgement> {
    let (minimum, maximum) = shapes.iter().find_map(|shape| match shape {
        ValueForm::Integer { minimum, maximum } => Some((*minimum, *maximum)),
        _ => None,
    })?;
    let hint = format!("give a whole number from {minimum} to {maximum}");
    let size = if number < minimum { "small" } else { "large" };
    Some((format!("{} is too {size}", describe::subject(leaf)), Some(hint)))
}

fn mismatch(leaf: &Leaf, typed: Typed, shapes: &[ValueForm<'_>]) -> Judgement {
    let words: Vec<&str> = shapes
        .iter()
        .filter_map(|shape| match shape {
            ValueForm::Word(word) => Some(*word),
            _ => None,
        })
        .collect();
    let near =
        (typed == Typed::Text && leaf.shown().is_some()).then(|| describe::nearest(&leaf.text, &words));
    let did_you_mean = near.flatten().map(|near| format!("did you mean `{near}`?"));
    let only_words = shapes.iter().all(|shape| matches!(shape, ValueForm::Word(_) | ValueForm::Null));
    if only_words && let (Some(text), true) = (leaf.shown(), typed != Typed::Null) {
        let hint = did_you_mean.unwrap_or_else(|| format!("write {}", describe::list(&words, "or")));
        return (format!("unknown value `{text}`"), Some(hint));
    }
    let message = format!("expected {}, found {}", describe::expected(shapes), describe::found_leaf(leaf));
    (message, did_you_mean.or_else(|| rewrite(leaf, typed, shapes)))
}

/// The probable value, in its correct form.
fn rewrite(leaf: &Leaf, typed: Typed, shapes: &[ValueForm<'_>]) -> Option<String> {
    let unquoted = Leaf { plain: true, ..leaf.clone() };
    if !leaf.plain && accepts(shapes, unquoted.typed()) && unquoted.typed() != Typed::Null {
        // Inside `{…}`, a reference needs quotes because of its braces.
        let place = if leaf.variables == Variables::None { "" } else { ", on a line of its own" };
        return Some(format!("write it without quotes{place}"));
    }
    let text = leaf.shown()?;
    if typed == Typed::Null {
        return None;
    }
    if shapes.contains(&ValueForm::Bool) {
        return match text.to_lowercase().as_str() {
            "yes" | "on" => Some("write `true`".to_owned()),
            "no" | "off" => Some("write `false`".to_owned()),
            _ => None,
        };
    }
    if typed != Typed::Text && shapes.iter().any(|shape| matches!(shape, ValueForm::Text { .. })) {
        return Some(format!("for text, put it in quotes: `\"{text}\"`"));
    }
    let takes_scalars = |shape: &ValueForm<'_>| matches!(shape, ValueForm::Integer { .. });
    if shapes.iter().any(|shape| matches!(shape, ValueForm::List(_))) && !shapes.iter().any(takes_scalars) {
        return Some("write a list: `[a, b]`, or each item on a line of its own after `- `".to_owned());
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &[ValueForm<'_>] = &[ValueForm::Text { format: None, shortest: 1 }, ValueForm::Null];
    const SCALAR: &[ValueForm<'_>] = &[
        ValueForm::Bool,
        ValueForm::Integer { minimum: i64::MIN as i128, maximum: i64::MAX as i128 },
        ValueForm::Number,
        ValueForm::Text { format: None, shortest: 0 },
    ];
    const PORT: &[ValueForm<'_>] =
        &[ValueForm::Integer { minimum: 0, maximum: 65535 }, ValueForm::Word("auto")];

    fn judge(mut leaf: Leaf, shapes: &[ValueForm<'_>], text: TextId) -> (Option<String>, Typed) {
        let message = leaf_problem(&mut leaf, shapes, text).map(|(message, _)| message);
        (message, leaf.typed())
    }

    #[test]
    fn numbers_reach_text_fields_as_they_were_written() {
        for (text, typed) in [
            ("1.10", Typed::Text),
            ("1.5", Typed::Float(1.5)),
            ("0x10", Typed::Text),
            ("99999999999999999999", Typed::Integer(99_999_999_999_999_999_999)),
            ("7", Typed::Integer(7)),
            ("true", Typed::Bool(true)),
        ] {
            assert_eq!(judge(Leaf::new(text, true), SCALAR, TextId::File), (None, typed), "{text}");
        }
    }

    #[test]
    fn who_cannot_quote_need_not() {
        let number = Leaf::new("5", true);
        assert!(judge(number.clone(), NAME, TextId::File).0.is_some());
        assert_eq!(judge(number.clone(), NAME, TextId::Override(0)), (None, Typed::Text));
        let secret = Leaf { secret: true, ..number.clone() };
        assert_eq!(judge(secret, NAME, TextId::File), (None, Typed::Text));
        let replaced = Leaf { variables: Variables::Replaced, ..number };
        assert_eq!(judge(replaced.clone(), NAME, TextId::File), (None, Typed::Text));
        assert_eq!(judge(replaced, PORT, TextId::File), (None, Typed::Integer(5)));
    }

    #[test]
    fn a_password_that_a_variable_leaves_empty_is_told() {
        let empty = Leaf { secret: true, variables: Variables::Replaced, ..Leaf::new("", true) };
        assert_eq!(judge(empty.clone(), NAME, TextId::File).0.as_deref(), Some("this value is empty"));
        let name = Leaf { secret: false, ..empty };
        assert_eq!(judge(name, NAME, TextId::File), (None, Typed::Null));
    }
}
