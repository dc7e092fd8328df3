//! Glob patterns of keys and channels, matched as Redis matches them (`stringmatchlen`), byte by byte: `*`, `?`,
//! `[a-z]`, `[^a]` and `\`.

/// One element of a pattern.
enum GlobElement {
    /// `*`.
    Anything,
    /// A byte in these ranges; `negated`: a byte outside of all ranges.
    OneOf { negated: bool, ranges: Vec<(u8, u8)> },
}

impl GlobElement {
    fn takes(&self, byte: u8) -> bool {
        match self {
            Self::Anything => true,
            Self::OneOf { negated, ranges } => {
                ranges.iter().any(|(first, last)| (*first..=*last).contains(&byte)) != *negated
            }
        }
    }
}

fn places(pattern: &str) -> Vec<GlobElement> {
    let mut bytes = pattern.bytes().peekable();
    let mut places = Vec::new();
    let literal = |byte| GlobElement::OneOf { negated: false, ranges: vec![(byte, byte)] };
    while let Some(byte) = bytes.next() {
        places.push(match byte {
            b'*' => GlobElement::Anything,
            b'?' => GlobElement::OneOf { negated: true, ranges: Vec::new() },
            b'\\' => literal(bytes.next().unwrap_or(byte)),
            b'[' => {
                let negated = bytes.next_if_eq(&b'^').is_some();
                let mut ranges = Vec::new();
                // A class without `]` ends at the end of the pattern.
                while let Some(byte) = bytes.next().filter(|byte| *byte != b']') {
                    let first = if byte == b'\\' { bytes.next().unwrap_or(byte) } else { byte };
                    let mut ahead = bytes.clone();
                    let last = (ahead.next() == Some(b'-')).then(|| ahead.next()).flatten();
                    if last.is_some() {
                        bytes = ahead;
                    }
                    let last = last.unwrap_or(first);
                    ranges.push((first.min(last), first.max(last)));
                }
                GlobElement::OneOf { negated, ranges }
            }
            other => literal(other),
        });
    }
    places
}

/// Whether a pattern matches a text.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let (places, text) = (places(pattern), text.as_bytes());
    let (mut at_place, mut at_text) = (0, 0);
    // The position of the last `*`, and the end of the text that it has matched so far.
    let mut star: Option<(usize, usize)> = None;
    while let Some(byte) = text.get(at_text) {
        match places.get(at_place) {
            Some(GlobElement::Anything) => {
                star = Some((at_place, at_text));
                at_place += 1;
            }
            Some(place) if place.takes(*byte) => {
                at_place += 1;
                at_text += 1;
            }
            _ => match star {
                Some((at_star, reach)) => {
                    star = Some((at_star, reach + 1));
                    at_place = at_star + 1;
                    at_text = reach + 1;
                }
                None => return false,
            },
        }
    }
    places[at_place..].iter().all(|rest| matches!(rest, GlobElement::Anything))
}

/// A text that the pattern matches, with `filler` for its first `*`; `None` if there is no such text.
pub(super) fn instance(pattern: &str, filler: &str) -> Option<String> {
    // Letters and digits are the most readable choices.
    written(pattern, filler, |one| {
        (b'a'..=b'z').chain(b'0'..=b'9').chain(0..=u8::MAX).find(|byte| one.takes(*byte))
    })
}

/// Two texts that the pattern matches: with the first and with the last choice of each element.
pub(super) fn instances(pattern: &str, filler: &str) -> Vec<String> {
    let last =
        written(pattern, filler, |one| (0..=u8::MAX).rev().find(|byte| one.takes(*byte) && byte.is_ascii()));
    instance(pattern, filler).into_iter().chain(last).collect()
}

fn written(pattern: &str, filler: &str, choose: impl Fn(&GlobElement) -> Option<u8>) -> Option<String> {
    let mut filler = Some(filler);
    let mut text = Vec::new();
    for place in places(pattern) {
        match place {
            GlobElement::Anything => text.extend(filler.take().unwrap_or_default().bytes()),
            one @ GlobElement::OneOf { .. } => text.push(choose(&one)?),
        }
    }
    String::from_utf8(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_match_as_on_the_server() {
        for (pattern, text, wanted) in [
            ("*", "", true),
            ("a*c", "abbc", true),
            ("a*c", "abbd", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("*a*b*", "xxaxxbxx", true),
            ("*ab", "aab", true),
            ("abc", "abcd", false),
            ("[ab]*", "b1", true),
            ("[ab]*", "c1", false),
            ("[^ab]x", "cx", true),
            ("[^ab]x", "ax", false),
            ("k[0-9]", "k7", true),
            ("k[9-0]", "k7", true),
            ("k[0-9]", "kx", false),
            ("a\\*", "a*", true),
            ("a\\*", "ab", false),
            ("[\\]]", "]", true),
        ] {
            assert_eq!(matches(pattern, text), wanted, "{pattern} {text}");
        }
    }

    #[test]
    fn a_pattern_matches_its_instance() {
        for (pattern, wanted) in [
            ("app:*", Some("app:own")),
            ("*:*:?", Some("own::a")),
            ("counter", Some("counter")),
            ("[xyz]-[^a-y]*", Some("x-zown")),
            ("a\\*", Some("a*")),
            ("[]", None),
        ] {
            let found = instance(pattern, "own");
            assert_eq!(found.as_deref(), wanted, "{pattern}");
            assert!(found.is_none_or(|found| matches(pattern, &found)), "{pattern}");
        }
    }
}
