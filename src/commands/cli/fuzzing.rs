//! Properties of the parser for lines at the prompt.

use super::quoting::split;
use crate::fuzzing::{Property, Target};
use crate::reply::Reply;

pub(crate) const TARGETS: &[Target] = &[("cli_words", Property::Bytes(cli_words))];

/// Words in the form of printed values are parsed to the same words. All bytes can be written in this form.
fn cli_words(bytes: &[u8]) {
    let printed = |word: &[u8]| Reply::Text(word.to_vec()).for_terminal();
    assert_eq!(split(printed(bytes).as_bytes()), Ok(vec![bytes.to_vec()]));
    if let Ok(words) = split(bytes) {
        let written: Vec<String> = words.iter().map(|word| printed(word)).collect();
        assert_eq!(split(written.join(" ").as_bytes()), Ok(words));
    }
}
