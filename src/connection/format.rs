//! How variables are written for shells, files and programs. Quotes keep each value in one piece.

use std::fmt::Write as _;

use crate::spec::SecretText;

/// The reader of the variables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// `export NAME='value'` for `eval` in sh, bash and zsh.
    Shell,
    /// `NAME=value` for `.env` files.
    Dotenv,
    /// `NAME=value` for the file that `$GITHUB_ENV` names.
    Github,
    /// `$env:NAME = 'value'` for PowerShell.
    Powershell,
    /// One JSON object.
    Json,
}

pub(super) fn render(variables: &[(&str, SecretText)], format: Format) -> String {
    if format == Format::Json {
        return json(variables);
    }
    let mut text = String::new();
    for (name, value) in variables {
        let value = value.expose();
        // Writing to a String cannot fail.
        let _ = match format {
            Format::Shell => writeln!(text, "export {name}={}", shell(value)),
            Format::Dotenv => writeln!(text, "{name}={}", dotenv(value)),
            Format::Github => writeln!(text, "{}", github(name, value)),
            Format::Powershell => writeln!(text, "$env:{name} = {}", powershell(value)),
            Format::Json => Ok(()),
        };
    }
    text
}

/// POSIX: between single quotes, only the single quote is special.
fn shell(value: &str) -> String {
    format!("'{}'", value.replace('\'', r"'\''"))
}

/// There is no standard. All common readers agree on plain words, on single quotes, and on double quotes with
/// backslashes for values with a single quote or a line break.
fn dotenv(value: &str) -> String {
    let plain = |character: char| character.is_ascii_alphanumeric() || "-._~:/@%,+=".contains(character);
    if !value.is_empty() && value.chars().all(plain) {
        return value.to_owned();
    }
    if !value.contains(['\'', '\n', '\r']) {
        return format!("'{value}'");
    }
    let mut text = String::from("\"");
    for character in value.chars() {
        match character {
            '"' | '\\' | '$' | '`' => text.extend(['\\', character]),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            other => text.push(other),
        }
    }
    text.push('"');
    text
}

/// The runner takes the text from `=` to the end of the line as it is. A value of several lines needs a
/// delimiter that is not one of its lines.
fn github(name: &str, value: &str) -> String {
    if !value.contains(['\n', '\r']) {
        return format!("{name}={value}");
    }
    let mut delimiter = "END_OF_VALUE".to_owned();
    while value.contains(&delimiter) {
        delimiter.push('_');
    }
    format!("{name}<<{delimiter}\n{value}\n{delimiter}")
}

/// `PowerShell` reads typographic single quotes as plain ones: they are doubled too.
fn powershell(value: &str) -> String {
    let mut text = String::from("'");
    for character in value.chars() {
        text.push(character);
        if matches!(character, '\'' | '\u{2018}'..='\u{201b}') {
            text.push(character);
        }
    }
    text.push('\'');
    text
}

/// Written by hand to keep the order of the names: `serde_json` sorts the keys of its maps.
fn json(variables: &[(&str, SecretText)]) -> String {
    let text = |value: &str| serde_json::Value::from(value).to_string();
    let lines: Vec<String> =
        variables.iter().map(|(name, value)| format!("  {}: {}", text(name), text(value.expose()))).collect();
    format!("{{\n{}\n}}\n", lines.join(",\n"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NASTY: &str = "it's \"$HOME\" `id` \\ # ; é";

    fn one(value: &str, format: Format) -> String {
        render(&[("X", SecretText::new(value))], format)
    }

    #[test]
    fn plain_values_look_plain() {
        let url = "redis://:p%40ss@127.0.0.1:7001";
        assert_eq!(one(url, Format::Shell), format!("export X='{url}'\n"));
        assert_eq!(one(url, Format::Dotenv), format!("X={url}\n"));
        assert_eq!(one(url, Format::Github), format!("X={url}\n"));
        assert_eq!(one(url, Format::Powershell), format!("$env:X = '{url}'\n"));
        assert_eq!(one(url, Format::Json), format!("{{\n  \"X\": \"{url}\"\n}}\n"));
    }

    #[test]
    fn nasty_values_are_quoted() {
        assert_eq!(one(NASTY, Format::Dotenv), "X=\"it's \\\"\\$HOME\\\" \\`id\\` \\\\ # ; é\"\n");
        assert_eq!(one("a b$c\"", Format::Dotenv), "X='a b$c\"'\n");
        assert_eq!(one("a\nb", Format::Dotenv), "X=\"a\\nb\"\n");
        assert_eq!(one("", Format::Dotenv), "X=''\n");
        assert_eq!(one("it's ‘so’", Format::Powershell), "$env:X = 'it''s ‘‘so’’'\n");
        assert_eq!(one(NASTY, Format::Github), format!("X={NASTY}\n"));
        assert_eq!(
            one("a\nEND_OF_VALUE\nY=1", Format::Github),
            "X<<END_OF_VALUE_\na\nEND_OF_VALUE\nY=1\nEND_OF_VALUE_\n"
        );
    }

    #[test]
    #[cfg(unix)]
    fn a_shell_reads_back_what_was_written() {
        for value in [NASTY, "two\nlines\n", "", "'", "''\\''", "-n", "$(exit 1)"] {
            let script = format!("{}printf %s \"$X\"", one(value, Format::Shell));
            let output = std::process::Command::new("sh").arg("-c").arg(script).output().unwrap();
            assert_eq!(String::from_utf8_lossy(&output.stdout), value);
        }
    }

    proptest! {
        #[test]
        fn json_is_json(value in any::<String>()) {
            let parsed: serde_json::Value = serde_json::from_str(&one(&value, Format::Json)).unwrap();
            prop_assert_eq!(&parsed["X"], &serde_json::Value::from(value));
        }

        #[test]
        fn no_value_adds_a_line_to_a_github_file(value in "[^\r\n]*\n[ -~\n]*") {
            let text = one(&value, Format::Github);
            let (head, rest) = text.split_once('\n').unwrap();
            let delimiter = head.strip_prefix("X<<").unwrap();
            let end = rest.lines().position(|line| line == delimiter).unwrap();
            prop_assert_eq!(end + 1, rest.lines().count());
        }
    }
}
