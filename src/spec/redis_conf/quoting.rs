//! The words of a line of `redis.conf`, with its quoting.

use std::ops::Range;

/// A value in double quotes, as the servers' configuration parser reads it.
#[must_use]
pub fn quoted(value: &str) -> String {
    let mut text = String::from("\"");
    for character in value.chars() {
        match character {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            other => text.push(other),
        }
    }
    text.push('"');
    text
}

/// A word of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// Its text, without quotes and escapes.
    pub text: String,
    /// Its place in the line, in bytes.
    pub span: Range<usize>,
}

/// Why a line has no words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WordError {
    /// The reason.
    pub reason: WordFault,
    /// The place of the word in the line, in bytes.
    pub span: Range<usize>,
}

/// The problem of a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WordFault {
    /// Its quotes do not match: a quote has no end, or text follows the closing quote.
    UnbalancedQuotes,
    /// Its escapes are not UTF-8.
    NotUtf8,
}

/// The words of a line, as servers split it. Double quotes know escapes (`\n`, `\x41`), single quotes only `\'`.
///
/// # Errors
/// A word cannot be read.
pub fn split(line: &str) -> Result<Vec<Word>, WordError> {
    let mut words = Vec::new();
    let mut start = skip_space(line, 0);
    while start < line.len() {
        let mut bytes = Vec::new();
        let end = read_word(line.as_bytes(), start, &mut bytes)
            .ok_or(WordError { reason: WordFault::UnbalancedQuotes, span: start..line.trim_end().len() })?;
        let span = start..end;
        let text = String::from_utf8(bytes)
            .map_err(|_| WordError { reason: WordFault::NotUtf8, span: span.clone() })?;
        words.push(Word { text, span });
        start = skip_space(line, end);
    }
    Ok(words)
}

/// Whether a byte is space for servers, as in C.
fn is_space(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte == b'\x0b'
}

fn skip_space(line: &str, from: usize) -> usize {
    line.bytes().skip(from).position(|byte| !is_space(byte)).map_or(line.len(), |space| from + space)
}

/// Reads the word at `start`, which is not a space. Returns its end; `None` if its quotes do not match.
fn read_word(line: &[u8], start: usize, word: &mut Vec<u8>) -> Option<usize> {
    let mut at = start;
    while let Some(byte) = line.get(at) {
        match byte {
            quote @ (b'"' | b'\'') => {
                let end = read_quoted(*quote, line, at + 1, word)?;
                // A quote ends its word.
                return line.get(end).is_none_or(|byte| is_space(*byte)).then_some(end);
            }
            space if is_space(*space) => break,
            other => word.push(*other),
        }
        at += 1;
    }
    Some(at)
}

/// Reads the text in quotes. Returns the position after the closing quote.
fn read_quoted(quote: u8, line: &[u8], start: usize, word: &mut Vec<u8>) -> Option<usize> {
    let mut at = start;
    loop {
        let byte = *line.get(at)?;
        at += 1;
        match byte {
            b'\\' if quote == b'\'' => {
                let escapes = line.get(at) == Some(&quote);
                word.push(if escapes { quote } else { b'\\' });
                at += usize::from(escapes);
            }
            b'\\' => {
                let digits = line.get(at + 1..at + 3).filter(|_| line[at] == b'x');
                if let Some(byte) = digits.and_then(hex_byte) {
                    word.push(byte);
                    at += 3;
                    continue;
                }
                word.push(match *line.get(at)? {
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'b' => b'\x08',
                    b'a' => b'\x07',
                    other => other,
                });
                at += 1;
            }
            end if end == quote => return Some(at),
            other => word.push(other),
        }
    }
}

fn hex_byte(digits: &[u8]) -> Option<u8> {
    let mut byte = [0];
    hex::decode_to_slice(digits, &mut byte).ok()?;
    Some(byte[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_as_servers_do() {
        use WordFault::{NotUtf8, UnbalancedQuotes};
        for (line, words) in [
            ("  save 900   1 ", Ok(vec!["save", "900", "1"])),
            (r#"rename-command FLUSHALL """#, Ok(vec!["rename-command", "FLUSHALL", ""])),
            (r#"a "b c" 'd "e'"#, Ok(vec!["a", "b c", "d \"e"])),
            (r#"a "b\"\x41\n""#, Ok(vec!["a", "b\"A\n"])),
            (r#"a "\xc3\xa9\xzz""#, Ok(vec!["a", "éxzz"])),
            (r#"a b"c d""#, Ok(vec!["a", "bc d"])),
            (r"a 'it\'s' 'b\n'", Ok(vec!["a", "it's", "b\\n"])),
            // A no-break space is part of a word.
            ("a\u{a0}b\tc\u{b}d", Ok(vec!["a\u{a0}b", "c", "d"])),
            (r#"a "b"#, Err((UnbalancedQuotes, 2))),
            (r#"a "b"c"#, Err((UnbalancedQuotes, 2))),
            (r#"a "b\"#, Err((UnbalancedQuotes, 2))),
            ("aa 'b ", Err((UnbalancedQuotes, 3))),
            (r#"a "\xff""#, Err((NotUtf8, 2))),
            ("", Ok(vec![])),
        ] {
            let expected = words.map(|words| words.into_iter().map(str::to_owned).collect::<Vec<_>>());
            let found = split(line).map(|words| words.into_iter().map(|word| word.text).collect());
            assert_eq!(found.map_err(|error| (error.reason, error.span.start)), expected, "{line}");
        }
    }

    #[test]
    fn a_word_has_its_place() {
        let words = split(r#" a "b c"  é "#).unwrap();
        let places: Vec<_> = words.into_iter().map(|word| word.span).collect();
        assert_eq!(places, [1..2, 3..8, 10..12]);
    }

    #[test]
    fn what_is_quoted_is_read_back() {
        for value in ["", "a b", "\"'\\", "a\nb\tc", "é\u{a0}"] {
            let words = split(&quoted(value)).unwrap();
            assert_eq!(words.len(), 1);
            assert_eq!(words[0].text, value);
        }
    }
}
