//! A server's refusal of a command, without the command's secrets.

use super::Words;

/// Commands whose arguments may be passwords. The servers repeat some arguments in their errors.
const SECRETIVE: [&str; 6] = ["ACL", "AUTH", "CONFIG", "HELLO", "MIGRATE", "SENTINEL"];

/// The beginning of the arguments in the error for an unknown command.
const REPEATED: &str = ", with args beginning with";

/// The error of a server to these commands, without their secrets.
#[must_use]
pub fn refusal_text(error: &str, commands: &[Words]) -> String {
    let text = error.split(REPEATED).next().unwrap_or(error);
    let is_secretive = |words: &&Words| {
        let name = words.first().map(Vec::as_slice).unwrap_or_default();
        SECRETIVE.iter().any(|one| name.eq_ignore_ascii_case(one.as_bytes()))
    };
    let arguments = commands.iter().filter(is_secretive).flat_map(|words| words.iter().skip(1));
    let mut arguments: Vec<_> = arguments.map(|word| String::from_utf8_lossy(word)).collect();
    // A long argument may contain a short one.
    arguments.sort_by_key(|word| std::cmp::Reverse(word.len()));
    let covered = |text: String, word: std::borrow::Cow<'_, str>| {
        // `on` is in many words, and a password of two letters protects nothing.
        if word.len() > 2 { text.replace(word.as_ref(), "***") } else { text }
    };
    arguments.into_iter().fold(text.trim_end().to_owned(), covered)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_that_may_be_secret_are_covered() {
        let words = |line: &str| line.split(' ').map(|word| word.as_bytes().to_vec()).collect::<Words>();
        for (line, error, expected) in [
            ("LPUSH a b", "WRONGTYPE Operation against a key", "WRONGTYPE Operation against a key"),
            (
                "SAT k hunter2",
                "ERR unknown command 'SAT', with args beginning with: 'k' 'hunter2' ",
                "ERR unknown command 'SAT'",
            ),
            (
                "acl SETUSER app on <hunter2",
                "ERR Error in ACL SETUSER modifier '<hunter2': no such password",
                "ERR Error in ACL *** modifier '***': no such password",
            ),
        ] {
            assert_eq!(refusal_text(error, &[words(line)]), expected);
        }
    }
}
