//! Properties of patterns for keys and channels.

use super::glob::{instances, matches};
use crate::fuzzing::{Property, Target};

pub(crate) const TARGETS: &[Target] = &[("key_pattern", Property::Text(key_pattern))];

/// A pattern matches its generated texts. A text with all bytes escaped matches itself.
fn key_pattern(text: &str) {
    let (pattern, other) = text.split_once('\n').unwrap_or((text, text));
    for instance in instances(pattern, "filler") {
        assert!(matches(pattern, &instance), "{pattern:?} {instance:?}");
    }
    let escaped: String = other.chars().flat_map(|character| ['\\', character]).collect();
    assert!(matches(&escaped, other), "{escaped:?} {other:?}");
    assert!(matches("*", other) && matches(&format!("*{escaped}*"), other), "{escaped:?} {other:?}");
}
