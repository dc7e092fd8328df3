//! What holds for every pattern of keys and channels.

use super::glob::{instances, matches};
use crate::fuzzing::{Property, Target};

pub(crate) const TARGETS: &[Target] = &[("key_pattern", Property::Text(key_pattern))];

/// A pattern matches what is written for it; a text matches itself where each of its bytes is escaped.
fn key_pattern(text: &str) {
    let (pattern, other) = text.split_once('\n').unwrap_or((text, text));
    for instance in instances(pattern, "filler") {
        assert!(matches(pattern, &instance), "{pattern:?} {instance:?}");
    }
    let escaped: String = other.chars().flat_map(|character| ['\\', character]).collect();
    assert!(matches(&escaped, other), "{escaped:?} {other:?}");
    assert!(matches("*", other) && matches(&format!("*{escaped}*"), other), "{escaped:?} {other:?}");
}
