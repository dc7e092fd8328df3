//! Properties of the parsers for commands.

use super::quoting::split;
use super::{PlacedCommand, Words, check, commands, resp};
use crate::fuzzing::{Property, Target};
use crate::reply::Reply;

pub(crate) const TARGETS: &[Target] =
    &[("cli_words", Property::Bytes(cli_words)), ("command_file", Property::Bytes(command_file))];

/// Words in the form of printed values are parsed to the same words. All bytes can be written in this form.
fn cli_words(bytes: &[u8]) {
    assert_eq!(split(printed(bytes).as_bytes()), Ok(vec![bytes.to_vec()]));
    if let Ok(words) = split(bytes) {
        let written: Vec<String> = words.iter().map(|word| printed(word)).collect();
        assert_eq!(split(written.join(" ").as_bytes()), Ok(words));
    }
}

fn printed(word: &[u8]) -> String {
    Reply::Text(word.to_vec()).for_terminal()
}

/// The commands of a file, written in RESP or as lines, are parsed to the same commands. Lines ascend. The check finds
/// a problem if, and only if, there is one.
fn command_file(bytes: &[u8]) {
    let found: Vec<_> = commands(bytes).collect();
    let lines: Vec<usize> = found
        .iter()
        .map(|command| command.as_ref().map_or_else(|problem| problem.line, |command| command.line))
        .collect();
    assert!(lines.is_sorted() && lines.first().is_none_or(|line| *line > 0), "{lines:?}");
    let all: Vec<Words> = found.iter().flatten().map(|command| command.words.clone()).collect();
    match check(bytes) {
        Ok(count) => assert!(count == all.len() && count == found.len()),
        Err(problems) => assert!(!problems.is_empty()),
    }
    let (mut as_resp, mut as_lines) = (Vec::new(), String::new());
    for words in &all {
        resp::write(words, &mut as_resp);
        let words: Vec<String> = words.iter().map(|word| printed(word)).collect();
        as_lines.push_str(&words.join(" "));
        as_lines.push('\n');
    }
    for written in [as_resp, as_lines.into_bytes()] {
        let again: Result<Vec<PlacedCommand>, _> = commands(&written).collect();
        assert_eq!(
            again.map(|commands| commands.into_iter().map(|one| one.words).collect()),
            Ok(all.clone())
        );
    }
}
