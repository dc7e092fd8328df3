//! The forms of variables for shells, files and programs. Quotes keep each value in one piece.

use clap::ValueEnum as _;

use crate::spec::SecretText;

mod dotenv;

/// The reader of the variables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// `export NAME='value'` for `eval` in sh, bash and zsh.
    Shell,
    /// `set -gx NAME 'value'` for `source` in fish.
    Fish,
    /// `NAME=value` for `.env` files: python-dotenv, dotenv of npm, `node --env-file`, Docker Compose.
    Dotenv,
    /// `NAME=value` without quotes, for `docker run --env-file`.
    Docker,
    /// `NAME=value` for the file in `$GITHUB_ENV`.
    Github,
    /// `$env:NAME = 'value'` for PowerShell.
    Powershell,
    /// One JSON object.
    Json,
}

impl Format {
    /// The name of the format on the command line.
    pub(super) fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |name| name.get_name().to_owned())
    }
}

/// A value that a format cannot express.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NoSpelling {
    /// The variable with the value.
    pub(super) variable: &'static str,
    /// The reason.
    pub(super) reason: &'static str,
}

/// The text for the variables, or the first variable whose value the format cannot express.
pub(super) fn render(variables: &[(&'static str, SecretText)], format: Format) -> Result<String, NoSpelling> {
    let line: fn(&str, &str) -> Result<String, &'static str> = match format {
        Format::Json => return Ok(json(variables)),
        Format::Shell => |name, value| Ok(format!("export {name}={}", quote_for_sh(value))),
        Format::Fish => |name, value| Ok(format!("set -gx {name} {}", fish(value))),
        Format::Dotenv => |name, value| Ok(format!("{name}={}", dotenv::spelling(value)?)),
        Format::Docker => |name, value| Ok(format!("{name}={}", docker(value)?)),
        Format::Github => |name, value| Ok(github(name, value)),
        Format::Powershell => |name, value| Ok(format!("$env:{name} = {}", quote_for_powershell(value))),
    };
    let mut text = String::new();
    for (variable, value) in variables {
        let line = line(variable, value.expose()).map_err(|reason| NoSpelling { variable, reason })?;
        text.push_str(&line);
        text.push('\n');
    }
    Ok(text)
}

/// POSIX: between single quotes, only the single quote is special.
pub(crate) fn quote_for_sh(value: &str) -> String {
    format!("'{}'", value.replace('\'', r"'\''"))
}

/// Between single quotes, only the backslash and the single quote are special.
fn fish(value: &str) -> String {
    format!("'{}'", value.replace('\\', r"\\").replace('\'', r"\'"))
}

/// Docker takes the text from `=` to the end of the line unchanged.
fn docker(value: &str) -> Result<&str, &'static str> {
    if value.contains(['\n', '\r']) { Err("Docker ends a value at the end of its line") } else { Ok(value) }
}

/// The runner takes the text from `=` to the end of the line unchanged. A value of several lines needs a delimiter
/// that does not occur as a line in it.
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

/// `PowerShell` treats typographic single quotes as plain single quotes, so they are doubled too.
pub(crate) fn quote_for_powershell(value: &str) -> String {
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

/// This function keeps the order of the names. `serde_json` would sort the keys.
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
        render(&[("X", SecretText::new(value))], format).unwrap()
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
        assert_eq!(one(NASTY, Format::Docker), format!("X={NASTY}\n"));
        assert_eq!(one("it's \\", Format::Fish), "set -gx X 'it\\'s \\\\'\n");
        assert_eq!(one("it's ‘so’", Format::Powershell), "$env:X = 'it''s ‘‘so’’'\n");
        assert_eq!(one(NASTY, Format::Github), format!("X={NASTY}\n"));
        assert_eq!(
            one("a\nEND_OF_VALUE\nY=1", Format::Github),
            "X<<END_OF_VALUE_\na\nEND_OF_VALUE\nY=1\nEND_OF_VALUE_\n"
        );
    }

    #[test]
    fn a_value_without_a_spelling_is_refused_with_its_variable() {
        let variables = [("X", SecretText::new("a")), ("Y", SecretText::new("two\nlines"))];
        let refused = render(&variables, Format::Docker).unwrap_err();
        assert_eq!((refused.variable, refused.reason), ("Y", "Docker ends a value at the end of its line"));
    }

    /// What `PowerShell` reads between single quotes, by its documentation (`about_Quoting_Rules`): each of the five single
    /// quotes ends the text, and two of them are one.
    fn read_by_powershell(line: &str) -> Option<String> {
        let is_quote = |character: char| "'‘’‚‛".contains(character);
        let mut rest = line.strip_prefix("$env:X = ")?.strip_suffix('\n')?.chars().peekable();
        rest.next().filter(|first| is_quote(*first))?;
        let mut value = String::new();
        loop {
            let character = rest.next()?;
            if !is_quote(character) || rest.next_if(|next| is_quote(*next)).is_some() {
                value.push(character);
            } else {
                return rest.next().is_none().then_some(value);
            }
        }
    }

    /// What the runner of GitHub reads, by its documentation (workflow commands, environment files): `NAME=VALUE` up to the
    /// end of the line, or `NAME<<DELIMITER`, the lines of the value, and the delimiter alone.
    fn read_by_github(text: &str) -> Option<String> {
        let (line, rest) = text.split_once('\n')?;
        let ends_at = |words: &str| line.find(words).unwrap_or(usize::MAX);
        if ends_at("=") < ends_at("<<") {
            return line.strip_prefix("X=").filter(|_| rest.is_empty()).map(str::to_owned);
        }
        let delimiter = line.strip_prefix("X<<")?;
        let lines: Vec<&str> = rest.strip_suffix('\n')?.split('\n').collect();
        let (end, value) = lines.split_last()?;
        (*end == delimiter && !value.contains(&delimiter)).then(|| value.join("\n"))
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
        fn powershell_reads_every_value_back(value in "[ -~\n‘’‚‛“é]*") {
            let read = read_by_powershell(&one(&value, Format::Powershell));
            prop_assert_eq!(read, Some(value));
        }

        #[test]
        fn github_reads_every_value_back(value in "[ -~é]*|[<=A-Z_\n]*|[ -~\r\n]*") {
            let read = read_by_github(&one(&value, Format::Github));
            prop_assert_eq!(read, Some(value));
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
