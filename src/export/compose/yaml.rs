//! YAML with the same meaning in version 1.1, in which plain `yes` is a boolean. `docker-compose` 1 reads version
//! 1.1.

use serde::Serialize;

/// Words that are text in YAML 1.2 and booleans in YAML 1.1.
const FORMER_BOOLEANS: [&str; 6] = ["y", "n", "yes", "no", "on", "off"];

/// Writes a value as YAML, with these words in quotes.
pub(super) fn to_string(value: &impl Serialize) -> Result<String, serde_yaml::Error> {
    let text = serde_yaml::to_string(value)?;
    Ok(text.lines().map(|line| format!("{}\n", with_quotes(line))).collect::<Vec<_>>().concat())
}

/// The line, with quotes around a key or value that is one of these words.
fn with_quotes(line: &str) -> String {
    let is_word = |text: &str| FORMER_BOOLEANS.iter().any(|word| text.eq_ignore_ascii_case(word));
    // The last word of a line is a value, or a key if a colon follows it. Only a key may stand before it.
    let (before, last) = line.rsplit_once(' ').map_or(("", line), |(before, last)| (before, last));
    let margin = &line[..line.len() - last.len()];
    let alone = before.trim().is_empty();
    match last.strip_suffix(':') {
        Some(key) if alone && is_word(key) => format!("{margin}'{key}':"),
        None if (before.trim() == "-" || before.ends_with(':')) && is_word(last) => {
            format!("{margin}'{last}'")
        }
        _ => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_were_truth_values_are_quoted_wherever_they_stand() {
        for (line, expected) in [
            ("    - yes", "    - 'yes'"),
            ("    - on", "    - 'on'"),
            ("  team: No", "  team: 'No'"),
            ("  off:", "  'off':"),
            ("n:", "'n':"),
            ("    - 'yes'", "    - 'yes'"),
            ("    - yes or no", "    - yes or no"),
            ("    read_only: true", "    read_only: true"),
            ("    - --appendonly", "    - --appendonly"),
            ("services:", "services:"),
        ] {
            assert_eq!(with_quotes(line), expected);
        }
    }
}
