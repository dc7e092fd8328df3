//! Errors of the command line for programs.

use std::ffi::OsString;

use crate::ui::Failure;

/// Whether a command line that cannot be parsed asks for JSON.
#[must_use]
pub fn asks_for_json(arguments: &[OsString]) -> bool {
    let own = arguments.split(|word| word == "--").next().unwrap_or_default();
    own.windows(2).any(|pair| pair[0] == "--output" && pair[1] == "json")
        || own.iter().any(|word| word == "--output=json")
}

/// An error of clap, split into message and hint.
#[must_use]
pub fn usage_failure(error: &clap::Error) -> Failure {
    let text = error.render().to_string();
    let (message, hint) = text.split_once("\n\n").unwrap_or((&text, ""));
    Failure {
        message: message.trim_start_matches("error: ").trim_end().to_owned(),
        hint: Some(hint.trim().to_owned()).filter(|hint| !hint.is_empty()),
        ..Failure::default()
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::Cli;

    #[test]
    fn json_is_asked_for_by_one_option() {
        let asks = |text: &str| asks_for_json(&text.split(' ').map(OsString::from).collect::<Vec<_>>());
        assert!(asks("redisctl up --output json --no"));
        assert!(asks("redisctl --output=json up"));
        assert!(!asks("redisctl up --output text"));
        assert!(!asks("redisctl cli -- SET --output json"));
        assert!(!asks("redisctl"));
    }

    #[test]
    fn an_error_has_a_message_and_a_hint() {
        let failure = usage_failure(&Cli::try_parse_from(["redisctl", "up", "--tll", "1h"]).unwrap_err());
        assert_eq!(failure.message, "unexpected argument '--tll' found");
        assert!(failure.hint.is_some_and(|hint| hint.contains("'--ttl'")));
    }
}
