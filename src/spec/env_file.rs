//! Parses the file of `--env-file`: `NAME=value` lines, as in compose and other dotenv readers.

use std::collections::BTreeMap;
use std::fmt;

/// The variables of an env file. Their values are never printed.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct EnvFile(BTreeMap<String, String>);

impl EnvFile {
    /// The value of the variable `name`.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

impl fmt::Debug for EnvFile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.0.keys()).finish()
    }
}

/// Why a text is not an env file. Messages never show the content of a line, because it may be secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnvFileError {
    /// A line has no `=`.
    #[error("line {line} is not `NAME=value`")]
    NoValue {
        /// The line, from 1.
        line: usize,
    },
    /// The text before `=` is not a variable's name.
    #[error("line {line} does not start with a name of letters, digits and `_`")]
    Name {
        /// The line, from 1.
        line: usize,
    },
    /// A quote has no end.
    #[error("the quote that line {line} opens is not closed")]
    Unclosed {
        /// The line, from 1.
        line: usize,
    },
    /// Text that is not a comment follows the closing quote.
    #[error("there is text after the closing quote in line {line}")]
    Trailing {
        /// The line, from 1.
        line: usize,
    },
}

/// Parses `text`. Values may be plain (up to a ` #` comment), in `'…'` (unchanged) or in `"…"` (with `\n`, `\r`,
/// `\t`, `\"`, `\\` and `\$`). Quoted values may span lines. The last of several values counts. References to other
/// variables are not replaced.
///
/// # Errors
/// The first line that cannot be parsed.
pub fn parse(text: &str) -> Result<EnvFile, EnvFileError> {
    let mut rest = text.strip_prefix('\u{feff}').unwrap_or(text);
    let whole = rest;
    let mut variables = BTreeMap::new();
    while !rest.is_empty() {
        let line = whole[..whole.len() - rest.len()].matches('\n').count() + 1;
        let (current, next) = rest.split_once('\n').unwrap_or((rest, ""));
        let trimmed = current.trim();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            rest = next;
            continue;
        }
        let (before, _) = current.split_once('=').ok_or(EnvFileError::NoValue { line })?;
        let value_start = &rest[before.len() + 1..];
        let name = before.trim();
        let name =
            name.strip_prefix("export").filter(|name| name.starts_with([' ', '\t'])).unwrap_or(name).trim();
        if !is_name(name) {
            return Err(EnvFileError::Name { line });
        }
        let (value, after) = value(value_start, line)?;
        variables.insert(name.to_owned(), value);
        rest = after;
    }
    Ok(EnvFile(variables))
}

/// The value at the beginning of `text`, and the text after its line.
fn value(text: &str, line: usize) -> Result<(String, &str), EnvFileError> {
    let text = text.trim_start_matches([' ', '\t']);
    let (value, after) = match text.chars().next() {
        Some('\'') => {
            let (value, after) = text[1..].split_once('\'').ok_or(EnvFileError::Unclosed { line })?;
            (value.to_owned(), after)
        }
        Some('"') => double_quoted(&text[1..]).ok_or(EnvFileError::Unclosed { line })?,
        _ => {
            let (current, next) = text.split_once('\n').unwrap_or((text, ""));
            return Ok((without_comment(current).trim().to_owned(), next));
        }
    };
    let (trailing, next) = after.split_once('\n').unwrap_or((after, ""));
    let trailing = trailing.trim();
    if trailing.is_empty() || trailing.starts_with('#') {
        Ok((value, next))
    } else {
        Err(EnvFileError::Trailing { line })
    }
}

/// The text up to the closing quote with its escapes replaced, and the text after the quote.
fn double_quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((offset, character)) = characters.next() {
        match character {
            '"' => return Some((value, &text[offset + 1..])),
            '\\' => match characters.next()?.1 {
                'n' => value.push('\n'),
                'r' => value.push('\r'),
                't' => value.push('\t'),
                escaped @ ('"' | '\\' | '$') => value.push(escaped),
                // This is not an escape: for example, a Windows path.
                other => value.extend(['\\', other]),
            },
            other => value.push(other),
        }
    }
    None
}

/// A comment starts at a `#` after white space: `a#b` is a value.
fn without_comment(value: &str) -> &str {
    let comment = value.match_indices('#').find(|(offset, _)| {
        let before = &value[..*offset];
        before.is_empty() || before.ends_with([' ', '\t'])
    });
    comment.map_or(value, |(offset, _)| &value[..offset])
}

fn is_name(name: &str) -> bool {
    !name.starts_with(|first: char| first.is_ascii_digit())
        && !name.is_empty()
        && name.chars().all(|part| part.is_ascii_alphanumeric() || part == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_write_a_value() {
        let text = "\u{feff}# comment\r\nPLAIN=a b # comment\r\nexport EXPORTED = x\n\nHASH=a#b\nEMPTY=\nNOTHING= # c\n\
             SINGLE='a \\n $b' # c\nDOUBLE=\"a\\n\\\"b\\\" \\d\"\nLINES=\"a\nb\"\nURL=redis://x?a=b\nexported=1\nAGAIN=1\nAGAIN=2";
        let file = parse(text).unwrap();
        for (name, value) in [
            ("PLAIN", "a b"),
            ("EXPORTED", "x"),
            ("HASH", "a#b"),
            ("EMPTY", ""),
            ("NOTHING", ""),
            ("SINGLE", "a \\n $b"),
            ("DOUBLE", "a\n\"b\" \\d"),
            ("LINES", "a\nb"),
            ("URL", "redis://x?a=b"),
            ("exported", "1"),
            ("AGAIN", "2"),
        ] {
            assert_eq!(file.get(name), Some(value), "{name}");
        }
        assert_eq!(file.get("UNKNOWN"), None);
    }

    #[test]
    fn errors_name_the_line_and_not_what_it_holds() {
        for (text, error) in [
            ("A=1\nhunter2\n", EnvFileError::NoValue { line: 2 }),
            ("A='x\ny'\n1B=2", EnvFileError::Name { line: 3 }),
            ("A-B=2", EnvFileError::Name { line: 1 }),
            ("=2", EnvFileError::Name { line: 1 }),
            ("\n\nA=\"hunter2\nB=1", EnvFileError::Unclosed { line: 3 }),
            ("A='hunter2", EnvFileError::Unclosed { line: 1 }),
            ("A='x' hunter2", EnvFileError::Trailing { line: 1 }),
        ] {
            let found = parse(text).unwrap_err();
            assert_eq!(found, error);
            assert!(!found.to_string().contains("hunter2"));
        }
    }

    #[test]
    fn values_are_not_printed() {
        assert_eq!(format!("{:?}", parse("A=hunter2").unwrap()), "{\"A\"}");
    }
}
