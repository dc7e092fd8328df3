//! The code of pages in `docs`, so that tests run what users read.

use std::fs;
use std::path::Path;

/// The fenced blocks of a language, in the order of the page.
pub(crate) fn blocks(page: &str, language: &str) -> Vec<String> {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(page)).expect("a page");
    let begin = format!("\n```{language}\n");
    text.split(&begin)
        .skip(1)
        .map(|rest| rest.split("\n```").next().unwrap_or_default().to_owned() + "\n")
        .collect()
}
