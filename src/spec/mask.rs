//! Finds the secrets in a spec's text, and covers them with stars for output.

use std::ops::Range;

use strsim::damerau_levenshtein;

use super::interpolate::is_bare_reference;
use super::tree::{Content, YamlNode, YamlPlace};
use super::{PEM_BEGINNING, SpecPath};

/// Whether values at this point of a document are secret unless their key says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Secrecy(bool);

impl Secrecy {
    /// The top of a document.
    pub(super) const OPEN: Self = Self(false);

    /// The secrecy of the field that `path` names.
    pub(super) fn at(path: &SpecPath) -> Self {
        path.segments().iter().fold(Self::OPEN, |secrecy, segment| secrecy.below(segment))
    }

    /// The secrecy of the value of `key`. Below `auth`, every value is secret unless its key is known to be harmless.
    /// So the value of a misspelt `password` is covered too.
    fn below(self, key: &str) -> Self {
        if self.0 {
            Self(!matches!(key, "name" | "rules" | "file" | "default"))
        } else {
            Self(is_secret_key(key))
        }
    }

    /// Whether values here are secret.
    pub(super) fn is_secret(self) -> bool {
        self.0
    }
}

/// Whether a key names a secret, or is a probable misspelling of a secret key. `user` is the server's directive for
/// ACL users with their passwords.
pub(super) fn is_secret_key(key: &str) -> bool {
    let key = key.to_lowercase();
    // This field of `tls` tells whether clients need a certificate. It is not secret.
    if key == "client_auth" {
        return false;
    }
    key.contains("pass")
        || key.contains("secret")
        || key.ends_with("auth")
        || key == "user"
        || damerau_levenshtein(&key, "auth") <= 1
        || damerau_levenshtein(&key, "password") <= 2
        || damerau_levenshtein(&key, "replica_password") <= 3
        || ["requirepass", "masterauth"].iter().any(|directive| damerau_levenshtein(&key, directive) <= 2)
}

/// Marks every secret scalar below `node`, and collects the places to cover. It runs before variables are replaced: a
/// bare `${NAME}` stays readable.
pub(super) fn mark_secrets(node: &mut YamlNode, secrecy: Secrecy, covered: &mut Vec<YamlPlace>) {
    match &mut node.content {
        Content::Sequence(items) => {
            for item in items {
                mark_secrets(item, secrecy, covered);
            }
        }
        Content::Mapping(entries) => {
            for entry in entries {
                mark_secrets(&mut entry.value, secrecy.below(&entry.key), covered);
            }
        }
        Content::Leaf(leaf) => {
            // ACL rules hold passwords as `>password` and `<password`, and hashes as `#hash`.
            let is_rule = leaf.text.starts_with(['>', '<', '#']);
            // A PEM key in the place of a path.
            let is_pem = leaf.text.trim_start().starts_with(PEM_BEGINNING);
            if (secrecy.is_secret() || is_rule || is_pem) && leaf.text != "generate" {
                leaf.secret = true;
                if !leaf.text.is_empty() && !is_bare_reference(&leaf.text) {
                    covered.push(node.place.clone());
                }
            }
        }
    }
}

/// The places to cover in a text that cannot be parsed: the text after a secret key, and lines with a deeper indent.
pub(super) fn secret_lines(text: &str) -> Vec<Range<usize>> {
    let mut covered = Vec::new();
    let mut deeper_than = None;
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let content = line.trim_start();
        let indentation = line.len() - content.len();
        if deeper_than.is_some_and(|limit| content.is_empty() || indentation > limit) {
            covered.push(start + indentation..start + line.len());
        } else {
            deeper_than = None;
            if let Some(colon) = secret_colon(line) {
                let rest = line[colon + 1..].trim();
                // `auth:` alone opens a mapping, whose lines are checked one by one.
                if !rest.is_empty() {
                    deeper_than = Some(indentation);
                    covered.push(start + colon + 1..start + line.len());
                }
            }
        }
        start += line.len();
    }
    covered
}

/// The first colon in `line` that ends a secret key.
fn secret_colon(line: &str) -> Option<usize> {
    line.match_indices(':').map(|(colon, _)| colon).find(|&colon| {
        let before = line[..colon].trim_end().trim_end_matches(['"', '\'']);
        let is_part = |part: char| part.is_alphanumeric() || matches!(part, '_' | '-');
        let key = before.rsplit(|part: char| !is_part(part)).next().unwrap_or_default();
        !key.is_empty() && is_secret_key(key)
    })
}

/// A text whose secrets are covered: one star per character, so that columns stay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Masked {
    text: String,
    covers: Vec<Cover>,
}

