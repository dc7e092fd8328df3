//! Numbers with their nouns: `1 key`, `2 keys`.

use std::fmt::Display;

/// A number with its noun, which takes an `s` unless the number is 1.
pub(crate) fn counted<N: Copy + Display + PartialEq + From<u8>>(number: N, noun: &str) -> String {
    if number == N::from(1) { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_singular() {
        assert_eq!(
            [counted(0_u64, "key"), counted(1, "key"), counted(2, "key")],
            ["0 keys", "1 key", "2 keys"]
        );
        assert_eq!(counted(1_usize, "slot"), "1 slot");
    }
}
