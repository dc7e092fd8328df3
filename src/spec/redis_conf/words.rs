//! The words of a line of `redis.conf`, with its quoting.

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

/// A line whose quotes do not fit: one is open at the end, or a word goes on behind one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnbalancedQuotes;

/// The words of a line, as servers split it. Double quotes know escapes (`\n`, `\x41`), single quotes only `\'`.
///
/// # Errors
/// The quotes do not fit.
pub fn split(line: &str) -> Result<Vec<String>, UnbalancedQuotes> {
    let mut rest = line.trim_start();
    let mut words = Vec::new();
    while !rest.is_empty() {
        let (word, behind) = first_word(rest)?;
        words.push(word);
        rest = behind.trim_start();
    }
    Ok(words)
}

/// The first word of a text that does not begin with space, and the text behind it.
fn first_word(text: &str) -> Result<(String, &str), UnbalancedQuotes> {
    let mut word = String::new();
    for (at, character) in text.char_indices() {
        match character {
            quote @ ('"' | '\'') => {
                let length = read_quoted(quote, &text[at + 1..], &mut word)?;
                let behind = &text[at + 1 + length..];
                // A quote ends its word.
                let ends = behind.chars().next().is_none_or(char::is_whitespace);
                return if ends { Ok((word, behind)) } else { Err(UnbalancedQuotes) };
            }
            space if space.is_whitespace() => return Ok((word, &text[at..])),
            other => word.push(other),
        }
    }
    Ok((word, ""))
}

/// Reads what is in quotes, up to the closing one. Gives the length with the closing quote.
fn read_quoted(quote: char, text: &str, word: &mut String) -> Result<usize, UnbalancedQuotes> {
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' if quote == '\'' => match text[at + 1..].strip_prefix('\'') {
                Some(_) => {
                    characters.next();
                    word.push('\'');
                }
                None => word.push('\\'),
            },
            '\\' => {
                let hex = text.get(at + 2..at + 4).filter(|_| text[at + 1..].starts_with('x'));
                if let Some(byte) = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
                    word.push(char::from(byte));
                    characters.nth(2);
                    continue;
                }
                let (_, escaped) = characters.next().ok_or(UnbalancedQuotes)?;
                word.push(match escaped {
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    'b' => '\u{8}',
                    'a' => '\u{7}',
                    other => other,
                });
            }
            end if end == quote => return Ok(at + end.len_utf8()),
            other => word.push(other),
        }
    }
    Err(UnbalancedQuotes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_as_servers_do() {
        for (line, words) in [
            ("  save 900   1 ", Ok(vec!["save", "900", "1"])),
            (r#"rename-command FLUSHALL """#, Ok(vec!["rename-command", "FLUSHALL", ""])),
            (r#"a "b c" 'd "e'"#, Ok(vec!["a", "b c", "d \"e"])),
            (r#"a "b\"\x41\n""#, Ok(vec!["a", "b\"A\n"])),
            (r"a 'it\'s'", Ok(vec!["a", "it's"])),
            (r#"a "b"#, Err(UnbalancedQuotes)),
            (r#"a "b"c"#, Err(UnbalancedQuotes)),
            ("a 'b", Err(UnbalancedQuotes)),
            ("", Ok(vec![])),
        ] {
            let expected = words.map(|words| words.into_iter().map(str::to_owned).collect::<Vec<_>>());
            assert_eq!(split(line), expected, "{line}");
        }
    }

    #[test]
    fn what_is_quoted_is_read_back() {
        for value in ["", "a b", "\"'\\", "a\nb\tc"] {
            assert_eq!(split(&quoted(value)), Ok(vec![value.to_owned()]), "{value:?}");
        }
    }
}
