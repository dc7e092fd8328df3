//! Masks secrets in texts, in all forms in which texts may contain them.

use std::fmt;

use percent_encoding::utf8_percent_encode;

use crate::connection::RESERVED;
use crate::spec::SecretText;
use crate::topology::files::password_hash;

/// Replaces a secret.
const COVER: &str = "***";

/// The secrets to mask. `Debug` prints only their number.
#[derive(Clone, Default)]
pub struct Masks {
    /// All forms of all secrets.
    patterns: Vec<String>,
}

impl Masks {
    /// Adds a secret of any length. It is masked in five forms: plain, as a JSON string, as a JSON string in a JSON
    /// string, in a URL, and as the hash in ACL lists.
    pub fn cover(&mut self, secret: &SecretText) {
        let text = secret.expose();
        if text.is_empty() {
            return;
        }
        let in_json = escaped(text);
        let forms = [
            text.to_owned(),
            escaped(&in_json),
            in_json,
            utf8_percent_encode(text, RESERVED).to_string(),
            password_hash(secret),
        ];
        for form in forms {
            if !self.patterns.contains(&form) {
                self.patterns.push(form);
            }
        }
    }

    /// The text with masked secrets. Overlapping secrets are masked together, so that no part remains.
    #[must_use]
    pub fn apply(&self, text: &str) -> String {
        let mut spans: Vec<(usize, usize)> = Vec::new();
        for pattern in &self.patterns {
            let mut from = 0;
            while let Some(found) = text.get(from..).and_then(|rest| rest.find(pattern)) {
                let start = from + found;
                spans.push((start, start + pattern.len()));
                // The next occurrence may overlap with this one.
                from = start + text[start..].chars().next().map_or(1, char::len_utf8);
            }
        }
        spans.sort_unstable();
        let mut masked = String::with_capacity(text.len());
        let mut position = 0;
        for (start, end) in spans {
            if start >= position {
                masked.push_str(&text[position..start]);
                masked.push_str(COVER);
            }
            position = position.max(end);
        }
        masked.push_str(&text[position..]);
        masked
    }
}

impl fmt::Debug for Masks {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Masks({} patterns)", self.patterns.len())
    }
}

/// A text between the quotes of a JSON string.
fn escaped(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masks(secrets: &[&str]) -> Masks {
        let mut masks = Masks::default();
        for secret in secrets {
            masks.cover(&SecretText::new(*secret));
        }
        masks
    }

    #[test]
    fn a_secret_is_covered_in_every_form() {
        let secret = "p@ss \"w\\rd\" ü";
        let json = serde_json::json!({ "deep": serde_json::json!({ "p": secret }).to_string() });
        let url = "redis://:p%40ss%20%22w%5Crd%22%20%C3%BC@127.0.0.1:7001";
        let hash = password_hash(&SecretText::new(secret));
        for (text, shown) in [
            (format!("AUTH {secret}!"), "AUTH ***!".to_owned()),
            (json.to_string(), r#"{"deep":"{\"p\":\"***\"}"}"#.to_owned()),
            (url.to_owned(), "redis://:***@127.0.0.1:7001".to_owned()),
            (format!("user default on #{hash} ~*"), "user default on #*** ~*".to_owned()),
            ("nothing of it".to_owned(), "nothing of it".to_owned()),
        ] {
            assert_eq!(masks(&[secret]).apply(&text), shown);
        }
    }

    #[test]
    fn nothing_is_left_of_secrets_that_overlap() {
        assert_eq!(masks(&["abc", "cd"]).apply("xabcdx"), "x***x");
        assert_eq!(masks(&["cd", "abcde"]).apply("abcde cd"), "*** ***");
        assert_eq!(masks(&["aa"]).apply("baaab"), "b***b");
        assert_eq!(masks(&["ab", "cd"]).apply("abcd"), "******");
        assert_eq!(masks(&["éé"]).apply("éééx"), "***x");
        assert_eq!(masks(&[""]).apply("as it was"), "as it was");
    }

    #[test]
    fn masks_do_not_show_what_they_cover() {
        assert_eq!(format!("{:?}", masks(&["hunter2"])), "Masks(2 patterns)");
    }
}
