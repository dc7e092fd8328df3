//! The form of a value in a `.env` file.
//!
//! There is no standard. The form is chosen so that all of these readers read the same value: python-dotenv, dotenv
//! of npm, `node --env-file`, and Docker Compose.

/// The form of a value, or the reason why its readers have no common form.
pub(super) fn spelling(value: &str) -> Result<String, &'static str> {
    let has = |characters: &[char]| value.contains(characters);
    if is_plain(value) {
        return Ok(value.to_owned());
    }
    if has(&['\r']) {
        return Err("it has a carriage return, which readers change");
    }
    if value.contains("${") {
        return Err("it has `${`, in which python-dotenv sees a variable even between quotes");
    }
    // python-dotenv reads two backslashes as one. Compose takes a backslash at the end for an escape of the quote.
    if !has(&['\'']) && !value.contains(r"\\") && !value.ends_with('\\') {
        return Ok(format!("'{value}'"));
    }
    // Only Compose and python-dotenv have escapes between double quotes.
    if !has(&['"', '$', '\\']) {
        return Ok(format!("\"{value}\""));
    }
    // Without quotes, Compose replaces variables, and `#` begins a comment.
    let is_trimmed = value.trim() == value;
    if is_trimmed && !has(&['$', '#', '\n']) && !value.starts_with(['\'', '"', '`']) {
        return Ok(value.to_owned());
    }
    Err(if has(&['$']) {
        "its readers read a `$` beside a single quote or a backslash differently"
    } else {
        "its readers read its quotes or backslashes differently"
    })
}

/// Whether a value is the same with and without quotes, in every reader and also in a shell.
fn is_plain(value: &str) -> bool {
    let plain = |character: char| character.is_ascii_alphanumeric() || "-._:/@%,+".contains(character);
    !value.is_empty() && value.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::spelling;

    /// Values and their forms. python-dotenv 1.2.2, dotenv 18.0.10 of npm, and `node --env-file` of 20.20 read each
    /// form as its value. The rules of Compose are from its parser in November 2026.
    const MEASURED: [(&str, &str); 34] = [
        ("plain-1.0_%40:/@,+", "plain-1.0_%40:/@,+"),
        ("a b", "'a b'"),
        ("é", "'é'"),
        ("~/x", "'~/x'"),
        ("#", "'#'"),
        ("a #b", "'a #b'"),
        ("=", "'='"),
        ("", "''"),
        ("a'b", "\"a'b\""),
        ("it's `so`", "\"it's `so`\""),
        ("a' #b", "\"a' #b\""),
        ("a\"b", "'a\"b'"),
        ("a$b", "'a$b'"),
        ("$HOME", "'$HOME'"),
        ("a`b", "'a`b'"),
        ("a\\b", "'a\\b'"),
        ("a\\nb", "'a\\nb'"),
        ("a'b\"c", "a'b\"c"),
        ("a'b\\c", "a'b\\c"),
        ("a'b\"`", "a'b\"`"),
        ("it's \"two\" words\\", "it's \"two\" words\\"),
        ("a\\\\b", "a\\\\b"),
        ("a\\", "a\\"),
        ("two\nlines", "'two\nlines'"),
        ("it's\ntwo", "\"it's\ntwo\""),
        ("!;&|<>()[]{}*?^", "'!;&|<>()[]{}*?^'"),
        ("a'b\\\\c\"=é", "a'b\\\\c\"=é"),
        ("\\", "\\"),
        ("$", "'$'"),
        ("`", "'`'"),
        ("\"", "'\"'"),
        ("'", "\"'\""),
        (" a ", "' a '"),
        ("{}", "'{}'"),
    ];

    /// Values that the readers do not read alike in any form.
    const REFUSED: [&str; 8] = ["a'b$c", "a'\"$", "'a\"", "a'\"#", "${HOME}", "a\rb", "'\\", " '\" "];

    #[test]
    fn each_value_has_the_spelling_that_was_measured() {
        for (value, measured) in MEASURED {
            assert_eq!(spelling(value).as_deref(), Ok(measured), "{value:?}");
        }
    }

    #[test]
    fn a_value_that_readers_read_differently_is_refused() {
        for value in REFUSED {
            assert!(spelling(value).is_err(), "{value:?}");
        }
    }
}
