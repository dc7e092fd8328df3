//! Properties of every `ld.so.conf`.

use super::loader_conf::parse;

/// Comments and blanks change nothing.
pub(crate) fn loader_conf(text: &str) {
    let padded: Vec<String> = text.lines().map(|line| format!("  {line} # comment\n")).collect();
    assert_eq!(parse(&padded.join("\n")), parse(text));
}