/// A covered part of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Cover {
    /// Its span in the original text.
    original: Range<usize>,
    /// Its length in bytes in the covered text. It is shorter if the original has multi-byte characters.
    length: usize,
}

impl Masked {
    /// `text` with `secrets` covered.
    pub(super) fn new(text: &str, mut secrets: Vec<Range<usize>>) -> Self {
        secrets.sort_by_key(|span| (span.start, span.end));
        let mut masked = String::with_capacity(text.len());
        let mut covers: Vec<Cover> = Vec::new();
        let mut position = 0;
        for span in secrets {
            let span = span.start.max(position)..span.end;
            let (Some(between), Some(secret)) = (text.get(position..span.start), text.get(span.clone()))
            else {
                continue;
            };
            masked.push_str(between);
            let before = masked.len();
            // White space stays: it reveals no secret, and lines must stay lines.
            masked.extend(secret.chars().map(|part| if part.is_ascii_whitespace() { part } else { '*' }));
            position = span.end;
            covers.push(Cover { original: span, length: masked.len() - before });
        }
        masked.push_str(&text[position..]);
        Self { text: masked, covers }
    }

    /// The text to show.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The span in the covered text for a span of the original text.
    pub(super) fn span(&self, original: &Range<usize>) -> Range<usize> {
        self.offset(original.start)..self.offset(original.end)
    }

    fn offset(&self, original: usize) -> usize {
        let mut shrunk = 0;
        for cover in &self.covers {
            if original <= cover.original.start {
                break;
            }
            if original < cover.original.end {
                let within = (original - cover.original.start).min(cover.length);
                return cover.original.start - shrunk + within;
            }
            shrunk += cover.original.len() - cover.length;
        }
        original - shrunk
    }
}

#[cfg(test)]
mod tests {
    use super::super::document;
    use super::super::tree::TextId;
    use super::*;

    fn masked(text: &str) -> String {
        let mut covered = Vec::new();
        let mut root = document::parse(text, TextId::File, 0).unwrap().unwrap();
        mark_secrets(&mut root, Secrecy::OPEN, &mut covered);
        Masked::new(text, covered.into_iter().map(|place| place.span).collect()).text().to_owned()
    }

    #[test]
    fn secrets_are_covered_and_nothing_else() {
        for (text, shown) in [
            (
                "auth: {password: hunter2, users: [{name: bob, password: 'x y'}]}",
                "auth: {password: *******, users: [{name: bob, password: ** **}]}",
            ),
            (
                "config: {requirepass: a, masterauth: b, user: c, maxmemory: d}",
                "config: {requirepass: *, masterauth: *, user: *, maxmemory: d}",
            ),
            (
                "auth: {users: [{name: a, rules: ['>pw', '~*']}]}",
                "auth: {users: [{name: a, rules: [*****, '~*']}]}",
            ),
            ("auth:\n  pasword: hunter2\n", "auth:\n  pasword: *******\n"),
            ("password: geheimé\n", "password: *******\n"),
            ("tls: {key: '-----BEGIN PRIVATE KEY-----'}", "tls: {key: *********** ******* *********}"),
            ("auht: hunter2", "auht: *******"),
            ("auth:\n  password: ${P:-hunter2}\n", "auth:\n  password: *************\n"),
        ] {
            assert_eq!(masked(text), shown);
        }
        for harmless in [
            "auth: {password: {file: secret.txt}}",
            "auth: {password: generate}",
            "auth:\n  password: ${P}\n",
            "labels: {author: me}",
            "tls: {client_auth: maybe, key: server.key}",
        ] {
            assert_eq!(masked(harmless), harmless);
        }
    }

    #[test]
    fn text_that_cannot_be_parsed_is_covered_by_its_lines() {
        let text =
            "kind: cluster\nauth:\n  password: |\n    hunter2\n  users:\n   - {name: a, password: b}\n";
        let shown = Masked::new(text, secret_lines(text)).text().to_owned();
        assert_eq!(
            shown,
            "kind: cluster\nauth:\n  password: *\n    *******\n  users:\n   - {name: a, password: **\n"
        );
    }

    #[test]
    fn spans_follow_the_text_that_shrinks() {
        let text = "password: éé # x";
        let masked = Masked::new(text, std::iter::once(10..14).collect());
        assert_eq!(masked.text(), "password: ** # x");
        assert_eq!(masked.span(&(15..16)), 13..14);
        assert_eq!(masked.span(&(10..14)), 10..12);
        assert_eq!(masked.span(&(12..14)), 12..12);
    }
}
