//! The lines of a configuration file with a directive's value.

use std::borrow::Cow;

use super::names::is_same_directive;
use super::quoting::quoted;

/// The way in which a directive takes several words.
enum Words {
    /// All words are one value, which is quoted.
    One,
    /// The words are written in the user's form, quotes included.
    AsWritten,
    /// A line has this number of words. Redis before 7.0 accepts only one group on a line.
    Groups(usize),
}

/// Directives that may be given several times, each with a line of its own.
const REPEATABLE: [&str; 4] = ["client-output-buffer-limit", "loadmodule", "rename-command", "save"];

/// The separator of lines in a value.
const LINE_END: char = '\n';

fn words_of(directive: &str) -> Words {
    match directive {
        "save" => Words::Groups(2),
        "client-output-buffer-limit" => Words::Groups(4),
        "loadmodule" | "oom-score-adj-values" | "rename-command" | "replicaof" | "slaveof" => {
            Words::AsWritten
        }
        _ => Words::One,
    }
}

/// Whether a directive may be given several times.
#[must_use]
pub fn repeats(directive: &str) -> bool {
    REPEATABLE.iter().any(|repeatable| is_same_directive(directive, repeatable))
}

/// The number of words on a line of a directive, if its values are groups of words.
#[must_use]
pub fn group_size(directive: &str) -> Option<usize> {
    match words_of(&directive.to_ascii_lowercase()) {
        Words::Groups(size) => Some(size),
        Words::One | Words::AsWritten => None,
    }
}

/// Whether the words of a directive are written in the user's form, quotes included.
#[must_use]
pub fn is_written_as_given(directive: &str) -> bool {
    matches!(words_of(&directive.to_ascii_lowercase()), Words::AsWritten)
}

/// One value of a directive that is given several times.
#[must_use]
pub fn joined(directive: &str, values: &[String]) -> String {
    let between = if group_size(directive).is_some() { ' ' } else { LINE_END };
    let given = values.iter().map(|value| value.trim()).filter(|value| !value.is_empty());
    given.collect::<Vec<_>>().join(&between.to_string())
}

/// The arguments of a directive for each line of a file.
#[must_use]
pub fn arguments<'a>(directive: &str, value: &'a str) -> Vec<Cow<'a, str>> {
    match words_of(directive) {
        _ if value.trim().is_empty() => vec![Cow::Borrowed("\"\"")],
        Words::One => vec![Cow::Owned(quoted(value))],
        Words::AsWritten => value.split(LINE_END).map(Cow::Borrowed).collect(),
        Words::Groups(size) => {
            let words: Vec<&str> = value.split_whitespace().collect();
            words.chunks(size).map(|line| Cow::Owned(line.join(" "))).collect()
        }
    }
}

/// The lines of a configuration file.
#[must_use]
pub fn lines(directive: &str, value: &str) -> String {
    arguments(directive, value).iter().flat_map(|line| [directive, " ", line, "\n"]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directive_has_as_many_lines_as_old_servers_need() {
        for (directive, value, expected) in [
            ("save", "900 1 300 10", "save 900 1\nsave 300 10\n"),
            ("save", "", "save \"\"\n"),
            ("maxmemory", "64mb", "maxmemory \"64mb\"\n"),
            ("proc-title-template", "{title} x", "proc-title-template \"{title} x\"\n"),
            (
                "rename-command",
                "FLUSHALL \"\"\nKEYS \"\"",
                "rename-command FLUSHALL \"\"\nrename-command KEYS \"\"\n",
            ),
            ("loadmodule", "/m.so a b", "loadmodule /m.so a b\n"),
            (
                "client-output-buffer-limit",
                "normal 0 0 0 replica 1mb 1mb 60",
                "client-output-buffer-limit normal 0 0 0\nclient-output-buffer-limit replica 1mb 1mb 60\n",
            ),
        ] {
            assert_eq!(lines(directive, value), expected);
        }
    }

    #[test]
    fn values_of_a_list_become_one() {
        let list = |values: &[&str]| values.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(joined("save", &list(&["900 1", "300 10"])), "900 1 300 10");
        assert_eq!(joined("rename-command", &list(&["A b", "C d"])), "A b\nC d");
        assert_eq!(joined("save", &[]), "");
    }
}
