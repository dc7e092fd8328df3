//! Splits a line into a command's words, with the quoting of `redis-cli`.

/// A line that cannot be split.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum QuoteError {
    /// A typed line.
    #[error("the quotes of this line do not match")]
    Typed,
    /// A line of a file, by its number.
    #[error("the quotes of line {0} do not match")]
    InFile(usize),
}

/// Splits a line at white space. `"…"` knows the escapes `\n \r \t \b \a \xHH`; `\` before any other character is
/// removed. `'…'` knows only `\'`. A closing quote ends its word.
///
/// # Errors
/// The quotes do not match.
pub fn split(line: &[u8]) -> Result<Vec<Vec<u8>>, QuoteError> {
    let mut words = Vec::new();
    let mut rest = line.trim_ascii_start();
    while !rest.is_empty() {
        let (word, after) = next_word(rest)?;
        words.push(word);
        rest = after.trim_ascii_start();
    }
    Ok(words)
}

/// The first word, and the rest of the line.
fn next_word(mut rest: &[u8]) -> Result<(Vec<u8>, &[u8]), QuoteError> {
    let mut word = Vec::new();
    loop {
        match rest {
            [b'"', inner @ ..] => return closed(double_quoted(inner, word)?),
            [b'\'', inner @ ..] => return closed(single_quoted(inner, word)?),
            [first, after @ ..] if !first.is_ascii_whitespace() => {
                word.push(*first);
                rest = after;
            }
            _ => return Ok((word, rest)),
        }
    }
}

/// A word that ended with a quote: only white space may follow.
fn closed((word, rest): (Vec<u8>, &[u8])) -> Result<(Vec<u8>, &[u8]), QuoteError> {
    match rest.first() {
        Some(next) if !next.is_ascii_whitespace() => Err(QuoteError::Typed),
        _ => Ok((word, rest)),
    }
}

fn double_quoted(mut rest: &[u8], mut word: Vec<u8>) -> Result<(Vec<u8>, &[u8]), QuoteError> {
    loop {
        let (byte, after) = match (hexadecimal(rest), rest) {
            (Some(found), _) => found,
            (None, [b'"', after @ ..]) => return Ok((word, after)),
            (None, [b'\\', escaped, after @ ..]) => (control(*escaped), after),
            (None, [byte, after @ ..]) => (*byte, after),
            (None, []) => return Err(QuoteError::Typed),
        };
        word.push(byte);
        rest = after;
    }
}

fn single_quoted(mut rest: &[u8], mut word: Vec<u8>) -> Result<(Vec<u8>, &[u8]), QuoteError> {
    loop {
        let (byte, after) = match rest {
            [b'\'', after @ ..] => return Ok((word, after)),
            [b'\\', b'\'', after @ ..] => (b'\'', after),
            [byte, after @ ..] => (*byte, after),
            [] => return Err(QuoteError::Typed),
        };
        word.push(byte);
        rest = after;
    }
}

/// The byte for a letter behind `\`.
fn control(letter: u8) -> u8 {
    match letter {
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'b' => 0x08,
        b'a' => 0x07,
        other => other,
    }
}

/// The byte for `\xHH` at the beginning of `rest`, and the rest after it.
fn hexadecimal(rest: &[u8]) -> Option<(u8, &[u8])> {
    let (digits, after) = rest.strip_prefix(b"\\x")?.split_at_checked(2)?;
    let mut byte = [0];
    hex::decode_to_slice(digits, &mut byte).ok()?;
    Some((byte[0], after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        let words = split(line.as_bytes()).unwrap();
        words.into_iter().map(|word| String::from_utf8(word).unwrap()).collect()
    }

    #[test]
    fn lines_are_split_as_redis_cli_splits_them() {
        assert_eq!(words("  SET  key\tvalue "), ["SET", "key", "value"]);
        assert_eq!(words(r#"SET "a b" 'c "d"'"#), ["SET", "a b", "c \"d\""]);
        assert_eq!(words(r#"SET k "\n\t\"\\\q\x41""#), ["SET", "k", "\n\t\"\\qA"]);
        assert_eq!(words(r"SET k 'it\'s \n'"), ["SET", "k", r"it's \n"]);
        assert_eq!(words("SET k \"\" ''"), ["SET", "k", "", ""]);
        assert_eq!(words("GET schlüssel"), ["GET", "schlüssel"]);
        assert!(words("   ").is_empty());
        assert_eq!(split(br#""\xff\x0G""#), Ok(vec![b"\xffx0G".to_vec()]));
    }

    #[test]
    fn quotes_that_do_not_match_are_refused() {
        for line in [r#"SET k "v"#, "SET k 'v", r#"SET k "v"w"#, r"SET k 'v'w", r#""\"#] {
            assert_eq!(split(line.as_bytes()), Err(QuoteError::Typed), "{line}");
        }
    }
}
