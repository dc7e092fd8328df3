//! Splits Rust text into the tokens that a reader of paths needs: without comments, numbers, lifetimes and quoted
//! text.

/// A token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// A name or a keyword.
    Word(String),
    /// `::`.
    PathSeparator,
    /// Any other character, brackets among them.
    Sign(char),
}

/// The tokens of a text.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let characters: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(&character) = characters.get(at) {
        let next = characters.get(at + 1).copied();
        let end = match (character, next) {
            ('/', Some('/')) => line_end(&characters, at),
            ('/', Some('*')) => comment_end(&characters, at),
            ('"', _) => string_end(&characters, at),
            ('\'', _) => quote_end(&characters, at),
            _ if character.is_alphanumeric() || character == '_' => {
                let end = word_end(&characters, at);
                if let Some(end) = raw_string_end(&characters, at, end) {
                    end
                } else {
                    if !character.is_ascii_digit() {
                        tokens.push(Token::Word(characters[at..end].iter().collect()));
                    }
                    end
                }
            }
            (':', Some(':')) => {
                tokens.push(Token::PathSeparator);
                at + 2
            }
            _ => {
                if !character.is_whitespace() {
                    tokens.push(Token::Sign(character));
                }
                at + 1
            }
        };
        at = end;
    }
    tokens
}

fn word_end(text: &[char], start: usize) -> usize {
    let inside = |one: &char| one.is_alphanumeric() || *one == '_';
    start + text[start..].iter().take_while(|one| inside(one)).count()
}

fn line_end(text: &[char], start: usize) -> usize {
    start + text[start..].iter().take_while(|one| **one != '\n').count()
}

fn comment_end(text: &[char], start: usize) -> usize {
    let (mut at, mut depth) = (start, 0);
    loop {
        match text.get(at..at + 2) {
            Some(['/', '*']) => (depth, at) = (depth + 1, at + 2),
            Some(['*', '/']) => (depth, at) = (depth - 1, at + 2),
            Some(_) => at += 1,
            None => return text.len(),
        }
        if depth == 0 {
            return at;
        }
    }
}

fn string_end(text: &[char], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(character) = text.get(at) {
        match character {
            '\\' => at += 2,
            '"' => return at + 1,
            _ => at += 1,
        }
    }
    text.len()
}

/// The position after a character in quotes, or after the quote of a lifetime and its name.
fn quote_end(text: &[char], start: usize) -> usize {
    match (text.get(start + 1), text.get(start + 2)) {
        (Some('\\'), _) => {
            let closing = text[start + 3..].iter().position(|one| *one == '\'');
            closing.map_or(text.len(), |closing| start + 3 + closing + 1)
        }
        (Some(_), Some('\'')) => start + 3,
        _ => word_end(text, start + 1).max(start + 1),
    }
}

/// The position after a raw string (`r"…"`, `r#"…"#`, `br"…"`) whose prefix is the word from `start` to `end`.
fn raw_string_end(text: &[char], start: usize, end: usize) -> Option<usize> {
    let prefix: String = text[start..end].iter().collect();
    if !["r", "br", "cr"].contains(&prefix.as_str()) {
        return None;
    }
    let marks = text[end..].iter().take_while(|one| **one == '#').count();
    let opening = end + marks;
    (text.get(opening) == Some(&'"')).then(|| {
        let closing: Vec<char> = std::iter::once('"').chain(std::iter::repeat_n('#', marks)).collect();
        let inside = &text[opening + 1..];
        let length = inside.windows(closing.len()).position(|window| window == closing);
        length.map_or(text.len(), |length| opening + 1 + length + closing.len())
    })
}

#[test]
fn text_is_taken_apart() {
    let text = r##"use a::{b, c as d}; // x::y
        /* e /* f */ g */ fn h<'l>(i: &'l str) { let j = "k::l\"" ; 'm'; '\''; '\u{6e}'; r#"o"p"#; 17_u8; b"q" }"##;
    let words: Vec<String> = tokens(text)
        .into_iter()
        .filter_map(|token| match token {
            Token::Word(word) => Some(word),
            _ => None,
        })
        .collect();
    assert_eq!(words.join(" "), "use a b c as d fn h i str let j b");
    assert_eq!(tokens("a::b"), [Token::Word("a".into()), Token::PathSeparator, Token::Word("b".into())]);
}
